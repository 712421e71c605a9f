/// The block layer's queue before a driver.
#pragma once

#include <cstdint>
#include <string>

#include "models/io/elevator.hpp"
#include "models/io/guest_disk.hpp"

namespace xensim {

/// A queue that becomes busy is plugged: it collects requests until somebody who waits unplugs it
/// (drivers/block/ll_rw_blk.c of Linux 2.4). What the driver has taken and not answered yet is counted here.
class PluggedQueue {
 public:
  explicit PluggedQueue(const ElevatorRules& rules) : requests(rules) {}

  /// `head_taken`: the driver still works at what it took last, so that an empty queue is no idle one.
  /// False: no request is free, and no merge possible. O(requests).
  [[nodiscard]] bool submit(const BlockIo& io, Time at, bool head_taken = false);
  void unplug() { plugged_ = false; }
  [[nodiscard]] bool plugged() const { return plugged_; }

  /// So many buffers came back.
  void answered(std::uint64_t buffers) { outstanding_ -= buffers; }
  /// Buffers that were submitted and have not come back.
  [[nodiscard]] std::uint64_t outstanding() const { return outstanding_; }

  /// Empty if every buffer is known; `in_driver`: of those, with the driver or behind it. O(requests).
  [[nodiscard]] std::string audit(std::uint64_t in_driver) const;

  Elevator requests;         ///< of which the driver takes while it is not plugged
  GuestDisk::Counts counts;  ///< buffers are counted here, the others by the driver

 private:
  bool plugged_ = false;
  std::uint64_t outstanding_ = 0;
};

}  // namespace xensim
