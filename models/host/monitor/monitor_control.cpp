/// How domains come into being, what domain 0 may do to them, and events that come from outside.
#include <algorithm>
#include <utility>
#include <vector>

#include "models/host/monitor/monitor.hpp"
#include "models/host/monitor/monitor_core.hpp"
#include "models/memory/balloon.hpp"

namespace xensim {

Monitor::Core& Monitor::control_core() { return core_of(domains_.front()); }

VcpuId Monitor::start_domain(std::vector<Program> programs, const SchedulingShare& share) {
  Domain& domain = add_domain(share, Domain::State::interruptible);
  for (Program& program : programs) domain.kernel.start(std::move(program), calendar_.now());
  wake(domain, nullptr, calendar_.now());
  return domain.vcpu;
}

Domain& Monitor::add_domain(const SchedulingShare& share, Domain::State state) {
  const Time now = calendar_.now();
  const VcpuId vcpu{static_cast<std::uint32_t>(domains_.size())};
  const CpuId cpu = home(vcpu, static_cast<std::uint32_t>(cores_.size()));
  const FootprintId structures{footprints_++}, kernel{footprints_++};
  Domain& domain = domains_.emplace_back(
      *this, vcpu, cpu, structures, kernel, guest_costs_, [this] { return FootprintId{footprints_++}; }, now);
  if (trace_ != nullptr) domain.kernel.trace_to(*trace_, vcpu);
  domain.ticks_seen = ticks_;
  domain.state = state;
  ++living_;
  blocked_.push_back(state == Domain::State::interruptible);
  for (const auto& core : cores_) core->waiting.resize(domains_.size());
  scheduler_->add(vcpu, cpu, share, now);
  trace(core_of(domain), now, TraceKind::domain_created, vcpu, cpu.value);
  return domain;
}

VcpuId Monitor::create_domain(const SchedulingShare& share) {
  return add_domain(share, Domain::State::suspended).vcpu;
}

MonitorMemory& Monitor::memory() {
  if (!memory_) {
    memory_ =
        std::make_unique<MonitorMemory>(context_, costs_, [this] { return FootprintId{footprints_++}; });
  }
  return *memory_;
}

void Monitor::charge_control(const PagingCall& call, Cycles operation) {
  Core& core = control_core();
  const MemoryCosts& costs = memory().costs;
  use_lines(core, costs.entry_lines() + costs.data_lines());
  core.processor.charge(Activity::monitor, costs.monitor(call) + operation);
  if (std::exchange(memory().cores[core.processor.id().value].monitor.owed.all, false)) {
    core.processor.flush_tlb();
  }
}

void Monitor::return_from_control() { (void)ask_exit(control_core(), domains_.front()); }

void Monitor::unpause(VcpuId vcpu) {
  Domain& domain = domains_[vcpu.value];
  domain.stop_asked = false;
  if (domain.state != Domain::State::suspended) return;
  Core& core = control_core();
  wake(domain, &core, core.processor.clock.local());
}

void Monitor::pause(VcpuId vcpu) {
  Domain& domain = domains_[vcpu.value];
  if (domain.state == Domain::State::suspended) return;
  domain.stop_asked = true;
  ask_hypervisor_event(domain);
}

void Monitor::destroy(VcpuId vcpu) {
  Domain& domain = domains_[vcpu.value];
  if (domain.state != Domain::State::suspended) {
    domain.die_asked = true;
    ask_hypervisor_event(domain);
    return;
  }
  domain.state = Domain::State::dying;
  die(control_core(), domain);
}

/// A domain with a hypervisor event does not block, so that it comes by to take it.
void Monitor::ask_hypervisor_event(Domain& domain) {
  Core& core = control_core();
  const Time now = core.processor.clock.local();
  core.processor.charge(Activity::monitor, costs_.mark_event);
  Core& target = core_of(domain);
  if (blocked_[domain.vcpu.value]) {
    wake(domain, &core, now);
  } else if (target.current == &domain) {
    send_ipi(target, &core, now);
  } else {
    request_pass(target, scheduler_->event_marked(domain.vcpu, now), &core, now);
  }
}

void Monitor::stop_or_die(Core& core) {
  Domain& domain = *core.current;
  core.processor.charge(Activity::monitor, costs_.exit_tests);
  domain.state = domain.die_asked ? Domain::State::dying : Domain::State::suspended;
  domain.die_asked = domain.stop_asked = false;
  core.need_reschedule = true;
}

/// It does not run any more. Its devices take nothing new from it.
void Monitor::die(Core& core, Domain& domain) {
  const DomainId id{domain.vcpu.value};
  domain.ended = core.processor.clock.local();
  domain.dissolve();
  if (block_) block_->detach(id);
  if (network_) network_->remove(id);
  dying_.push_back(domain.vcpu);
  let_go(core);
}

bool Monitor::quiet(DomainId domain) const {
  return (!block_ || block_->service().pending(domain) == 0) && (!network_ || network_->sending(domain) == 0);
}

/// A dying domain keeps its memory as long as a device works on it.
void Monitor::let_go(Core& core) {
  std::erase_if(dying_, [&](VcpuId vcpu) {
    if (!quiet(DomainId{vcpu.value})) return false;
    bury(core, domains_[vcpu.value]);
    return true;
  });
}

/// The last reference to a dying domain is gone: its frames are free, without a look at what is in them.
void Monitor::bury(Core& core, Domain& domain) {
  scheduler_->remove(domain.vcpu, core.processor.clock.local());
  std::uint32_t frames = domain.release_memory();
  if (auto& built = domain.built()) {
    frames += built->domain.frames.count;
    release(memory().machine, built->domain);
    built.reset();
  }
  if (frames > 0) {
    MemoryWork work;
    work.did(MemoryStep::frame_freed, frames);
    core.processor.charge(Activity::monitor, memory().costs.of(work));
  }
  domain.state = Domain::State::dead;
  --living_;
  trace(core, core.processor.clock.local(), TraceKind::domain_gone, domain.vcpu);
}

void Monitor::adjust(VcpuId vcpu, const SchedulingShare& share) {
  using enum AccurateTimers::Purpose;
  Core& core = control_core();
  Core& target = core_of(domains_[vcpu.value]);
  const Time now = core.processor.clock.local();
  scheduler_->adjust(vcpu, share, now);
  const Time deadline = scheduler_->deadline(target.processor.id());
  if (deadline == target.timers.expires(policy)) return;
  target.timers.set(policy, deadline);
  timer_moved(target, &core, now);
}

bool Monitor::set_slice(Time slice) { return scheduler_->set_slice(slice); }

bool Monitor::limit_network(VcpuId vcpu, Bytes bytes, Time interval) {
  return network_ && network_->limit(DomainId{vcpu.value}, bytes, interval);
}

bool Monitor::connect(VcpuId vcpu, bool connected) {
  if (!network_) return false;
  const Ipv4Address address = domains_[vcpu.value].network_address();
  return connected ? network_->connect(DomainId{vcpu.value}, address)
                   : network_->disconnect(DomainId{vcpu.value});
}

bool Monitor::resize_disk(VcpuId vcpu, Bytes size) {
  return block_ && block_->resize(DomainId{vcpu.value}, size);
}

bool Monitor::set_memory(VcpuId vcpu, Bytes size) {
  Domain& domain = domains_[vcpu.value];
  const std::int64_t pages = size.count / page_size;
  if (domain.memory() == nullptr || pages > domain.memory()->domain().max_pages) return false;
  domain.memory_target = static_cast<std::uint32_t>(pages);
  send_event(control_core(), domain, EventBit::console);
  return true;
}

bool Monitor::add_rules(std::uint32_t count) {
  if (!network_) return false;
  network_->add_rules(count);
  return true;
}

void Monitor::arrive(VcpuId vcpu, EventBit event) {
  Core& first = *cores_.front();
  first.arriving.push_back({vcpu, event});
  if (!first.arrival.pending()) calendar_.schedule(first.arrival, calendar_.now());
}

void Monitor::probe(VcpuId vcpu, Platform::Answer answered) {
  Domain& domain = domains_[vcpu.value];
  if (!domain.exists()) return;
  domain.probes.push_back(std::move(answered));
  arrive(vcpu, EventBit::debug);
}

void Monitor::answer_probes(Core& core, Domain& domain) {
  for (const Platform::Answer& answered : std::exchange(domain.probes, {})) {
    answered(core.processor.clock.local());
  }
}

}  // namespace xensim
