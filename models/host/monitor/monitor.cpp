#include "models/host/monitor/monitor.hpp"

#include <utility>

#include "models/cpu/traps/exit_path.hpp"
#include "models/host/monitor/monitor_core.hpp"

namespace xensim {
namespace {

using Purpose = AccurateTimers::Purpose;

}  // namespace

Processor& Domain::processor(unsigned /*vcpu*/) { return monitor_.processor(cpu); }
void Domain::switch_address_space(unsigned /*vcpu*/) { monitor_.switch_address_space(*this); }

Monitor::Monitor(const MonitorParameters& parameters, const HostContext& context,
                 std::unique_ptr<Scheduler> scheduler)
    : parameters_(parameters),
      context_(context),
      calendar_(context.calendar),
      costs_(context.calibration, context.costs),
      guest_costs_(context.calibration, context.costs),
      path_costs_(kernel_path_costs(context.calibration, context.costs)),
      ipi_latency_(CycleClock(context.shape.clock).convert(context.costs.ipi_delivery)),
      trace_(context.trace),
      audit_(context.audit),
      scheduler_(std::move(scheduler)),
      task_list_{footprints_++},
      interrupt_code_{footprints_++},
      softirq_code_{footprints_++} {
  for (std::uint32_t i = 0; i < context.cpus; ++i) {
    cores_.push_back(std::make_unique<Core>(*this, CpuId{i}, context, FootprintId{footprints_++}));
  }
  Core& first = *cores_.front();
  first.timers.set(Purpose::tick, calendar_.now() + parameters_.tick);
  calendar_.schedule(first.apic, first.timers.earliest());
  if (context.network != nullptr) start_network(*context.network);
  // Domain 0, on processor 0; the next domain goes to the next processor.
  start_domain({}, {});
}

Monitor::~Monitor() = default;

// --- Control flow -------------------------------------------------------------------------------------

void Monitor::on_interrupt(Core& core) {
  if (core.execution.interrupt()) run(core);
}

void Monitor::run(Core& core) {
  while (core.processor.clock.may_step()) {
    const bool interrupted = core.interrupted();
    if (!interrupted && core.mode == Core::Mode::halted) return;
    if (!interrupted && core.mode == Core::Mode::user) {
      core.execution.begin(core.current->kernel, 0, core.apic.pending() ? core.apic.when() : never);
      return;
    }
    step(core);
  }
}

void Monitor::step(Core& core) {
  if (core.interrupted()) {
    take_interrupt(core);
  } else if (core.mode == Core::Mode::kernel) {
    run_guest_kernel(core);
  } else {
    take_exit_step(core);
  }
}

void Monitor::take_exit_step(Core& core) {
  const Domain* domain = core.current;
  std::uint32_t asked = core.need_reschedule ? bit_of(HypervisorEvent::reschedule) : 0;
  if (domain != nullptr && domain->die_asked) asked |= bit_of(HypervisorEvent::die);
  if (domain != nullptr && domain->stop_asked) asked |= bit_of(HypervisorEvent::stop);
  const ExitStep next = next_exit_step(false, softirq_pending(core) ? 1 : 0, asked,
                                       domain != nullptr ? domain->events : EventMask{});
  if (next != ExitStep::softirqs) core.in_softirqs = false;
  switch (next) {
    case ExitStep::softirqs:
      return run_softirq(core);
    case ExitStep::reschedule:
      return schedule(core);
    case ExitStep::die:
    case ExitStep::stop:
      return stop_or_die(core);
    case ExitStep::deliver_events:
    case ExitStep::resume:  // ticks, which are noticed only then, may be an event yet
      return return_to_guest(core);
  }
}

bool Monitor::softirq_pending(const Core& core) const {
  return core.timer_softirq || core.disk_tasklet ||
         (network_ && network_->softirq_pending(core.processor.id()));
}

void Monitor::run_softirq(Core& core) {
  const Processor::Interrupted interrupted(core.processor);
  if (!std::exchange(core.in_softirqs, true)) go_around(core, softirq_code_, costs_.softirqs);
  if (network_ && network_->softirq_pending(core.processor.id())) {
    network_->run_softirq(core.processor.id());
    let_go(core);
  } else if (core.timer_softirq) {
    run_timers(core);
  } else {
    core.disk_tasklet = false;
    run_block(core);
  }
}

void Monitor::go_around(Core& core, FootprintId code, const CodePath& path) {
  core.processor.execute(Activity::monitor, code, path.code_lines);
  core.processor.charge(Activity::monitor, path.time);
}

void Monitor::take_interrupt(Core& core) {
  const Processor::Interrupted interrupted(core.processor);
  ++core.interrupts;
  core.processor.charge(Activity::monitor, costs_.interrupt_entry);
  core.lines_used = false;
  if (core.apic_waits) {
    core.apic_waits = false;
    core.timer_softirq = true;
  } else if (core.nic_waits) {
    core.nic_waits = false;
    go_around(core, interrupt_code_, costs_.device_interrupt);
    network_->interrupt(core.processor.id());
    let_go(core);
  } else if (core.disk_waits) {
    core.disk_waits = false;
    go_around(core, interrupt_code_, costs_.device_interrupt);
    take_disk_interrupt(core);
    let_go(core);
  } else if (!core.arrivals.empty()) {
    for (const Arrival& arrival : std::exchange(core.arrivals, {})) {
      send_event(core, domains_[arrival.vcpu.value], arrival.event);
    }
  } else {
    core.ipi_waits = false;
    core.processor.charge(Activity::monitor, std::exchange(core.ipi_work, {}));
    core.need_reschedule |= std::exchange(core.ipi_reschedules, false);
    core.timer_softirq |= std::exchange(core.ipi_timers, false);
  }
  core.mode = Core::Mode::monitor;
}

/// The monitor's own code and data, once in each visit to it.
void Monitor::use_lines(Core& core, std::uint32_t lines) {
  core.lines_used = true;
  core.processor.touch(Activity::monitor, core.lines, lines);
}

void Monitor::return_to_guest(Core& core) {
  Processor& processor = core.processor;
  if (!core.lines_used) use_lines(core, costs_.switch_lines);
  processor.charge(Activity::monitor, costs_.exit_tests);
  Domain* domain = core.current;
  if (domain == nullptr) {
    core.mode = Core::Mode::halted;
    return;
  }
  see_ticks(*domain);
  if (domain->events.deliverable()) {
    domain->events.deliver();
    processor.charge(Activity::monitor, domain->in_user ? costs_.deliver_to_user : costs_.deliver_to_kernel);
    domain->upcall = true;
    domain->upcall_of_user = std::exchange(domain->in_user, false);
    trace(core, core.processor.clock.local(), TraceKind::guest_event, domain->vcpu);
  }
  processor.charge(Activity::monitor, costs_.resume_interrupted);
  core.mode = domain->in_user ? Core::Mode::user : Core::Mode::kernel;
}

Monitor::Core& Monitor::enter_by_hypercall(Domain& caller) {
  Core& core = core_of(caller);
  Processor& processor = core.processor;
  processor.execute(Activity::monitor, memory_->footprints.hypercall_code(), memory_->costs.entry_lines());
  processor.use(Activity::monitor, memory_->footprints.data(), memory_->costs.data_lines());
  processor.charge(Activity::monitor, costs_.hypercall_entry);
  return core;
}

void Monitor::leave_hypercall(Core& core, const Domain& caller) {
  if (ask_exit(core, caller)) return;
  core.processor.charge(Activity::monitor, costs_.exit_tests + costs_.resume_guest);
}

bool Monitor::ask_exit(Core& core, const Domain& caller) {
  const bool due = core.need_reschedule || core.timer_softirq || caller.events.deliverable();
  core.exit_due = core.exit_due || due;
  return due;
}

void Monitor::run_guest_kernel(Core& core) {
  Domain& domain = *core.current;
  Processor& processor = core.processor;
  if (domain.upcall) {
    domain.upcall = false;
    processor.charge(Activity::kernel, domain.upcall_of_user ? guest_costs_.event_upcall_of_user
                                                             : guest_costs_.event_upcall_of_kernel);
    do {
      const std::uint32_t taken = domain.events.take();
      if ((taken & EventMask::bit_of(EventBit::block_device)) != 0) domain.processes().disk_interrupt(0);
      if ((taken & EventMask::bit_of(EventBit::timer)) != 0) {
        domain.kernel.timer(0, processor.clock.local(), GuestKernel::TimerDuty::keep_time_and_charge);
      }
      if ((taken & EventMask::bit_of(EventBit::debug)) != 0) answer_probes(core, domain);
      if ((taken & EventMask::bit_of(EventBit::network)) != 0) domain.network_interrupt();
      if ((taken & EventMask::bit_of(EventBit::console)) != 0) domain.console_interrupt();
    } while (domain.events.any());  // the handlers' hypercalls may have brought more
    domain.events.unmask();
  }
  const GuestKernel::Next next = domain.kernel.return_to_user(0);
  if (std::exchange(core.exit_due, false) && next != GuestKernel::Next::idle) {
    domain.in_user = next == GuestKernel::Next::user;
    core.mode = Core::Mode::monitor;
    return;
  }
  if (next == GuestKernel::Next::kernel) return;
  if (next == GuestKernel::Next::user) {
    domain.in_user = true;
    // What came while the kernel had events masked is delivered when it unmasks them.
    core.mode = domain.events.deliverable() ? Core::Mode::monitor : Core::Mode::user;
    return;
  }
  // The idle loop: the yield hypercall blocks the domain until an event.
  core.lines_used = false;
  processor.charge(Activity::monitor, costs_.hypercall_entry);
  domain.state = Domain::State::interruptible;
  core.need_reschedule = true;
  core.mode = Core::Mode::monitor;
}

// --- Events ---------------------------------------------------------------------------------------------

void Monitor::send_event(Core& core, Domain& domain, EventBit event) {
  const Time now = core.processor.clock.local();
  core.processor.charge(Activity::monitor, costs_.mark_event);
  domain.events.mark(event);
  if (domain.state != Domain::State::running && domain.state != Domain::State::interruptible) return;
  Core& target = core_of(domain);
  if (blocked_[domain.vcpu.value]) {
    wake(domain, &core, now);
  } else if (target.current != &domain) {
    request_pass(target, scheduler_->event_marked(domain.vcpu, now), &core, now);
  } else if (&target != &core) {
    send_ipi(target, &core, now);
  }
}

void Monitor::see_ticks(Domain& domain) const {
  if (domain.ticks_seen == ticks_) return;
  domain.ticks_seen = ticks_;
  domain.events.mark(EventBit::timer);
}

// --- Memory, and what is asked from outside --------------------------------------------------------------

void Monitor::switch_address_space(Domain& domain) {
  Processor& on = processor(domain.cpu);
  if (domain.memory() == nullptr) on.charge(Activity::monitor, costs_.address_space_switch);
  if (domain.load_address_space()) {
    on.use_modelled_tlb();
  } else {
    on.flush_tlb();
  }
}

std::unique_ptr<XenMemory> Monitor::give_memory(Domain& domain) {
  Processor& on = processor(domain.cpu);
  if (domain.built()) {
    return std::make_unique<XenMemory>(parameters_, memory(), on, *domain.built(), domain.events);
  }
  return std::make_unique<XenMemory>(parameters_, memory(), on, DomainId{domain.vcpu.value}, domain.events);
}

Processor& Monitor::processor(CpuId cpu) { return cores_[cpu.value]->processor; }

void Monitor::settle() {
  for (const auto& core : cores_) {
    core->execution.settle(calendar_.now());
    if (core->mode == Core::Mode::halted) core->processor.idle_until(calendar_.now());
  }
}

void Monitor::trace(const Core& core, Time at, TraceKind kind, VcpuId vcpu, std::int64_t argument) const {
  if (trace_ == nullptr) return;
  trace_->record({.at = at, .argument = argument, .cpu = core.processor.id(), .vcpu = vcpu, .kind = kind});
}

}  // namespace xensim
