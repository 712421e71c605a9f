#include "models/io/block_device.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace xensim {

BlockDevice::BlockDevice(Calendar& calendar, const DiskParameters& disk, ElevatorKind elevator,
                         std::function<void()> interrupt)
    : calendar_(calendar),
      disk_(disk),
      elevator_(elevator),
      interrupt_(std::move(interrupt)),
      done_(Event::calling<&BlockDevice::on_done>(*this)) {}

bool BlockDevice::submit(const BlockIo& io, Time at) {
  const bool was_empty = elevator_.empty();
  if (elevator_.add(io) == Elevator::Added::full) return false;
  ++counts_.buffers[io.write ? 1 : 0];
  ++outstanding_;
  if (was_empty && commands_.size() < disk_.parameters().tags) plugged_ = true;
  if (!plugged_) dispatch(at);
  return true;
}

void BlockDevice::unplug(Time at) {
  plugged_ = false;
  dispatch(at);
}

void BlockDevice::dispatch(Time at) {
  while (!plugged_ && !elevator_.empty() && commands_.size() < disk_.parameters().tags) {
    commands_.push_back({elevator_.take(), issued_++ / ordered_after});
    const DiskRequest& request = commands_.back().request;
    ++dispatched_;
    ++counts_.commands[request.write ? 1 : 0];
    counts_.sectors[request.write ? 1 : 0] += request.sectors;
  }
  if (!executing_ && !commands_.empty()) start(at);
}

void BlockDevice::start(Time at) {
  const auto command_of = [](const DiskRequest& request) {
    return DiskCommand{request.sector, request.sectors, request.write};
  };
  const auto cost = [&](const Command& command) {
    return std::pair{command.epoch, disk_.positioning(command_of(command.request), at)};
  };
  std::size_t best = 0;
  auto lowest = cost(commands_[0]);
  for (std::size_t i = 1; i < commands_.size(); ++i) {
    if (const auto other = cost(commands_[i]); other < lowest) {
      lowest = other;
      best = i;
    }
  }
  executing_ = best;
  const Time end = disk_.service(command_of(commands_[best].request), at);
  counts_.busy += end - at;
  calendar_.schedule(done_, end);
}

void BlockDevice::on_done() {
  const auto finished = commands_.begin() + static_cast<std::ptrdiff_t>(*executing_);
  completed_.push_back(std::move(finished->request));
  commands_.erase(finished);
  executing_.reset();
  if (!commands_.empty()) start(calendar_.now());
  interrupt_();
}

std::vector<FinishedIo> BlockDevice::take_completed(Time at) {
  std::vector<FinishedIo> finished;
  for (const DiskRequest& request : std::exchange(completed_, {})) {
    outstanding_ -= request.tags.size();
    finished.push_back({{request.tags.begin(), request.tags.end()}});
  }
  dispatch(at);
  return finished;
}

std::string BlockDevice::audit() const {
  if (std::string fault = elevator_.audit(); !fault.empty()) return fault;
  std::uint64_t known = 0;
  for (const DiskRequest& request : elevator_.queue()) known += request.tags.size();
  for (const Command& command : commands_) known += command.request.tags.size();
  for (const DiskRequest& request : completed_) known += request.tags.size();
  if (known != outstanding_) return fmt::format("{} buffers are outstanding, {} known", outstanding_, known);
  if (executing_.has_value() != done_.pending()) return "the drive executes nothing, or for ever";
  return {};
}

}  // namespace xensim
