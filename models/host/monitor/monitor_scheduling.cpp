// Members of Monitor: which domain a processor runs, and who asks for a scheduling pass.
#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "models/host/monitor/monitor_core.hpp"

namespace xensim {
namespace {

using Purpose = AccurateTimers::Purpose;

}  // namespace

void Monitor::wake(Domain& domain, Core* waker, Time now) {
  if (waker != nullptr) waker->processor.charge(Activity::monitor, costs_.wake);
  blocked_.reset(domain.vcpu.value);
  core_of(domain).waiting.set(domain.vcpu.value);
  domain.state = Domain::State::running;
  domain.woken_at = now;
  ++domain.wakes;
  trace(core_of(domain), now, TraceKind::wake, domain.vcpu);
  request_pass(core_of(domain), scheduler_->wake(domain.vcpu, now), waker, now);
  request_passes_elsewhere(waker, now);
}

void Monitor::request_pass(Core& target, Time due, Core* asker, Time now) {
  if (due == never) return;
  if (due <= now) {
    if (asker == &target) {
      target.need_reschedule = true;
    } else {
      target.ipi_reschedules = true;
      send_ipi(target, asker, now);
    }
  } else if (due < target.timers.expires(Purpose::slice)) {
    target.timers.set(Purpose::slice, due);
    timer_moved(target, asker, now);
  }
}

void Monitor::request_passes_elsewhere(Core* asker, Time now) {
  for (const CpuId cpu : scheduler_->also_due()) request_pass(*cores_[cpu.value], now, asker, now);
}

void Monitor::send_ipi(Core& target, Core* sender, Time now) {
  if (sender != nullptr) sender->processor.charge(Activity::monitor, costs_.ipi_send);
  if (!target.ipi.pending()) calendar_.schedule(target.ipi, now + ipi_latency_);
}

void Monitor::schedule(Core& core) {
  Processor& processor = core.processor;
  const Time now = processor.clock.local();
  Domain* previous = core.current;
  core.need_reschedule = false;
  bool runnable = false;
  if (previous != nullptr) {
    see_ticks(*previous);
    previous->cpu_time += now - core.last_switch;
    if (previous->state == Domain::State::interruptible &&
        (previous->events.any() || previous->die_asked || previous->stop_asked)) {
      previous->state = Domain::State::running;
    }
    runnable = previous->state == Domain::State::running;
  }
  const Decision decision = scheduler_->schedule(processor.id(), runnable, now);
  core.last_switch = now;
  core.timers.set(Purpose::slice, now + decision.slice);
  core.timers.set(Purpose::policy, scheduler_->deadline(processor.id()));
  core.timer_softirq = true;

  ++core.passes;
  core.scanned += decision.scanned;
  use_lines(core, costs_.switch_lines + decision.scanned * costs_.scan_entry_lines);
  processor.charge(Activity::monitor, costs_.schedule_pass + costs_.schedule_scan_entry * decision.scanned);
  trace(core, core.processor.clock.local(), TraceKind::schedule_pass, decision.next, decision.scanned);
  request_passes_elsewhere(&core, now);

  if (previous != nullptr) {
    const bool blocks = previous->state == Domain::State::interruptible;
    if (runnable) core.waiting.set(previous->vcpu.value);
    if (blocks) blocked_.set(previous->vcpu.value);
    if (!runnable) {
      trace(core, core.processor.clock.local(), blocks ? TraceKind::block : TraceKind::suspend,
            previous->vcpu);
    }
  }
  Domain* next = decision.next.valid() ? &domains_[decision.next.value] : nullptr;
  if (next != nullptr) {
    if (next->cpu != processor.id()) migrate(*next, core);
    core.waiting.reset(next->vcpu.value);
  }
  if (next != previous) switch_to(core, next);
  if (previous != nullptr && previous->state == Domain::State::dying) die(core, *previous);
  if (audit_) {
    if (const std::string fault = audit(); !fault.empty()) throw SimulationError(fault);
  }
}

/// The domain, which waits elsewhere, is at home here from now on. It takes no time but what the processor
/// then lacks of it: lines and translations.
void Monitor::migrate(Domain& domain, Core& core) {
  if (!scheduler_->migrates()) {
    throw SimulationError(fmt::format("cpu{} was to run domain {}, which is placed on cpu{}",
                                      core.processor.id().value, domain.vcpu.value, domain.cpu.value));
  }
  ++core.migrations;
  core_of(domain).waiting.reset(domain.vcpu.value);
  core.waiting.set(domain.vcpu.value);
  domain.move_to(core.processor.id());
  if (network_) network_->move(DomainId{domain.vcpu.value}, domain.cpu);
}

void Monitor::switch_to(Core& core, Domain* next) {
  Processor& processor = core.processor;
  ++core.switches;
  processor.charge(Activity::monitor, costs_.domain_switch);
  processor.flush_tlb();
  if (memory_) {
    memory_->cores[processor.id().value].mmu.switch_to();  // in case the next has none
    if (core.current != nullptr) core.current->switch_out();
    if (next != nullptr) next->switch_in();
  }
  core.current = next;
  processor.bill(next != nullptr ? &next->time_account : nullptr);
  if (next != nullptr) {
    processor.touch(Activity::monitor, next->footprint, costs_.domain_switch_lines);
    if (next->woken_at != never) {
      const auto waited =
          std::chrono::duration_cast<std::chrono::nanoseconds>(core.last_switch - next->woken_at);
      core.wake_to_run.add(static_cast<std::uint64_t>(std::max<std::int64_t>(0, waited.count())));
      ProcessorWaits& waits = next->waits_for_processor;
      waits.last = std::max(Time{}, core.last_switch - next->woken_at);
      waits.all += waits.last;
      next->woken_at = never;
    }
  }
  trace(core, core.processor.clock.local(), TraceKind::switch_to, next != nullptr ? next->vcpu : VcpuId{});
}

}  // namespace xensim
