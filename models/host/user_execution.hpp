/// The programs of a guest on one processor: from entry into user mode until something takes over.
#pragma once

#include <algorithm>
#include <optional>

#include "core/calendar.hpp"
#include "models/cpu/processor.hpp"
#include "models/guest/kernel/kernel.hpp"

namespace xensim {

/// Between `begin` and `end` the processor executes the current process of a kernel. Only the end of its
/// operation is in the calendar, and only if an interrupt does not come before; what interrupts calls `end`.
class UserExecution {
 public:
  /// `completion` must lead to `end(calendar.now(), true)`.
  UserExecution(Processor& processor, Calendar& calendar, Event& completion)
      : processor_(processor), calendar_(calendar), completion_(completion) {}

  /// `interrupt`: when the processor will be interrupted at the latest; `never` if nothing is certain.
  void begin(GuestKernel& kernel, unsigned vcpu, Time interrupt) {
    const GuestKernel::Computation computation = kernel.computation(vcpu);
    kernel_ = &kernel;
    vcpu_ = vcpu;
    execution_ = processor_.begin(*computation.working_set, computation.footprint);
    const Time end =
        execution_->start + computation.working_set->time_for(execution_->position, computation.remaining);
    if (end <= interrupt) calendar_.schedule(completion_, end);
  }

  /// Stops at `at`, which is not before the begin; `complete`: the operation is done.
  void end(Time at, bool complete) {
    calendar_.cancel(completion_);
    const Time work = processor_.end(*execution_, at);
    execution_.reset();
    kernel_->computed(vcpu_, work, complete);
  }

  /// An interrupt at the calendar's present: whatever the processor did gives way. False if it is in the
  /// middle of a step, at whose end it will look for interrupts itself; otherwise its steps go on.
  [[nodiscard]] bool interrupt() {
    if (processor_.clock.busy()) return false;
    // A step that led into user mode or the idle loop may have ended after the present.
    const Time at = std::max(calendar_.now(), processor_.clock.local());
    if (active()) {
      end(at, false);
    } else {
      processor_.idle_until(at);
    }
    if (at == calendar_.now()) processor_.clock.resumed();
    return true;
  }

  [[nodiscard]] bool active() const { return execution_.has_value(); }

  /// Brings the accounts up to `now` without disturbing the program.
  void settle(Time now) {
    if (active() && now > execution_->start) processor_.account(*execution_, now);
  }

 private:
  Processor& processor_;
  Calendar& calendar_;
  Event& completion_;
  std::optional<Execution> execution_;
  GuestKernel* kernel_ = nullptr;
  unsigned vcpu_ = 0;
};

}  // namespace xensim
