/// The scheduler of Linux 2.4: one list of runnable processes, the best "goodness" runs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/ids.hpp"

namespace xensim {

/// Logic of Linux 2.4.21 kernel/sched.c for ordinary processes, on one processor or several. Pure: it says
/// what to run and what it looked at; the kernel charges for it.
///
/// A running process stays in the list. Virtual processors are numbered from 0.
class RunQueue {
 public:
  struct Selection {
    std::optional<ProcessId> next;   ///< empty: idle
    std::uint32_t scanned = 0;       ///< list entries looked at
    std::uint32_t recalculated = 0;  ///< processes whose counters were recalculated
    std::optional<unsigned> kick;  ///< another processor should reschedule (the preempted process fits there)
  };

  explicit RunQueue(unsigned processors)
      : current_(processors), active_(processors), last_switch_(processors) {}

  /// Kernel threads have no memory of their own: they borrow whatever is loaded.
  enum class Memory : std::uint8_t { own, borrowed };
  /// A new process, not runnable yet. `nice` is -20 to 19. Ids are dense. It may run on `only_on`; empty: on
  /// any processor.
  void add(ProcessId process, int nice, Memory memory = Memory::own, std::optional<unsigned> only_on = {});
  /// A child takes half of its parent's remaining ticks, and belongs to the same processor. True: the parent
  /// has none left.
  [[nodiscard]] bool fork(ProcessId parent, ProcessId child);
  /// A child's remaining ticks go back to the parent.
  void give_back(ProcessId parent, ProcessId child);
  /// The process is gone. It must not be runnable.
  void remove(ProcessId process);

  /// Makes it runnable, at the list's tail. Returns the processor that should reschedule, if any.
  [[nodiscard]] std::optional<unsigned> wake(ProcessId process);
  /// The running process can no longer run; `select` follows.
  void block(ProcessId process);
  /// So many 10 ms ticks are charged to whoever runs on `cpu`. True if its slice is used up.
  [[nodiscard]] bool tick(unsigned cpu, std::uint64_t ticks);
  /// sched_yield: to the tail, behind everybody until the next choice. False: nobody else could run.
  [[nodiscard]] bool yield(unsigned cpu);
  void grant(ProcessId process, int ticks) { tasks_[process.value].counter = ticks; }
  /// Charged to the process since it was added.
  [[nodiscard]] std::uint64_t ticks(ProcessId process) const { return tasks_[process.value].charged; }
  /// schedule(): chooses for `cpu` and makes the choice current.
  [[nodiscard]] Selection select(unsigned cpu);

  [[nodiscard]] std::optional<ProcessId> current(unsigned cpu) const { return current_[cpu]; }
  [[nodiscard]] std::size_t runnable() const { return runnable_; }
  /// It is in the list.
  [[nodiscard]] bool is_runnable(ProcessId process) const { return tasks_[process.value].listed; }
  /// Calls `visit(ProcessId)` for each in the list, from its head.
  template <class Visit>
  void visit_runnable(Visit visit) const {
    for (std::uint32_t i = head_; i != none; i = tasks_[i].following) visit(ProcessId{i});
  }
  [[nodiscard]] int counter(ProcessId process) const { return tasks_[process.value].counter; }
  [[nodiscard]] std::string audit() const;

 private:
  static constexpr std::uint32_t none = UINT32_MAX;
  static constexpr unsigned nowhere = UINT32_MAX;
  struct Task {
    std::uint32_t previous = none, following = none;
    int counter = 0;
    int nice = 0;
    unsigned last_cpu = nowhere;
    unsigned running_on = nowhere;
    std::optional<unsigned> only_on;  ///< cpus_allowed, of a thread that belongs to one processor
    [[nodiscard]] bool may_run_on(unsigned cpu) const { return !only_on || *only_on == cpu; }
    bool exists = false, listed = false, yielded = false;
    Memory memory = Memory::own;
    std::uint64_t charged = 0;  ///< ticks
  };
  [[nodiscard]] int goodness(std::uint32_t index, unsigned cpu) const;
  [[nodiscard]] std::optional<unsigned> place(std::uint32_t index) const;
  void append(std::uint32_t index);
  void unlink(std::uint32_t index);

  std::vector<Task> tasks_;
  std::vector<std::optional<ProcessId>> current_;
  std::vector<std::optional<ProcessId>> active_;  ///< whose memory each processor has loaded (active_mm)
  std::vector<std::uint64_t> last_switch_;        ///< order of each processor's last switch
  std::uint64_t switches_ = 0;
  std::uint32_t head_ = none, tail_ = none;
  std::uint32_t existing_ = 0;
  std::size_t runnable_ = 0;
};

}  // namespace xensim
