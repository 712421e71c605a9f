/// Timers of a guest kernel: what is to be done at a tick (add_timer of Linux).
#pragma once

#include <cstdint>
#include <vector>

namespace xensim {

/// Something that a kernel does when a tick has come, from the timer interrupt's bottom half.
class KernelTimer {
 public:
  KernelTimer() = default;
  KernelTimer(const KernelTimer&) = delete;
  KernelTimer& operator=(const KernelTimer&) = delete;
  virtual ~KernelTimer() = default;
  /// Runs on `vcpu`; the timer is no longer set, and may be set again.
  virtual void expired(unsigned vcpu) = 0;

 private:
  friend class KernelTimers;
  std::uint64_t at_ = 0;
};

/// A kernel has few: its parts keep their own many things in order. All operations are O(timers set).
class KernelTimers {
 public:
  /// At tick `at` at the earliest; replaces what the timer was set to. It must be cleared before it goes.
  void set(KernelTimer& timer, std::uint64_t at) {
    clear(timer);
    timer.at_ = at;
    timers_.push_back(&timer);
  }
  void clear(KernelTimer& timer) { std::erase(timers_, &timer); }
  [[nodiscard]] bool is_set(const KernelTimer& timer, std::uint64_t at) const {
    for (const KernelTimer* other : timers_) {
      if (other == &timer) return timer.at_ <= at;
    }
    return false;
  }
  /// Runs those that are due, in the order in which they were set.
  void run(unsigned vcpu, std::uint64_t now) {
    for (std::size_t i = 0; i < timers_.size();) {
      KernelTimer& timer = *timers_[i];
      if (timer.at_ > now) {
        ++i;
        continue;
      }
      timers_.erase(timers_.begin() + static_cast<std::ptrdiff_t>(i));
      timer.expired(vcpu);
      i = 0;  // it may have set or cleared others
    }
  }

 private:
  std::vector<KernelTimer*> timers_;
};

}  // namespace xensim
