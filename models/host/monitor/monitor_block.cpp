#include "models/host/monitor/monitor_block.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace xensim {
namespace {

using enum Statistic::Kind;
const Statistic busy{"busy", "s", counter, "time in which the disk executed a command"};
const Statistic reads{"reads", "commands", counter, "commands to read"};
const Statistic writes{"writes", "commands", counter, "commands to write"};
const Statistic sectors_read{"sectors_read", "sectors", counter, "sectors read"};
const Statistic sectors_written{"sectors_written", "sectors", counter, "sectors written"};
const Statistic failures{"failures", "buffers", counter, "buffers that could not be read or written"};
const Statistic service_runs{"block/runs", "runs", counter, "runs of the service of block requests"};
const Statistic service_requests{"block/requests", "requests", counter, "block requests taken from rings"};
const Statistic service_refused{"block/refused", "requests", counter, "block requests refused"};
const Statistic service_pending{"block/pending", "requests", level, "block requests at the disks"};

void execute(Processor& here, FootprintId code, const CodePath& path, std::uint64_t times) {
  here.execute(Activity::monitor, code, path.code_lines);
  here.charge(Activity::monitor, path.time * static_cast<std::int64_t>(times));
}

}  // namespace

std::set<DeviceNumber> MonitorBlock::numbers(std::int64_t disks) {
  std::set<DeviceNumber> all;
  for (std::uint32_t i = 0; i < disks; ++i) all.insert(DeviceNumber::of(DeviceNumber::Kind::scsi, i));
  return all;
}

MonitorBlock::MonitorBlock(const DeviceChoices& choices, const HostContext& context, MonitorMemory& memory,
                           std::function<void()> interrupt)
    : context_(context),
      memory_(memory),
      costs_(context.calibration, context.costs),
      devices_(numbers(choices.disks)),
      service_(memory.machine, devices_),
      command_code_(memory.footprints.another()),
      completion_code_(memory.footprints.another()) {
  for (FootprintId& code : code_) code = memory.footprints.another();
  const DiskParameters drive(context.calibration);
  for (std::uint32_t i = 0; i < choices.disks; ++i) {
    disks_.push_back(make_disk(choices, i, drive, context.calendar, interrupt));
    if (context.trace != nullptr) {
      disks_.back()->observe([this, i](const DiskRequest& request, Time began) { note(i, request, began); });
    }
    used_.push_back(0);
  }
}

std::unique_ptr<BlockFront> MonitorBlock::attach(const MemoryDomain& domain, Bytes size,
                                                 BlockFront::Hooks hooks) {
  const auto room = [&](std::size_t disk) { return disks_[disk]->sectors() - used_[disk]; };
  std::size_t best = 0;
  for (std::size_t i = 1; i < disks_.size(); ++i) {
    if (room(i) > room(best)) best = i;
  }
  const auto sectors = static_cast<std::uint64_t>(size.count) / sector_bytes;
  const auto spare = std::ranges::find(spare_, sectors, &DiskExtent::sectors);
  const bool fresh = spare == spare_.end();
  const DiskExtent extent =
      fresh ? DiskExtent{DeviceNumber::of(DeviceNumber::Kind::scsi, static_cast<std::uint32_t>(best)),
                         static_cast<std::uint32_t>(used_[best]), static_cast<std::uint32_t>(sectors)}
            : *spare;
  const DiskSegment segment{.mode = DiskSegment::Mode::read_write, .domain = domain.id, .extents = {extent}};
  if ((fresh && sectors > room(best)) ||
      devices_.create(memory_.control(), segment) != HypercallStatus::done) {
    throw InputError({}, fmt::format("domain {} with {} of disk", domain.id.value, format(size)),
                     "at most 100 domains with disks, which fit on the machine's disks together");
  }
  if (fresh) {
    used_[best] += sectors;
  } else {
    spare_.erase(spare);
  }
  owned_[domain.id] = extent;
  service_.attach(domain);
  return std::make_unique<BlockFront>(service_.page(domain.id), domain_device, sectors, std::move(hooks));
}

void MonitorBlock::detach(DomainId domain) {
  service_.detach(domain);
  if (const auto its = owned_.extract(domain)) spare_.push_back(its.mapped());
  devices_.forget(domain);
}

bool MonitorBlock::resize(DomainId domain, Bytes size) {
  const auto its = owned_.find(domain);
  const auto sectors = static_cast<std::uint64_t>(size.count) / sector_bytes;
  if (its == owned_.end() || sectors > its->second.sectors) return false;
  DiskExtent part = its->second;
  part.sectors = static_cast<std::uint32_t>(sectors);
  const DiskSegment segment{.mode = DiskSegment::Mode::read_write, .domain = domain, .extents = {part}};
  return devices_.create(memory_.control(), segment) == HypercallStatus::done;
}

