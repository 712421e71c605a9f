/// System V semaphores.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/guest/processes/call_result.hpp"

namespace xensim {

/// One operation of semop: the value rises or falls by `change`, and may not fall below zero; 0 waits for
/// zero.
struct SemaphoreOperation {
  unsigned semaphore = 0;
  int change = 0;
  bool no_wait = false;  ///< IPC_NOWAIT
};

/// ipc/sem.c of Linux 2.4.21: sets of counters under one global lock. The operations of one call are done
/// together or not at all; those of a sleeper are done for it by whoever makes them possible. Undo lists are
/// not kept.
class Semaphores {
 public:
  explicit Semaphores(const KernelContext& context) : context_(context) {}

  /// semget with IPC_PRIVATE: the value is the number of a new set of `count` semaphores, all zero.
  [[nodiscard]] CallResult create(unsigned count);
  /// Whoever sleeps on it wakes and fails.
  [[nodiscard]] CallResult remove(std::int64_t set);

  /// A semop in progress.
  struct Sleeper {
    enum class State : std::uint8_t { new_call, waiting, done, removed };
    ProcessId process;
    std::vector<SemaphoreOperation> operations;
    State state = State::new_call;
  };
  /// To be called again after each sleep, until the result does not sleep. `interrupted`: a signal ends it.
  [[nodiscard]] CallResult operate(std::int64_t set, const std::shared_ptr<Sleeper>& call,
                                   bool interrupted = false);
  /// SETVAL, as far as it is a semop of an initialiser.
  [[nodiscard]] CallResult set_value(std::int64_t set, unsigned semaphore, int value);

  /// The set must exist.
  [[nodiscard]] int value(std::int64_t set, unsigned semaphore) const {
    return sets_.at(set).values[semaphore];
  }
  [[nodiscard]] std::size_t waiting(std::int64_t set) const { return sets_.at(set).sleepers.size(); }
  /// The set that a process sleeps on, if it does. O(sleepers).
  [[nodiscard]] std::optional<std::int64_t> waits_on(ProcessId process) const;
  [[nodiscard]] std::string audit() const;

 private:
  struct Set {
    std::vector<int> values;
    std::deque<std::shared_ptr<Sleeper>> sleepers;  ///< in the order they came
  };
  enum class Attempt : std::uint8_t { done, must_wait, would_wait };
  [[nodiscard]] static Attempt attempt(Set& set, const std::vector<SemaphoreOperation>& operations);
  [[nodiscard]] static bool changes(const Sleeper& call);
  void wake(Sleeper& sleeper, Sleeper::State state, Wakes& wakes);
  void update_queue(Set& set, Wakes& wakes);
  /// A call begins; the lock is its own until its end.
  [[nodiscard]] SpinLock::Held enter(std::int64_t set) const;

  const KernelContext& context_;
  std::map<std::int64_t, Set> sets_;
  std::int64_t made_ = 0;
};

}  // namespace xensim
