#include "models/io/block_device.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace xensim {
namespace {

DiskCommand command_of(const DiskRequest& request) {
  return {request.sector, request.sectors, request.write};
}

}  // namespace

BlockDevice::BlockDevice(Calendar& calendar, const DiskParameters& disk, const ElevatorRules& elevator,
                         std::function<void()> interrupt)
    : calendar_(calendar),
      disk_(disk),
      queue_(elevator),
      interrupt_(std::move(interrupt)),
      done_(Event::calling<&BlockDevice::on_done>(*this)),
      arrival_(Event::calling<&BlockDevice::start>(*this)) {}

bool BlockDevice::submit(const BlockIo& io, Time at) {
  if (!queue_.submit(io, at)) return false;
  if (!queue_.plugged()) dispatch(at);
  return true;
}

void BlockDevice::unplug(Time at) {
  queue_.unplug();
  dispatch(at);
}

void BlockDevice::dispatch(Time at) {
  while (!queue_.plugged() && !queue_.requests.empty() && commands_.size() < disk_.parameters().tags) {
    Command& command = commands_.emplace_back(
        Command{.request = queue_.requests.take(), .epoch = issued_++ / ordered_after});
    const DiskRequest& request = command.request;
    queue_.requests.release(request.write);
    // Another processor, whose time is later, may have submitted a part of it.
    command.ready = at;
    for (const BlockIo& buffer : request.buffers) command.ready = std::max(command.ready, buffer.at);
    ++dispatched_;
    ++queue_.counts.commands[request.write ? 1 : 0];
    queue_.counts.sectors[request.write ? 1 : 0] += request.sectors;
  }
  if (!executing_) start();
}

std::optional<std::size_t> BlockDevice::choose() const {
  std::optional<std::size_t> best;
  Time shortest = never;
  for (std::size_t i = 0; i < commands_.size(); ++i) {
    if (commands_[i].ready > calendar_.now()) continue;
    if (best && commands_[i].epoch > commands_[*best].epoch) break;
    const DiskCommand command = command_of(commands_[i].request);
    if (!disk_.has_room(command)) return best ? best : i;
    const Time positioning = disk_.positioning(command, calendar_.now());
    if (best && positioning >= shortest) continue;
    shortest = positioning;
    best = i;
  }
  return best;
}

void BlockDevice::start() {
  if (commands_.empty()) return;
  disk_.work_until(calendar_.now());
  executing_ = choose();
  if (!executing_) {
    const auto next =
        std::ranges::min_element(commands_, {}, [](const Command& command) { return command.ready; });
    calendar_.schedule(arrival_, next->ready);
    return;
  }
  began_ = calendar_.now();
  const DiskCommand command = command_of(commands_[*executing_].request);
  Time end = disk_.service(command, began_);
  if (is_bad(command)) end += disk_.parameters().error_recovery;
  queue_.counts.busy += end - began_;
  calendar_.schedule(done_, end);
}

bool BlockDevice::is_bad(const DiskCommand& command) const {
  const DiskParameters& p = disk_.parameters();
  return command.sector < p.first_bad + p.bad_sectors && p.first_bad < command.sector + command.sectors;
}

void BlockDevice::on_done() {
  const auto finished = commands_.begin() + static_cast<std::ptrdiff_t>(*executing_);
  if (observer_) observer_(finished->request, began_);
  last_transfer_ = calendar_.now() - began_;
  completed_.push_back(std::move(finished->request));
  commands_.erase(finished);
  executing_.reset();
  start();
  interrupt_();
}

std::vector<FinishedIo> BlockDevice::take_completed(Time at) {
  std::vector<FinishedIo> finished;
  for (const DiskRequest& request : std::exchange(completed_, {})) {
    queue_.answered(request.buffers.size());
    FinishedIo good, bad{.failed = true};
    for (const BlockIo& buffer : request.buffers) {
      FinishedIo& its = is_bad({buffer.sector, buffer.sectors, buffer.write}) ? bad : good;
      its.tags.push_back(buffer.tag);
    }
    queue_.counts.failures += bad.tags.size();
    for (FinishedIo* part : {&good, &bad}) {
      if (!part->tags.empty()) finished.push_back(std::move(*part));
    }
  }
  dispatch(at);
  return finished;
}

std::string BlockDevice::audit() const {
  std::uint64_t known = 0;
  for (const Command& command : commands_) known += command.request.buffers.size();
  for (const DiskRequest& request : completed_) known += request.buffers.size();
  if (std::string fault = queue_.audit(known); !fault.empty()) return fault;
  if (executing_.has_value() != done_.pending()) return "the drive executes nothing, or for ever";
  if (!executing_ && !commands_.empty() && !arrival_.pending()) return "the drive has commands, and rests";
  return {};
}

DiskRecord record_of(const DiskRequest& request, std::uint32_t disk, Time began, Time ended) {
  const auto oldest = std::min_element(request.buffers.begin(), request.buffers.end(),
                                       [](const BlockIo& a, const BlockIo& b) { return a.at < b.at; });
  return {.at = ended,
          .queued = began - oldest->at,
          .service = ended - began,
          .sector = request.sector,
          .sectors = request.sectors,
          .disk = disk,
          .write = request.write};
}

}  // namespace xensim
