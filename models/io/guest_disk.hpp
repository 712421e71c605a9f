/// What a guest's kernel needs of a disk, whatever is behind it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/time.hpp"
#include "models/io/block_io.hpp"
#include "models/io/elevator.hpp"

namespace xensim {

/// A queue of requests with its driver. Calls take no time of their own, except what a hypercall takes:
/// callers charge for the buffers they submit and for the commands that the driver has dispatched. Times
/// given must not decrease below the calendar's present.
///
/// When something is complete, the platform tells the kernel (ProcessKernel::disk_interrupt), which answers
/// by take_completed().
class GuestDisk {
 public:
  /// What a command is, and so what it takes to build and to finish one.
  enum class Driver : std::uint8_t {
    scsi,  ///< a command to the controller
    ring,  ///< a request to the monitor
  };

  GuestDisk() = default;
  GuestDisk(const GuestDisk&) = delete;
  GuestDisk& operator=(const GuestDisk&) = delete;
  virtual ~GuestDisk() = default;

  [[nodiscard]] virtual Driver driver() const = 0;
  /// Size of the disk.
  [[nodiscard]] virtual std::uint64_t sectors() const = 0;

  /// Hands over a buffer of at most a page. False: no request is free; unplug, and wait for has_room().
  [[nodiscard]] virtual bool submit(const BlockIo& io, Time at) = 0;
  /// Whoever waits lets the queue go.
  virtual void unplug(Time at) = 0;
  /// Requests that are free for that direction.
  [[nodiscard]] virtual std::uint32_t free_requests(bool write) const = 0;
  /// Enough of them are free to wake those who wait for one.
  [[nodiscard]] bool has_room(bool write) const { return free_requests(write) >= Elevator::batch; }

  /// The driver's interrupt handler: dispatches further commands, gives what is complete since the last call.
  [[nodiscard]] virtual std::vector<FinishedIo> take_completed(Time at) = 0;
  /// Commands dispatched since the last call.
  [[nodiscard]] virtual std::uint32_t take_dispatched() = 0;

  /// As a hostile driver would: fills the ring with requests that make no sense and tells of them. How many;
  /// 0 where there is no ring, or no room in it.
  virtual std::uint32_t put_nonsense(Time /*at*/) { return 0; }
  /// How long the drive executed the command that was completed last.
  [[nodiscard]] virtual Time last_transfer() const { return {}; }

  struct Counts {
    std::uint64_t buffers[2] = {0, 0}, commands[2] = {0, 0}, sectors[2] = {0, 0};  ///< reads, writes
    std::uint64_t failures = 0;                                                    ///< buffers
    Time busy{};  ///< a command was in execution, or a request unanswered
  };
  [[nodiscard]] virtual Counts counts() const = 0;
  /// Buffers that were submitted and not yet handed back.
  [[nodiscard]] virtual std::uint64_t outstanding() const = 0;
  /// Empty, or the first contradiction.
  [[nodiscard]] virtual std::string audit() const = 0;
};

}  // namespace xensim
