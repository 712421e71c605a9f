/// The accurate timers of the monitor's processors, and the tick to all domains.
#include <algorithm>

#include "models/host/monitor/monitor.hpp"
#include "models/host/monitor/monitor_core.hpp"

namespace xensim {
namespace {

using Purpose = AccurateTimers::Purpose;

}  // namespace

void Monitor::run_timers(Core& core) {
  const Time now = core.processor.clock.local();
  core.timer_softirq = false;
  core.processor.charge(Activity::monitor, costs_.timer_pass);
  if (core.timers.any_due(now)) run_due_timers(core, now);
  if (core.need_reschedule) return;  // the pass that follows sets the slice and comes here again
  const Time earliest = core.timers.earliest();
  if (earliest == never) {
    calendar_.cancel(core.apic);
  } else {
    calendar_.schedule(core.apic, std::max(earliest, core.processor.clock.local()));
  }
}

void Monitor::run_due_timers(Core& core, Time now) {
  if (core.timers.take_due(Purpose::slice, now)) core.need_reschedule = true;
  if (core.timers.take_due(Purpose::policy, now)) {
    request_pass(core, scheduler_->expire(core.processor.id(), now), &core, now);
    request_passes_elsewhere(&core, now);
    core.timers.set(Purpose::policy, scheduler_->deadline(core.processor.id()));
  }
  if (core.timers.take_due(Purpose::tick, now)) tick(core, now);
  if (core.timers.take_due(Purpose::network, now)) network_->run_timers(core.processor.id());
}

void Monitor::tick(Core& core, Time now) {
  ++ticks_;
  const auto domains = static_cast<std::int64_t>(living_);
  core.processor.touch(Activity::monitor, task_list_,
                       static_cast<std::uint32_t>(domains) * costs_.mark_lines);
  core.processor.charge(Activity::monitor, costs_.mark_event * domains);
  trace(core, core.processor.clock.local(), TraceKind::timer_tick, {}, domains);
  // Every domain is marked; each sees its mark when it is looked at next. What cannot wait: the policy hears
  // of those that wait, and the blocked ones wake, in order of creation.
  for (const auto& other : cores_) {
    const auto& waiting = other->waiting;
    Time due = never;
    for (auto v = waiting.find_first(); v != boost::dynamic_bitset<>::npos; v = waiting.find_next(v)) {
      due = std::min(due, scheduler_->event_marked(VcpuId{static_cast<std::uint32_t>(v)}, now));
    }
    request_pass(*other, due, &core, now);
  }
  for (auto v = blocked_.find_first(); v != boost::dynamic_bitset<>::npos; v = blocked_.find_next(v)) {
    see_ticks(domains_[v]);
    wake(domains_[v], &core, now);
  }
  for (const auto& other : cores_) {
    if (other.get() != &core && other->current != nullptr) send_ipi(*other, &core, now);
  }
  core.timers.set(Purpose::tick, now + parameters_.tick);
}

void Monitor::timer_moved(Core& target, Core* asker, Time now) {
  if (asker == &target) {
    target.timer_softirq = true;
  } else {
    target.ipi_timers = true;
    send_ipi(target, asker, now);
  }
}

}  // namespace xensim
