#include "models/io/elevator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/error.hpp"

namespace xensim {
namespace {

/// Would the buffer lie between a request and its follower in a sweep that begins anew at its end?
bool between(const DiskRequest& request, const DiskRequest* next, std::uint64_t sector) {
  if (next == nullptr) return false;
  if (next->partition != request.partition) return sector > request.sector;
  if (request.sector < sector && sector < next->sector) return true;
  if (next->sector > request.sector) return false;
  return sector > request.sector || sector < next->sector;
}

}  // namespace

ElevatorKind elevator_named(const std::string& name) {
  if (name == "linus") return ElevatorKind::linus;
  if (name == "early_linus") return ElevatorKind::early_linus;
  if (name == "none") return ElevatorKind::none;
  throw InputError({}, fmt::format("elevator \"{}\"", name), "linus, early_linus or none");
}

/// Nothing may pass this request any more.
bool Elevator::stops(DiskRequest& request) const {
  switch (rules_.kind) {
    case ElevatorKind::linus:
      return request.passes <= 0;
    case ElevatorKind::early_linus:
      return request.passes-- <= 0;
    case ElevatorKind::none:
      break;
  }
  return &request != &queue_.back();
}

bool Elevator::fits(const DiskRequest& request, const BlockIo& io) const {
  return request.write == io.write && request.sectors + io.sectors <= rules_.most_sectors &&
         request.buffers.size() < rules_.most_buffers &&
         (rules_.kind != ElevatorKind::early_linus || request.passes >= std::int64_t{io.sectors});
}

Elevator::Search Elevator::search(const BlockIo& io) {
  Search found{.at = queue_.size(), .fit = Fit::no};
  bool placed = rules_.kind == ElevatorKind::none;
  for (std::size_t i = queue_.size(); i-- > 0;) {
    DiskRequest& request = queue_[i];
    if (stops(request)) break;
    const DiskRequest* next = i + 1 < queue_.size() ? &queue_[i + 1] : nullptr;
    if (request.partition != io.partition) continue;
    if (!placed && between(request, next, io.sector)) {
      found.at = i + 1;
      placed = true;
    }
    if (!fits(request, io)) continue;
    if (request.end() == io.sector) return {.at = i, .fit = Fit::back};
    if (io.sector + io.sectors == request.sector) {
      request.passes -= rules_.kind == ElevatorKind::early_linus ? io.sectors : 1;
      return {.at = i, .fit = Fit::front};
    }
  }
  return found;
}

Elevator::Added Elevator::add(const BlockIo& io) {
  const Search found = search(io);
  if (found.fit != Fit::no) {
    merge(found.at, io, found.fit);
    return Added::merged;
  }
  if (free_requests(io.write) == 0) return Added::full;
  ++used_[io.write ? 1 : 0];
  DiskRequest request{.sector = io.sector,
                      .sectors = io.sectors,
                      .write = io.write,
                      .partition = io.partition,
                      .passes = io.write ? rules_.write_passes : rules_.read_passes};
  request.buffers.push_back(io);
  queue_.insert(queue_.begin() + static_cast<std::ptrdiff_t>(found.at), std::move(request));
  if (rules_.kind != ElevatorKind::early_linus) charge_behind(found.at + 1, insertion_passes);
  return Added::inserted;
}

void Elevator::merge(std::size_t at, const BlockIo& io, Fit fit) {
  DiskRequest& request = queue_[at];
  request.sectors += io.sectors;
  charge_behind(at + 1, rules_.kind == ElevatorKind::early_linus ? io.sectors : 1);
  if (fit == Fit::back) {
    request.buffers.push_back(io);
    join(at);
  } else {
    request.sector = io.sector;
    request.buffers.push_front(io);
    if (at > 0) join(at - 1);
  }
}

void Elevator::join(std::size_t at) {
  if (at + 1 >= queue_.size()) return;
  DiskRequest &first = queue_[at], &second = queue_[at + 1];
  if (first.end() != second.sector || first.write != second.write || first.partition != second.partition)
    return;
  if (first.sectors + second.sectors > rules_.most_sectors ||
      first.buffers.size() + second.buffers.size() > rules_.most_buffers) {
    return;
  }
  first.sectors += second.sectors;
  first.passes = std::min(first.passes, second.passes);
  first.buffers.insert(first.buffers.end(), second.buffers.begin(), second.buffers.end());
  --used_[first.write ? 1 : 0];
  queue_.erase(queue_.begin() + static_cast<std::ptrdiff_t>(at) + 1);
}

void Elevator::charge_behind(std::size_t first, std::int64_t passes) {
  for (std::size_t i = first; i < queue_.size(); ++i) queue_[i].passes -= passes;
}

DiskRequest Elevator::take() {
  DiskRequest head = std::move(queue_.front());
  queue_.pop_front();
  ++taken_[head.write ? 1 : 0];
  return head;
}

void Elevator::release(bool write) {
  --taken_[write ? 1 : 0];
  --used_[write ? 1 : 0];
}

std::string Elevator::audit() const {
  std::uint32_t counted[2] = {0, 0};
  for (const DiskRequest& request : queue_) {
    ++counted[request.write ? 1 : 0];
    const bool merged = request.buffers.size() > 1;
    if ((merged && request.sectors > rules_.most_sectors) || request.buffers.size() > rules_.most_buffers ||
        request.buffers.empty()) {
      return fmt::format("the request of sector {} has {} sectors in {} buffers", request.sector,
                         request.sectors, request.buffers.size());
    }
  }
  for (const int direction : {0, 1}) {
    if (counted[direction] + taken_[direction] != used_[direction]) {
      return fmt::format("{} requests in use, {} in the queue, {} taken", used_[direction],
                         counted[direction], taken_[direction]);
    }
  }
  return {};
}

}  // namespace xensim
