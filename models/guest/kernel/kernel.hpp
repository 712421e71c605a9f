/// A Linux 2.4-like guest kernel: processes, time slices, sleeping, timer ticks.
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/ids.hpp"
#include "core/trace.hpp"
#include "models/cpu/costs.hpp"
#include "models/guest/kernel/kernel_timers.hpp"
#include "models/guest/kernel/run_queue.hpp"
#include "models/guest/kernel/scheduler_lines.hpp"
#include "models/guest/kernel/time_ledger.hpp"
#include "models/guest/kernel/virtual_machine.hpp"
#include "models/guest/processes/program.hpp"

namespace xensim {

/// The kernel proper. Its entry points are called by the platform when control enters the guest; each
/// charges the time of the path it takes to the processor.
class GuestKernel {
 public:
  /// HZ = 100.
  static constexpr Time tick_length = 10ms;
  static constexpr std::uint64_t ticks_per_second = Time{1s} / tick_length;

  /// `footprint` names the kernel's own lines in the caches; `new_footprint` hands out names for its
  /// processes. `boot` is the time from which ticks count.
  GuestKernel(VirtualMachine& machine, unsigned processors, const GuestCosts& costs, FootprintId footprint,
              std::function<FootprintId()> new_footprint, Time boot);

  /// Starts a process. Returns its id, and the virtual processor that should reschedule, if any.
  struct Started {
    ProcessId process;
    std::optional<unsigned> reschedule;
  };
  /// Children belong to the same group as their parents; the kernel's own processes to group 0.
  Started start(Program program, Time now, TimeLedger::Group group = 1, int nice = 0,
                RunQueue::Memory memory = RunQueue::Memory::own, std::optional<unsigned> only_on = {},
                std::string_view name = {});

  /// What a timer interrupt is for: a uniprocessor kernel does both on each; an SMP kernel keeps the time
  /// by one timer and charges ticks by each processor's own.
  enum class TimerDuty : std::uint8_t { keep_time_and_charge, keep_time, charge };

  /// Timer interrupt on `vcpu` at `now`. Keeping the time makes up for all ticks since the last interrupt;
  /// charging goes to whoever is current now, for all of those (a guest that was not running charges
  /// them in one go).
  void timer(unsigned vcpu, Time now, TimerDuty duty);

  /// What follows a step of the kernel.
  enum class Next : std::uint8_t {
    idle,    ///< nothing to run: the idle loop
    user,    ///< the current process is to compute
    kernel,  ///< another step, before which interrupts may come
  };
  /// Return to user mode: reschedules if asked to, lets programs ask for what comes next.
  [[nodiscard]] Next return_to_user(unsigned vcpu);

  /// The computation of the process current on `vcpu`; return_to_user said user.
  struct Computation {
    const WorkingSet* working_set;
    FootprintId footprint;
    Time remaining{};
  };
  [[nodiscard]] Computation computation(unsigned vcpu) const;
  /// The current process has done so much of it; `complete` when that was all.
  void computed(unsigned vcpu, Time work, bool complete);

  /// A child of the process current on `vcpu`, with half of its slice; runnable after `prepare`.
  ProcessId fork(unsigned vcpu, Program child, const std::function<void(ProcessId)>& prepare);
  /// A dead child's number and remaining slice go back.
  void reap(ProcessId parent, ProcessId child);
  /// The process runs another program from its next operation on; the old one is destroyed.
  void replace(ProcessId process, Program program) { processes_[process.value].program = std::move(program); }
  /// Makes a process runnable if it is not. `synchronous`: the waker is about to sleep, nobody is preempted.
  void wake(unsigned vcpu, ProcessId process, bool synchronous = false);
  /// A signal is to be delivered to the process as soon as it is on its way to user mode. Its sleep ends if
  /// it is `interruptible`, or a Sleep; if it runs on another processor, that is interrupted.
  void interrupt(unsigned vcpu, ProcessId process, bool interruptible);
  /// ProcessKernel::after_step is called for the process when `vcpu` has ended its step: that is done, but to
  /// others not over yet.
  void call_after_step(unsigned vcpu, ProcessId process) { after_step_.push_back({vcpu, process}); }
  /// Sleeps that end while it lives have been for `awaited`, and for a transfer of so long.
  class WakingFor {
   public:
    WakingFor(GuestKernel& kernel, LifePart awaited, Time transfer = {})
        : kernel_(kernel), before_(std::exchange(kernel.awaited_, Awaited{awaited, transfer})) {}
    WakingFor(const WakingFor&) = delete;
    WakingFor& operator=(const WakingFor&) = delete;
    ~WakingFor() { kernel_.awaited_ = before_; }

