/// What the processors of an SMP kernel take from each other when they schedule.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/ids.hpp"
#include "core/time.hpp"
#include "models/cpu/processor.hpp"
#include "models/guest/kernel/spin_lock.hpp"

namespace xensim {

/// The lock of the run queue of Linux 2.4.21, and who holds which of the scheduler's lines: those of the lock
/// and of the queue's head, for each processor what it runs and its idle task, and of each task structure
/// what schedule() looks at. Charges the wait for the lock and for lines that another processor has written
/// since; lines that went out of a cache otherwise are the kernel's to charge.
class SchedulerLines {
 public:
  explicit SchedulerLines(unsigned processors) : of_processor_(processors) {}

  /// For the lock, by all processors.
  [[nodiscard]] Time waited() const { return lock_.waited(); }

  /// Has the lock of the run queue while it lives, on `processor`, which is number `cpu` of the kernel.
  class Locked {
   public:
    Locked(SchedulerLines& lines, Processor& processor, unsigned cpu);
    /// try_to_wake_up puts the task at the list's tail; reschedule_idle looks at what each processor runs.
    void put(ProcessId task);
    /// It asks processor `target`, which runs `current` or its idle task, to reschedule.
    void ask(unsigned target, std::optional<ProcessId> current);
    /// schedule() comes past a task of the list.
    void look(ProcessId task);
    /// The current task leaves the list.
    void take_out();
    /// The choice is made.
    void chose(std::optional<ProcessId> previous, std::optional<ProcessId> next);

   private:
    void read(std::uint32_t& holders);
    void write(std::uint32_t& holders);
    [[nodiscard]] std::uint32_t& task(ProcessId id);

    SchedulerLines& lines_;
    Processor& processor_;
    unsigned cpu_;
    std::uint32_t self_;  ///< its bit
    SpinLock::Held held_;
  };

 private:
  // For each line the processors that hold it as it is, a bit for each; those 32 apart count as one. None:
  // it was not used yet.
  struct OfProcessor {
    std::uint32_t schedule_data = 0, idle_task = 0;
  };
  std::uint32_t lock_line_ = 0, head_ = 0;
  std::vector<OfProcessor> of_processor_;
  std::vector<std::uint32_t> tasks_;
  SpinLock lock_;
};

}  // namespace xensim
