/// The queue of a block device as Linux 2.4 keeps it: merging, and the order of requests.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "models/io/block_io.hpp"

namespace xensim {

/// Adjacent buffers of one direction. `tags` are those of its buffers, in the order of sectors.
struct DiskRequest {
  std::uint64_t sector = 0;
  std::uint32_t sectors = 0;
  bool write = false;
  std::uint32_t partition = 0;
  std::deque<std::uint64_t> tags{};
  std::int64_t passes = 0;  ///< it may still be passed by so many; see Elevator

  [[nodiscard]] std::uint64_t end() const { return sector + sectors; }
};

enum class ElevatorKind : std::uint8_t {
  linus,  ///< sorted in one-way sweeps; merges
  none,   ///< first come, first served; merges with the last only
};

/// elevator_linus of Linux 2.4.20 and the request lists of drivers/block/ll_rw_blk.c, 2.4.21. Pure. Reads and
/// writes are in one list. A read may be passed by 2048, a write by 8192: an insertion before it counts 16, a
/// merge 1; one that has no passes left stops the search from the tail. 64 requests of each direction; who
/// found none waits until 32 are free.
class Elevator {
 public:
  static constexpr std::uint32_t requests_per_direction = 64, batch = 32;
  static constexpr std::uint32_t most_sectors = 1024, most_buffers = 128;
  static constexpr std::int64_t read_passes = 2048, write_passes = 8192, insertion_passes = 16;

  explicit Elevator(ElevatorKind kind = ElevatorKind::linus) : kind_(kind) {}

  enum class Added : std::uint8_t { merged, inserted, full };
  /// Full: no request is free, and no merge possible. O(requests).
  Added add(const BlockIo& io);
  /// The head of the queue, whose request is free from now on. There must be one.
  [[nodiscard]] DiskRequest take();

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
  void merge(std::size_t at, const BlockIo& io, Fit fit);
  /// Joins a request with its follower if they meet now.
  void join(std::size_t at);
  void charge_behind(std::size_t first, std::int64_t passes);

  ElevatorKind kind_;
  std::deque<DiskRequest> queue_;   ///< head first
  std::uint32_t used_[2] = {0, 0};  ///< reads, writes
};

}  // namespace xensim