   private:
    GuestKernel& kernel_;
    Awaited before_;
  };
  /// Where the lives of a group's processes have gone until `now`.
  [[nodiscard]] LifeTimes times(TimeLedger::Group group, Time now) const { return ledger_.total(group, now); }
  /// Where its time has gone, by the clock.
  [[nodiscard]] LifeTimes elapsed(TimeLedger::Group group, Time now) const {
    return ledger_.elapsed(group, now);
  }
  /// As TimeLedger::divide.
  void divide_times(TimeLedger::Group group, Time now) { ledger_.divide(group, now); }
  /// As TimeLedger::mark and elapsed_at_marks.
  void mark_times(TimeLedger::Group group, Time now) { ledger_.mark(group, now); }
  [[nodiscard]] std::vector<LifeTimes> elapsed_at_marks(TimeLedger::Group group) const {
    return ledger_.elapsed_at_marks(group);
  }
  /// A name in the caches for something of this kernel's.
  [[nodiscard]] FootprintId name_object() const { return new_footprint_(); }
  /// From now on the processors of this kernel, if it has several, wait for what they take from each other.
  void share_lines();
  /// Whole ticks, rounded up.
  [[nodiscard]] static std::uint64_t ticks_of(Time duration) {
    return static_cast<std::uint64_t>((std::max(duration, Time{}) + tick_length - Time{1}) / tick_length);
  }
  /// The process wakes so many ticks from now, the present one being under way: after `ticks` - 1 to `ticks`
  /// of them, unless the timer is cleared before. Each process has one timer.
  void set_timer(ProcessId process, std::uint64_t ticks);
  void clear_timer(ProcessId process) { processes_[process.value].timer = 0; }
  [[nodiscard]] bool has_timer(ProcessId process) const { return processes_[process.value].timer != 0; }
  /// A process of the kernel's own, made while it runs on `vcpu`; it runs on `only_on`, or anywhere.
  /// `name` is for traces, and stays valid.
  ProcessId start_thread(unsigned vcpu, std::string_view name, Program program, int nice = 0,
                         std::optional<unsigned> only_on = {});
  /// The process current on `vcpu` lets all others go first.
  void yield(unsigned vcpu);
  /// Ticks that were charged to it.
  [[nodiscard]] std::uint64_t ticks_of(ProcessId process) const { return queue_.ticks(process); }
  /// It gets five seconds at once, to come to its end (p->counter of a process that is killed).
  void hurry(ProcessId process) { queue_.grant(process, 5 * static_cast<int>(ticks_per_second)); }
  [[nodiscard]] std::size_t runnable() const { return queue_.runnable(); }
  /// It runs, wants to, or will when a time is over.
  [[nodiscard]] bool may_act(ProcessId process) const {
    return queue_.is_runnable(process) || has_timer(process);
  }
  /// Numbers of processes are below this.
  [[nodiscard]] std::uint32_t process_slots() const { return static_cast<std::uint32_t>(processes_.size()); }
  [[nodiscard]] TimeLedger::Group group(ProcessId process) const { return ledger_.group(process); }
  [[nodiscard]] FootprintId footprint(ProcessId process) const { return processes_[process.value].footprint; }

