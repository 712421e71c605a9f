/// A processor's own clock, which runs ahead of the calendar as long as nothing can happen in between.
#pragma once

#include "core/calendar.hpp"
#include "core/time.hpp"

namespace xensim {

/// A processor works in steps, each done at its local time and each taking some time. As long as the local
/// time is before every pending event and before anybody outside can act, the next step may be done at once:
/// nothing can happen that would change it. Otherwise the processor waits its turn in the calendar. Either
/// way the steps and events of a host are done in the same order, which strict mode (every step through the
/// calendar) lets tests check.
class ProcessorClock {
 public:
  /// `resume` must lead to `resumed()` and then to the next steps.
  ProcessorClock(Calendar& calendar, Event& resume, bool strict)
      : calendar_(calendar), resume_(resume), strict_(strict) {}

  [[nodiscard]] Time local() const { return local_; }
  void advance(Time span) { local_ += span; }

  /// The local time at which the last step began; no step of any processor will begin before.
  [[nodiscard]] Time step_began() const { return step_began_; }

  /// An event reached this processor, which may now do one step.
  void resumed() { granted_ = true; }

  /// May the next step be done now? If not, `resume` is pending at the local time.
  [[nodiscard]] bool may_step() {
    if (granted_ || (!strict_ && local_ < calendar_.next() && local_ < calendar_.horizon())) {
      granted_ = false;
      step_began_ = local_;
      return true;
    }
    calendar_.schedule(resume_, local_);
    return false;
  }

  /// Is the processor in the middle of a step, as seen from the calendar's present?
  [[nodiscard]] bool busy() const { return resume_.pending(); }

 private:
  Calendar& calendar_;
  Event& resume_;
  Time local_{}, step_began_{};
  bool strict_;
  bool granted_ = false;
};

}  // namespace xensim
