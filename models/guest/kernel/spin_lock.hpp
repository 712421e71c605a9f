/// A lock that processors of one kernel wait for, busily.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "core/ids.hpp"
#include "core/time.hpp"
#include "models/cpu/processor.hpp"

namespace xensim {

/// Knows when which processor had it, as far back as a step may still begin. Steps are done in the order in
/// which they begin, each to its end, so that one may find the lock taken at a time that is yet to come here:
/// then it, and not the one that was there later, waits at its end for as long as the other would have, and
/// the lock, which that would have had meanwhile, is not free before. O(holds since the oldest step under
/// way).
class SpinLock {
 public:
  /// Has the lock while it lives; as a default, none. The processor that has it may take it again: the
  /// outermost counts. A process that sleeps has let go of it, since that ends the step.
  class [[nodiscard]] Held {
   public:
    Held() = default;
    Held(SpinLock& lock, Processor& processor) : lock_(&lock), processor_(&processor) {
      lock.take(processor);
    }
    Held(Held&& other) noexcept : lock_(std::exchange(other.lock_, nullptr)), processor_(other.processor_) {}
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;
    Held& operator=(Held&&) = delete;
    ~Held() { release(); }
    /// Before its end.
    void release() {
      if (lock_ != nullptr) std::exchange(lock_, nullptr)->release(*processor_);
    }

   private:
    SpinLock* lock_ = nullptr;
    Processor* processor_ = nullptr;
  };

  /// All processors together, since it was made.
  [[nodiscard]] Time held() const { return held_; }
  [[nodiscard]] Time waited() const { return waited_; }

 private:
  struct Hold {
    CpuId by;
    Time from{}, until{};
  };
  void take(Processor& processor);
  void release(Processor& processor);
  void wait(Processor& processor, Time until);

  std::vector<Hold> holds_;
  unsigned depth_ = 0;
  Time from_{};  ///< of the present hold
  Time held_{}, waited_{};
};

}  // namespace xensim
