/// A disk behind its request queue and its driver.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/calendar.hpp"
#include "core/trace.hpp"
#include "models/io/disk.hpp"
#include "models/io/guest_disk.hpp"
#include "models/io/plugged_queue.hpp"

namespace xensim {

/// The block layer's queue of one SCSI disk (drivers/block/ll_rw_blk.c, drivers/scsi of Linux 2.4.21), the
/// drive's queue of tagged commands, and the drive. No time is charged to anybody: callers charge for what
/// they did and for commands dispatched. Times given must not decrease below the calendar's present.
///
/// The drive executes the command it reaches soonest; none passes the 500th after it, nor a write that waits
/// for room in the drive's cache: else either reads or such writes would starve.
class BlockDevice final : public GuestDisk {
 public:
  /// `interrupt` is called, from the calendar, when a command is complete; take_completed() follows some
  /// time.
  BlockDevice(Calendar& calendar, const DiskParameters& disk, const ElevatorRules& elevator,
              std::function<void()> interrupt);

  /// Who is told of each command when it is complete, and when its execution began.
  using Observer = std::function<void(const DiskRequest& request, Time began)>;
  void observe(Observer observer) { observer_ = std::move(observer); }

  [[nodiscard]] Driver driver() const override { return Driver::scsi; }
  [[nodiscard]] bool submit(const BlockIo& io, Time at) override;
  void unplug(Time at) override;
  [[nodiscard]] std::uint32_t free_requests(bool write) const override {
    return queue_.requests.free_requests(write);
  }

  [[nodiscard]] std::vector<FinishedIo> take_completed(Time at) override;
  [[nodiscard]] std::uint32_t take_dispatched() override { return std::exchange(dispatched_, 0); }

  [[nodiscard]] Time last_transfer() const override { return last_transfer_; }
  [[nodiscard]] Counts counts() const override { return queue_.counts; }
  [[nodiscard]] std::uint64_t outstanding() const override { return queue_.outstanding(); }
  [[nodiscard]] std::uint64_t sectors() const override { return disk_.parameters().sectors; }
  [[nodiscard]] const Disk& disk() const { return disk_; }
  [[nodiscard]] std::string audit() const override;

 private:
  static constexpr std::uint64_t ordered_after = 500;
  struct Command {
    DiskRequest request;
    std::uint64_t epoch = 0;
    Time ready{};  ///< when it reaches the drive: a processor that gives it may be ahead of the calendar
  };
  [[nodiscard]] bool is_bad(const DiskCommand& command) const;
  void on_done();
  void dispatch(Time at);
  /// The next command begins, or will when it reaches the drive.
  void start();
  /// Of the commands that have reached the drive, which is to be next.
  [[nodiscard]] std::optional<std::size_t> choose() const;

  Calendar& calendar_;
  Disk disk_;
  PluggedQueue queue_;
  std::function<void()> interrupt_;
  Observer observer_;
  Event done_, arrival_;
  std::vector<Command> commands_;  ///< in the drive, in the order in which it got them
  std::optional<std::size_t> executing_;
  Time began_{};          ///< with what is executed
  Time last_transfer_{};  ///< what was executed last took so long
  std::vector<DiskRequest> completed_;
  std::uint64_t issued_ = 0;
  std::uint32_t dispatched_ = 0;
};

/// What traces tell of a command that was executed from `began` to `ended`.
[[nodiscard]] DiskRecord record_of(const DiskRequest& request, std::uint32_t disk, Time began, Time ended);

}  // namespace xensim
