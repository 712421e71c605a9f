/// Which locks of an SMP kernel are waited for.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "core/statistic.hpp"
#include "models/guest/kernel/spin_lock.hpp"

namespace xensim {

/// Those locks of Linux 2.4.21 that are held for long, or that whole subsystems have one of. The run queue's
/// is in SchedulerLines.
enum class KernelLock : std::uint8_t {
  big_kernel,  ///< kernel_flag: ext3 and jbd, names made and removed, lseek, fcntl's locks, the end of exit
  io_request,  ///< io_request_lock: block layer and SCSI
  semaphores,  ///< all sets of System V
  count_,
};

class KernelLocks {
 public:
  /// `lock` while it lives, for `processor`, which waits for it.
  [[nodiscard]] SpinLock::Held hold(KernelLock lock, Processor& processor) {
    return {locks_[static_cast<std::size_t>(lock)], processor};
  }
  [[nodiscard]] const SpinLock& operator[](KernelLock lock) const {
    return locks_[static_cast<std::size_t>(lock)];
  }
  void report(StatisticSink& sink, const std::string& prefix) const;

 private:
  std::array<SpinLock, static_cast<std::size_t>(KernelLock::count_)> locks_;
};

}  // namespace xensim
