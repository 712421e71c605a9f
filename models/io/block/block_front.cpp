#include "models/io/block/block_front.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace xensim {
namespace {

/// The driver leaves the block layer's own limit as it is.
ElevatorRules rules() {
  ElevatorRules rules;
  rules.most_sectors = 255;
  return rules;
}

BlockOperation operation_of(const BlockIo& io) {
  return io.write ? BlockOperation::write : BlockOperation::read;
}

}  // namespace

BlockFront::BlockFront(BlockPage& page, DeviceNumber device, std::uint64_t sectors, Hooks hooks)
    : page_(page), device_(device), sectors_(sectors), hooks_(std::move(hooks)), queue_(rules()) {}

bool BlockFront::submit(const BlockIo& io, Time at) {
  if (!queue_.submit(io, at, !current_.buffers.empty())) return false;
  if (!queue_.plugged()) dispatch(at);
  return true;
}

void BlockFront::unplug(Time at) {
  queue_.unplug();
  dispatch(at);
}

void BlockFront::dispatch(Time at) {
  if (queue_.plugged() || stopped_) return;
  const std::uint32_t before = ring_.unanswered();
  for (;;) {
    if (current_.buffers.empty()) {
      if (queue_.requests.empty()) break;
      current_ = queue_.requests.take();
    }
    if (!put(current_.buffers.front())) {
      stopped_ = true;
      break;
    }
    current_.buffers.pop_front();
    if (current_.buffers.empty()) queue_.requests.release(current_.write);
  }
  close();
  const std::uint32_t put_now = ring_.unanswered() - before;
  if (put_now == 0) return;
  if (before == 0) busy_since_ = at;
  dispatched_ += put_now;
  ring_.publish(page_);
  hooks_.notify();
}

bool BlockFront::joins(const BlockIo& io) const {
  return open_ && open_->operation == static_cast<std::uint8_t>(operation_of(io)) &&
         open_->segments < max_request_segments && open_->sector + open_sectors_ == io.sector;
}

bool BlockFront::put(const BlockIo& io) {
  if (!joins(io)) {
    close();
    if (ring_.room() == 0) return false;
    const auto number = std::find_if(in_ring_.begin(), in_ring_.end(),
                                     [](const InRing& request) { return request.tags.empty(); });
    open_ = BlockRequest{.id = static_cast<std::uint32_t>(number - in_ring_.begin()),
                         .sector = static_cast<std::uint32_t>(io.sector),
                         .device = device_,
                         .operation = static_cast<std::uint8_t>(operation_of(io))};
    open_sectors_ = 0;
    ++queue_.counts.commands[io.write ? 1 : 0];
  }
  open_->buffers[open_->segments++] = BufferRun::of(hooks_.machine_address(io.page), io.sectors);
  open_sectors_ += io.sectors;
  in_ring_[open_->id].tags.push_back(io.tag);
  queue_.counts.sectors[io.write ? 1 : 0] += io.sectors;
  return true;
}

std::uint32_t BlockFront::put_nonsense(Time at) {
  close();
  const std::uint32_t before = ring_.unanswered(), room = ring_.room();
  const auto beyond = static_cast<std::uint32_t>(sectors_);
  const BufferRun monitors = BufferRun::of({0}, 8), own = BufferRun::of(hooks_.machine_address(1), 8);
  constexpr std::uint8_t none = 0, many = 255, no_operation = 200;
  const auto read = static_cast<std::uint8_t>(BlockOperation::read);
  const std::array<BlockRequest, 6> senseless{
      BlockRequest{.device = device_, .operation = no_operation, .segments = 1, .buffers = {own}},
      BlockRequest{.device = device_, .operation = read, .segments = none},
      BlockRequest{.device = device_, .operation = read, .segments = many, .buffers = {own}},
      BlockRequest{.sector = beyond, .device = device_, .operation = read, .segments = 1, .buffers = {own}},
      BlockRequest{.device = device_, .operation = read, .segments = 1, .buffers = {monitors}},
      BlockRequest{.device = DeviceNumber::of(DeviceNumber::Kind::ide, 9),
                   .operation = read,
                   .segments = 1,
                   .buffers = {own}}};
  for (std::uint32_t i = 0; i < room; ++i) {
    BlockRequest request = senseless[i % senseless.size()];
    request.id = static_cast<std::uint32_t>(in_ring_.size()) + i;
    ring_.put(page_, request);
  }
  if (room == 0) return 0;
  nonsense_ += room;
  if (before == 0) busy_since_ = at;
  ring_.publish(page_);
  hooks_.notify();
  return room;
}

void BlockFront::close() {
  if (open_) ring_.put(page_, *open_);
  open_.reset();
}

std::vector<FinishedIo> BlockFront::take_completed(Time at) {
  std::vector<FinishedIo> finished;
  const bool was_busy = ring_.unanswered() > 0;
  while (const auto response = ring_.take(page_)) {
    if (response->id >= in_ring_.size() && nonsense_ > 0) --nonsense_;
    if (response->id >= in_ring_.size() || in_ring_[response->id].tags.empty()) continue;
    finished.push_back({.tags = std::exchange(in_ring_[response->id].tags, {}),
                        .failed = response->status != BlockStatus::ok});
    queue_.answered(finished.back().tags.size());
    if (finished.back().failed) queue_.counts.failures += finished.back().tags.size();
  }
  if (was_busy && ring_.unanswered() == 0) queue_.counts.busy += at - busy_since_;
  if (stopped_ && ring_.unanswered() < restart) {
    stopped_ = false;
    unplug(at);
  }
  return finished;
}

std::string BlockFront::audit() const {
  std::uint64_t known = current_.buffers.size();
  std::uint32_t requests = nonsense_;
  for (const InRing& request : in_ring_) {
    known += request.tags.size();
    requests += request.tags.empty() ? 0 : 1;
  }
  if (std::string fault = queue_.audit(known); !fault.empty()) return fault;
  if (requests != ring_.unanswered()) {
    return fmt::format("{} requests are unanswered, {} known", ring_.unanswered(), requests);
  }
  if (open_) return "a request was begun and not put into the ring";
  return {};
}

}  // namespace xensim