  [[nodiscard]] std::optional<ProcessId> current(unsigned vcpu) const { return queue_.current(vcpu); }
  [[nodiscard]] std::uint64_t switches() const { return switches_; }
  /// Other processors told to reschedule.
  [[nodiscard]] std::uint64_t kicks() const { return kicks_; }
  [[nodiscard]] std::uint64_t ticks() const { return jiffies_; }
  /// For the lock of the run queue, by all its processors.
  [[nodiscard]] Time waited_to_schedule() const { return lines_ ? lines_->waited() : Time{}; }
  /// By ticks; they run on the processor that keeps the time.
  [[nodiscard]] KernelTimers& timers() { return timers_; }
  [[nodiscard]] std::string audit() const { return queue_.audit(); }
  /// Tells what its processes do. `of` is the vCPU that it has; invalid: the machine.
  void trace_to(TraceSink& sink, VcpuId of = {});

 private:
  struct Process {
    Program program;
    FootprintId footprint;
    bool busy = false;       ///< has a computation in progress
    bool has_state = false;  ///< the part of the kernel for memory, files and signals knows it
    bool signalled = false;  ///< a signal may have to be delivered, or has stopped it
    Compute computing;       ///< what is left of it
    bool pausing = false;    ///< in the middle of a call, where a kernel of 2.4 does not reschedule
    Call* call = nullptr;    ///< in progress
    /// The one that counts of those among the sleepers; 0: none.
    std::uint64_t timer = 0;
    std::string_view name{};  ///< of a thread of the kernel's own
  };
  struct Sleeper {
    std::uint64_t jiffy = 0;
    std::uint64_t order = 0;
    ProcessId process;
    bool operator>(const Sleeper& other) const {
      return jiffy != other.jiffy ? jiffy > other.jiffy : order > other.order;
    }
  };
  void schedule(unsigned vcpu);
  [[nodiscard]] RunQueue::Selection select(unsigned vcpu);
  [[nodiscard]] std::optional<unsigned> make_runnable(unsigned vcpu, ProcessId process, bool synchronous);
  /// Lets the current process ask for its next operation. Idle: it cannot go on now.
  Next next_operation(unsigned vcpu, ProcessId id);
  /// Makes progress on the call of the current process.
  [[gnu::noinline]] Next make_call(unsigned vcpu, ProcessId id);
  [[gnu::noinline]] Next exit(unsigned vcpu, ProcessId id);
  /// Empty: the current process goes on. Idle: it cannot now.
  [[gnu::noinline]] std::optional<Next> deliver_signals(unsigned vcpu, ProcessId id);
  /// The process current on `vcpu` can no longer run.
  void block(unsigned vcpu, ProcessId id);
  /// Nothing is left of it but its number, which another gets.
  void forget(ProcessId dead);
  void wake_sleepers(unsigned vcpu);
  [[gnu::noinline]] void end_step(unsigned vcpu);
  [[nodiscard]] Time now(unsigned vcpu) { return machine_.processor(vcpu).clock.local(); }

  VirtualMachine& machine_;
  const GuestCosts& costs_;
  FootprintId footprint_, process_table_;
  std::function<FootprintId()> new_footprint_;
  RunQueue queue_;
  TimeLedger ledger_;
  Awaited awaited_;
  std::vector<Process> processes_;
  std::optional<SchedulerLines> lines_;
  std::vector<bool> reschedule_;
  struct AfterStep {
    unsigned vcpu;
    ProcessId process;
  };
  std::vector<AfterStep> after_step_;
  std::priority_queue<Sleeper, std::vector<Sleeper>, std::greater<>> sleepers_;
  std::uint64_t sleep_order_ = 0;  ///< of the last sleeper
  std::uint64_t jiffies_ = 0;
  KernelTimers timers_;
  Time boot_;
  std::uint64_t switches_ = 0, kicks_ = 0;
  std::vector<ProcessId> unused_ids_;  ///< of children that were reaped
};

}  // namespace xensim
