#include "models/io/elevator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

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

Elevator::Search Elevator::search(const BlockIo& io) {
  Search found{.at = queue_.size(), .fit = Fit::no};
  bool placed = false;
  for (std::size_t i = queue_.size(); i-- > 0;) {
    DiskRequest& request = queue_[i];
    if (kind_ == ElevatorKind::linus && request.passes <= 0) break;
    if (kind_ == ElevatorKind::none && i + 1 < queue_.size()) break;
    const DiskRequest* next = i + 1 < queue_.size() ? &queue_[i + 1] : nullptr;
    if (request.partition != io.partition) continue;
    if (kind_ == ElevatorKind::linus && !placed && between(request, next, io.sector)) {
      found.at = i + 1;
      placed = true;
    }
    if (request.write != io.write || request.sectors + io.sectors > most_sectors ||
        request.tags.size() >= most_buffers) {
      continue;
    }
    if (request.end() == io.sector) return {.at = i, .fit = Fit::back};
    if (io.sector + io.sectors == request.sector) {
      --request.passes;
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
                       .passes = io.write ? write_passes : read_passes};
  request.tags.push_back(io.tag);
  queue_.insert(queue_.begin() + static_cast<std::ptrdiff_t>(found.at), std::move(request));
  charge_behind(found.at + 1, insertion_passes);
  return Added::inserted;
}

void Elevator::merge(std::size_t at, const BlockIo& io, Fit fit) {
  DiskRequest& request = queue_[at];
  request.sectors += io.sectors;
  charge_behind(at + 1, 1);
  if (fit == Fit::back) {
    request.tags.push_back(io.tag);
    join(at);
  } else {
    request.sector = io.sector;
    request.tags.push_front(io.tag);
    if (at > 0) join(at - 1);
  }
}

void Elevator::join(std::size_t at) {
  if (at + 1 >= queue_.size()) return;
  DiskRequest &first = queue_[at], &second = queue_[at + 1];
  if (first.end() != second.sector || first.write != second.write || first.partition != second.partition)
    return;
  if (first.sectors + second.sectors > most_sectors ||
      first.tags.size() + second.tags.size() > most_buffers) {
    return;
  }
  first.sectors += second.sectors;
  first.passes = std::min(first.passes, second.passes);
  first.tags.insert(first.tags.end(), second.tags.begin(), second.tags.end());
  --used_[first.write ? 1 : 0];
  queue_.erase(queue_.begin() + static_cast<std::ptrdiff_t>(at) + 1);
}

void Elevator::charge_behind(std::size_t first, std::int64_t passes) {
  for (std::size_t i = first; i < queue_.size(); ++i) queue_[i].passes -= passes;
}

DiskRequest Elevator::take() {
  DiskRequest head = std::move(queue_.front());
  queue_.pop_front();
  --used_[head.write ? 1 : 0];
  return head;
}

std::string Elevator::audit() const {
  std::uint32_t counted[2] = {0, 0};
  for (const DiskRequest& request : queue_) {
    ++counted[request.write ? 1 : 0];
    if (request.sectors > most_sectors || request.tags.size() > most_buffers || request.tags.empty()) {
      return fmt::format("the request of sector {} has {} sectors in {} buffers", request.sector,
                         request.sectors, request.tags.size());
    }
  }
  for (const int direction : {0, 1}) {
    if (counted[direction] != used_[direction]) {
      return fmt::format("{} requests in use, {} in the queue", used_[direction], counted[direction]);
    }
  }
  return {};
}

}  // namespace xensim
