/// Where the monitor's networking meets its processors, events and timers.
#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "models/host/monitor/monitor.hpp"
#include "models/host/monitor/monitor_core.hpp"

namespace xensim {

void Monitor::start_network(Switch& outside) {
  const auto cpus = static_cast<std::int64_t>(cores_.size());
  if (parameters_.nic_processor >= cpus) {
    throw InputError({}, fmt::format("nic_processor {}", parameters_.nic_processor),
                     fmt::format("a processor below {}", cpus));
  }
  const CpuId interrupts{static_cast<std::uint32_t>(parameters_.nic_processor)};
  NetworkHost& itself = *this;
  network_ = std::make_unique<MonitorNetwork>(
      context_, MonitorNetwork::Parameters{.mac = addresses::host_interface, .interrupts = interrupts},
      memory(), itself);
  network_->connect(outside.attach(network_->nic()));
  network_->nic().trace_to(trace_, "eth0");
}

std::unique_ptr<XenNetwork> Monitor::give_network(Domain& domain, XenMemory& memory) {
  if (!network_) return {};
  const std::string name = fmt::format("domain {}", domain.vcpu.value);
  Vif& vif = network_->add(memory.domain(), domain.cpu, name, domain.network_address());
  // Domain 0's tools limit the others.
  if (!memory.domain().privileged && parameters_.credit_interval > Time{}) {
    (void)network_->limit(memory.domain().id, parameters_.credit_bytes, parameters_.credit_interval);
  }
  const XenNetwork::Interface interface {
    .page = vif.page, .mac = vif.mac, .mtu = static_cast<std::uint32_t>(parameters_.mtu)
  };
  return std::make_unique<XenNetwork>(memory_->machine, memory.xen_paging(), interface,
                                      [this, &domain] { update_network(domain); });
}

void Monitor::update_network(Domain& domain) {
  Core& core = enter_by_hypercall(domain);
  const CpuId here = core.processor.id();
  network_->update(here, DomainId{domain.vcpu.value});
  // The exit path: softirqs at once, the rest when the kernel's present step ends.
  if (network_->softirq_pending(here)) go_around(core, softirq_code_, costs_.softirqs);
  while (network_->softirq_pending(here)) network_->run_softirq(here);
  core.lines_used = true;
  leave_hypercall(core, domain);
}

void Monitor::network_interrupt(CpuId cpu) {
  Core& core = *cores_[cpu.value];
  core.nic_waits = true;
  on_interrupt(core);
}

void Monitor::network_event(CpuId here, DomainId domain) {
  send_event(*cores_[here.value], domains_[domain.value], EventBit::network);
}

void Monitor::network_timer(CpuId here, Time at) {
  Core& core = *cores_[here.value];
  using enum AccurateTimers::Purpose;
  core.timers.set(network, std::min(core.timers.expires(network), at));
  core.timer_softirq = true;
}

void Monitor::interrupt_to_flush(CpuId here, CpuId there, Cycles time) {
  Core& target = *cores_[there.value];
  Processor& sender = cores_[here.value]->processor;
  const Time now = sender.clock.local();
  target.ipi_work += target.processor.costs().address_space_load;
  send_ipi(target, cores_[here.value].get(), now);
  sender.wait_until(Activity::monitor, now + ipi_latency_ + CycleClock(context_.shape.clock).convert(time));
}

}  // namespace xensim