void MonitorBlock::charge(Processor& here) {
  for (std::size_t i = 0; i < code_.size(); ++i) {
    const auto step = static_cast<BlockStep>(i);
    const std::uint64_t times = service_.work[step] - charged_[step];
    if (times == 0 || step == BlockStep::event) continue;
    execute(here, code_[i], costs_.of(step), times);
  }
  charged_ = service_.work;
}

void MonitorBlock::charge_commands(Processor& here, BlockDevice& disk) {
  if (const std::uint32_t commands = disk.take_dispatched(); commands > 0) {
    execute(here, command_code_, costs_.command, commands);
  }
}

void MonitorBlock::signal(Processor& here, DomainId domain) {
  service_.signal(domain);
  charge(here);
}

void MonitorBlock::run(Processor& here) {
  service_.owed.run = false;
  service_.run(taken_);
  charge(here);
}

void MonitorBlock::start(Processor& here) {
  const Time at = here.clock.local();
  for (const BlockPiece& piece : taken_) {
    if (free_.empty()) {
      free_.push_back(static_cast<std::uint32_t>(pieces_.size()));
      pieces_.emplace_back();
    }
    pieces_[free_.back()] = piece;
    waiting_.push_back(free_.back());
    free_.pop_back();
  }
  taken_.clear();
  submit(at);
  for (const auto& disk : disks_) {
    disk->unplug(at);
    charge_commands(here, *disk);
  }
}

/// In order: a piece that finds no request free holds up those behind it.
void MonitorBlock::submit(Time at) {
  for (; !waiting_.empty(); waiting_.pop_front()) {
    const BlockPiece& piece = pieces_[waiting_.front()];
    const BlockIo io{.sector = piece.where.start,
                     .sectors = piece.where.sectors,
                     .write = piece.access == BlockAccess::write,
                     .tag = waiting_.front(),
                     .page = piece.memory.page()};
    if (!disks_[piece.where.disk.index()]->submit(io, at)) return;
  }
}

void MonitorBlock::take_interrupt(Processor& here) {
  const Time at = here.clock.local();
  for (const auto& disk : disks_) {
    for (const FinishedIo& finished : disk->take_completed(at)) {
      execute(here, completion_code_, costs_.completion, 1);
      for (const std::uint64_t tag : finished.tags) {
        const std::size_t domain = pieces_[tag].domain.value;
        if (domain >= transfers_.size()) transfers_.resize(domain + 1);
        transfers_[domain] = disk->last_transfer();
        service_.done(pieces_[tag], !finished.failed);
        free_.push_back(static_cast<std::uint32_t>(tag));
      }
    }
  }
  if (!waiting_.empty()) submit(at);
  for (const auto& disk : disks_) {
    disk->unplug(at);
    charge_commands(here, *disk);
  }
  charge(here);
}

void MonitorBlock::note(std::uint32_t disk, const DiskRequest& request, Time began) const {
  DiskRecord record = record_of(request, disk, began, context_.calendar.now());
  record.vcpu = VcpuId{pieces_[request.buffers.front().tag].domain.value};
  context_.trace->disk(record);
}

void MonitorBlock::report(StatisticSink& sink, const std::string& prefix) const {
  for (std::size_t i = 0; i < disks_.size(); ++i) {
    const std::string path = fmt::format("{}disk{}/", prefix, i);
    const GuestDisk::Counts counts = disks_[i]->counts();
    sink.value(path, busy, to_seconds(counts.busy));
    sink.value(path, reads, static_cast<double>(counts.commands[0]));
    sink.value(path, writes, static_cast<double>(counts.commands[1]));
    sink.value(path, sectors_read, static_cast<double>(counts.sectors[0]));
    sink.value(path, sectors_written, static_cast<double>(counts.sectors[1]));
    sink.value(path, failures, static_cast<double>(counts.failures));
  }
  sink.value(prefix, service_runs, static_cast<double>(service_.work[BlockStep::service_run]));
  sink.value(prefix, service_requests, static_cast<double>(service_.work[BlockStep::request]));
  sink.value(prefix, service_refused, static_cast<double>(service_.work[BlockStep::refused]));
  sink.value(prefix, service_pending, service_.pending());
}

std::string MonitorBlock::audit() const {
  std::uint64_t at_disks = waiting_.size() + taken_.size();
  for (const auto& disk : disks_) {
    if (std::string fault = disk->audit(); !fault.empty()) return fault;
    at_disks += disk->outstanding();
  }
  const std::uint64_t known = pieces_.size() - free_.size() + taken_.size();
  if (at_disks != known) return fmt::format("{} pieces are at the disks, {} known", at_disks, known);
  return service_.audit();
}

}  // namespace xensim
