/// A Linux 2.4-like guest kernel: processes, time slices, sleeping, timer ticks.
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <string>
#include <vector>

#include "core/ids.hpp"
#include "core/trace.hpp"
#include "models/cpu/costs.hpp"
#include "models/guest/program.hpp"
#include "models/guest/run_queue.hpp"
#include "models/guest/virtual_machine.hpp"

namespace xensim {

/// What a process has done so far.
struct ProcessAccount {
  Time work{};  ///< as if with warm caches and nothing else on the machine
};

/// The kernel proper. Its entry points are called by the platform when control enters the guest; each
/// charges the time of the path it takes to the processor.
class GuestKernel {
 public:
  /// HZ = 100.
  static constexpr Time tick_length = 10ms;

  /// `footprint` names the kernel's own lines in the caches; `new_footprint` hands out names for its
  /// processes. `boot` is the time from which ticks count.
  GuestKernel(VirtualMachine& machine, unsigned processors, const GuestCosts& costs, FootprintId footprint,
              std::function<FootprintId()> new_footprint, Time boot);

  /// Starts a process. Returns its id, and the virtual processor that should reschedule, if any.
  struct Started {
    ProcessId process;
    std::optional<unsigned> reschedule;
  };
  Started start(Program program, int nice = 0);

  /// What a timer interrupt is for: a uniprocessor kernel does both on each; an SMP kernel keeps the time
  /// by one timer and charges ticks by each processor's own.
  enum class TimerDuty : std::uint8_t { keep_time_and_charge, keep_time, charge };

  /// Timer interrupt on `vcpu` at `now`. Keeping the time makes up for all ticks since the last interrupt;
  /// charging goes to whoever is current now, for all of those (a guest that was not running charges
  /// them in one go).
  void timer(unsigned vcpu, Time now, TimerDuty duty);

  /// Return to user mode: reschedules if asked to, lets programs ask for what comes next. False: nothing
  /// to run, the idle loop. True: the current process is to compute.
  [[nodiscard]] bool return_to_user(unsigned vcpu);

  /// The computation of the process current on `vcpu`; return_to_user was true.
  struct Computation {
    const WorkingSet* working_set;
    FootprintId footprint;
    Time remaining{};
  };
  [[nodiscard]] Computation computation(unsigned vcpu) const;
  /// The current process has done so much of it; `complete` when that was all.
  void computed(unsigned vcpu, Time work, bool complete);

  [[nodiscard]] const ProcessAccount& account(ProcessId process) const;
  /// Of all processes there ever were.
  [[nodiscard]] Time total_work() const;
  [[nodiscard]] std::optional<ProcessId> current(unsigned vcpu) const { return queue_.current(vcpu); }
  [[nodiscard]] std::uint64_t switches() const { return switches_; }
  [[nodiscard]] std::uint64_t ticks() const { return jiffies_; }
  [[nodiscard]] std::string audit() const { return queue_.audit(); }

 private:
  struct Process {
    Program program;
    ProcessAccount account;
    FootprintId footprint;
    Compute computing;  ///< what is left of the current operation
    bool busy = false;  ///< has an operation in progress
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
  /// Lets the current process ask for its next operation. False when it cannot go on now.
  bool next_operation(unsigned vcpu, ProcessId id);
  void wake_sleepers(unsigned vcpu);
  void wake(unsigned vcpu, ProcessId process);

  VirtualMachine& machine_;
  const GuestCosts& costs_;
  FootprintId footprint_, process_table_;
  std::function<FootprintId()> new_footprint_;
  RunQueue queue_;
  std::vector<Process> processes_;
  std::vector<bool> reschedule_;
  std::priority_queue<Sleeper, std::vector<Sleeper>, std::greater<>> sleepers_;
  std::uint64_t sleep_order_ = 0;
  std::uint64_t jiffies_ = 0;
  Time boot_;
  std::uint64_t switches_ = 0;
};

}  // namespace xensim
