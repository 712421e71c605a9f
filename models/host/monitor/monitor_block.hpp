/// The machine's disks under the monitor: who has which part of them, the service of the domains' rings, and
/// the block layer, drivers and drives below it.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/cpu/processor.hpp"
#include "models/host/device_choices.hpp"
#include "models/host/monitor/block_costs.hpp"
#include "models/host/monitor/monitor_memory.hpp"
#include "models/io/block/block_front.hpp"
#include "models/io/block/block_service.hpp"
#include "models/io/block/segments.hpp"

namespace xensim {

/// What the monitor does takes time, of the processor that executes it and is given to each call: as
/// natively, code runs through the caches.
class MonitorBlock {
 public:
  static constexpr std::int64_t most_domains = SegmentedDisks::max_segments;  ///< that have a disk
  static constexpr DeviceNumber domain_device = DeviceNumber::of(DeviceNumber::Kind::segment, 0);

  /// `interrupt` is called, from the calendar, when a disk has something to tell: take_interrupt() follows.
  MonitorBlock(const DeviceChoices& choices, const HostContext& context, MonitorMemory& memory,
               std::function<void()> interrupt);

  /// Domain 0 gives a new domain, whose memory outlives its requests, a virtual disk of its own: one extent
  /// on the disk that has most room left. Takes no time. Throws InputError if there is none, or no segment
  /// free.
  [[nodiscard]] std::unique_ptr<BlockFront> attach(const MemoryDomain& domain, Bytes size,
                                                   BlockFront::Hooks hooks);
  /// The domain dies. What of its requests is at the disks ends in time; its memory must not be released as
  /// long as there are any (BlockService::pending). Its front must be gone; its part of the disk is for the
  /// next domain of that size.
  void detach(DomainId domain);
  /// Domain 0 changes how much of its part of the disk a domain may use, from one sector to all of it;
  /// requests at the disks end as they are. False: it has no disk, or one that is smaller.
  [[nodiscard]] bool resize(DomainId domain, Bytes size);

  /// Hypercall block_io_op.
  void signal(Processor& here, DomainId domain);
  /// The service wants to be run.
  [[nodiscard]] bool wants_run() const { return service_.owed.run; }
  /// The tasklet: requests from the rings. start() follows.
  void run(Processor& here);
  /// Its end: pieces go to the disks, whose queues are unplugged.
  void start(Processor& here);
  /// The disks' interrupt handler.
  void take_interrupt(Processor& here);
  /// Whom to send an event, once for each.
  [[nodiscard]] std::vector<DomainId> take_events() { return std::exchange(service_.owed.events, {}); }

  /// How long the drive executed what was completed last of the domain's.
  [[nodiscard]] Time last_transfer(DomainId domain) const {
    return domain.value < transfers_.size() ? transfers_[domain.value] : Time{};
  }

  [[nodiscard]] const BlockService& service() const { return service_; }
  [[nodiscard]] SegmentedDisks& devices() { return devices_; }
  [[nodiscard]] const SegmentedDisks& devices() const { return devices_; }
  [[nodiscard]] const BlockDevice& disk(std::size_t index) const { return *disks_[index]; }
  void report(StatisticSink& sink, const std::string& prefix) const;
  /// Empty, or the first contradiction.
  [[nodiscard]] std::string audit() const;

 private:
  [[nodiscard]] static std::set<DeviceNumber> numbers(std::int64_t disks);
  void submit(Time at);
  void note(std::uint32_t disk, const DiskRequest& request, Time began) const;
  /// For what the service did since the last time.
  void charge(Processor& here);
  /// For the commands that the disks were given since the last time.
  void charge_commands(Processor& here, BlockDevice& disk);

  const HostContext& context_;
  MonitorMemory& memory_;
  BlockCosts costs_;
  SegmentedDisks devices_;
  BlockService service_;
  std::vector<std::unique_ptr<BlockDevice>> disks_;
  std::map<DomainId, DiskExtent> owned_;  ///< the part of each domain that has a disk
  std::vector<std::uint64_t> used_;       ///< sectors of each disk that are some domain's
  std::vector<DiskExtent> spare_;         ///< of these, those whose domains died
  std::vector<BlockPiece> taken_;         ///< from the rings, to be given to the disks
  std::deque<std::uint32_t> waiting_;     ///< pieces that found no request free
  std::vector<BlockPiece> pieces_;        ///< by the tag that the disks know them by
  std::vector<std::uint32_t> free_;       ///< tags
  std::vector<Time> transfers_;           ///< by domain: last_transfer
  WorkCount<BlockStep> charged_;
  std::array<FootprintId, WorkCount<BlockStep>::steps> code_{};
  FootprintId command_code_, completion_code_;
};

}  // namespace xensim
