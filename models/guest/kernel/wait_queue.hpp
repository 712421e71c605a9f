/// Processes that wait for something, and what wakes them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/ids.hpp"
#include "models/guest/kernel/kernel_context.hpp"

namespace xensim {

/// A process is to become runnable. Waking one that is runnable already does nothing.
struct Wake {
  ProcessId process;
  bool synchronous = false;  ///< the waker is about to sleep: nobody is to be preempted for this

  bool operator==(const Wake&) const = default;
};
using Wakes = std::vector<Wake>;

/// A wait queue of Linux 2.4.21. Pure: a wake-up says whom to make runnable. A process stays in the queue
/// until it runs and leaves by itself.
class WaitQueue {
 public:
  enum class Waits : std::uint8_t { with_others, exclusively };

  /// Non-exclusive waiters go to the head, exclusive ones to the tail. A process may wait only once here.
  /// `purpose` is the owner's, to tell its waiters apart.
  void add(ProcessId process, Waits how = Waits::with_others, std::uint8_t purpose = 0);
  /// It need not be here.
  void remove(ProcessId process);

  /// The process is still here, was woken for nothing, and sleeps again.
  void sleep_again(ProcessId process);

  /// Wakes all non-exclusive waiters and the first exclusive one, except those awake already, into
  /// `wakes`. O(waiters).
  void wake(const KernelContext& context, Wakes& wakes, bool synchronous = false);

  [[nodiscard]] bool empty() const { return waiters_.empty(); }
  [[nodiscard]] std::size_t size() const { return waiters_.size(); }
  /// The process is here and nothing has woken it since it came.
  [[nodiscard]] bool sleeps(ProcessId process) const;
  /// The same, for this purpose.
  [[nodiscard]] bool sleeps(ProcessId process, std::uint8_t purpose) const;

 private:
  struct Waiter {
    ProcessId process;
    Waits how = Waits::with_others;
    std::uint8_t purpose = 0;
    bool woken = false;
  };
  std::vector<Waiter> waiters_;
};

}  // namespace xensim
