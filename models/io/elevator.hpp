/// The queue of a block device as Linux 2.4 keeps it: merging, and the order of requests.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "models/io/block_io.hpp"

namespace xensim {

/// Adjacent buffers of one direction, in the order of sectors.
struct DiskRequest {
  std::uint64_t sector = 0;
  std::uint32_t sectors = 0;
  bool write = false;
  std::uint32_t partition = 0;
  std::deque<BlockIo> buffers{};
  std::int64_t passes = 0;  ///< it may still be passed by so many; see Elevator

  [[nodiscard]] std::uint64_t end() const { return sector + sectors; }
};

enum class ElevatorKind : std::uint8_t {
  linus,        ///< sorted in one-way sweeps; merges
  early_linus,  ///< the same with other accounts of who may pass whom: before Linux 2.4.20, and in Xen 1.0
  none,         ///< first come, first served; merges with the last only
};

/// By name; throws InputError for an unknown one.
[[nodiscard]] ElevatorKind elevator_named(const std::string& name);

/// What drivers and kernels set differently. As Linux 2.4.21 has it for SCSI disks, if nothing else is said.
struct ElevatorRules {
  ElevatorRules(ElevatorKind its_kind = ElevatorKind::linus)  // NOLINT: a kind is a set of rules
      : kind(its_kind) {
    if (kind != ElevatorKind::early_linus) return;
    read_passes = 8192;
    write_passes = 16384;
    most_sectors = 255;
  }

  ElevatorKind kind;
  std::uint32_t most_sectors = 1024, most_buffers = 128;  ///< of a request that was merged
  std::int64_t read_passes = 2048, write_passes = 8192;   ///< of a new request
};

/// elevator_linus and the request lists of drivers/block/ll_rw_blk.c. Pure. Reads and writes are in one list.
/// 64 requests of each direction; who found none waits until 32 are free. A request without passes left stops
/// the search from the tail. In Linux 2.4.20 a read may be passed by 2048, a write by 8192: an insertion
/// before it counts 16, a merge 1. Earlier, and in Xen 1.0, every search counts 1 for each request that it
/// looks at, and a merge as many more as it brings sectors.
class Elevator {
 public:
  static constexpr std::uint32_t requests_per_direction = 64, batch = 32;
  static constexpr std::int64_t insertion_passes = 16;

  explicit Elevator(const ElevatorRules& rules = {}) : rules_(rules) {}

  enum class Added : std::uint8_t { merged, inserted, full };
  /// Full: no request is free, and no merge possible. O(requests).
  Added add(const BlockIo& io);
  /// The head of the queue. There must be one. Its request is free again with release().
  [[nodiscard]] DiskRequest take();
  /// The driver has done with one that it took.
  void release(bool write);

  [[nodiscard]] bool empty() const { return queue_.empty(); }
  [[nodiscard]] std::size_t size() const { return queue_.size(); }
  [[nodiscard]] std::uint32_t free_requests(bool write) const {
    return requests_per_direction - used_[write ? 1 : 0];
  }
  [[nodiscard]] const std::deque<DiskRequest>& queue() const { return queue_; }
  [[nodiscard]] std::string audit() const;

 private:
  enum class Fit : std::uint8_t { no, back, front };
  struct Search {
    std::size_t at = 0;  ///< of the request to merge with, or before which to insert
    Fit fit = Fit::no;
  };
  [[nodiscard]] Search search(const BlockIo& io);
  [[nodiscard]] bool stops(DiskRequest& request) const;
  [[nodiscard]] bool fits(const DiskRequest& request, const BlockIo& io) const;
  void merge(std::size_t at, const BlockIo& io, Fit fit);
  /// Joins a request with its follower if they meet now.
  void join(std::size_t at);
  void charge_behind(std::size_t first, std::int64_t passes);

  ElevatorRules rules_;
  std::deque<DiskRequest> queue_;    ///< head first
  std::uint32_t used_[2] = {0, 0};   ///< reads, writes
  std::uint32_t taken_[2] = {0, 0};  ///< of them, not released yet
};

}  // namespace xensim
