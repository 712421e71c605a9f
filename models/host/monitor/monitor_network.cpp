#include "models/host/monitor/monitor_network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "models/cpu/calibration_section.hpp"

namespace xensim {
namespace {

constexpr std::uint32_t exact = UINT32_MAX;  ///< every bit of an address counts
constexpr std::string_view control_name = "Domain-0";

}  // namespace

MonitorNetwork::MonitorNetwork(const HostContext& context, const Parameters& parameters,
                               MonitorMemory& memory, NetworkHost& host)
    : memory_(memory),
      host_(host),
      costs_(context.calibration, context.costs),
      interrupts_(parameters.interrupts),
      net_(memory.machine, parameters.mac),
      nic_(context.calendar, NicParameters(context.calibration),
           Moderation::interrupting(context.calibration), parameters.mac,
           [this] { host_.network_interrupt(interrupts_); }),
      wake_room_(NicParameters(context.calibration).transmit_ring / 4),
      cpus_(context.cpus) {
  (void)net_.add(memory.control(), monitor({0}), control_name);
  const auto buffers = CalibrationSection(context.calibration, "network.").whole("receive_posted");
  for (auto i = buffers; i > 0; --i) {
    if (const FrameNumber page = net_.take_page(); page.valid()) nic_.post(page.value);
  }
  data_ = memory.footprints.another();
  for (FootprintId& code : code_) code = memory.footprints.another();
  for (FootprintId& code : driver_code_) code = memory.footprints.another();
  nic_.unmask(context.calendar.now());
  if (context.trace != nullptr) observe(*context.trace);
}

void MonitorNetwork::observe(TraceSink& sink) {
  net_.observe([this, &sink](VifId vif, const EthernetFrame& frame) {
    const std::string name = fmt::format("dom{}/vif{}", vif.domain().value, vif.index());
    sink.frame({now(entered_), name, frame.known(), frame.length()});
  });
}

void MonitorNetwork::connect(Wire& out) {
  nic_.connect(out);
  connected_ = true;
}

// --- Interfaces ---

std::array<FilterRule, 2> MonitorNetwork::rules_of(VifId vif, const Ipv4Address& address) {
  return {
      FilterRule{.source = address, .source_mask = exact, .source_vif = vif, .destination_vif = physical_vif},
      FilterRule{.destination = address, .destination_mask = exact, .destination_vif = vif}};
}

Vif& MonitorNetwork::add(MemoryDomain& domain, CpuId cpu, std::string_view name, const Ipv4Address& address) {
  const VifId first = VifId::of(domain.id, 0);
  if (domain.id == memory_.control().id) net_.remove(first);
  const VifId id = net_.add(domain, monitor(cpu), name).value();
  (void)connect(domain.id, address);
  return *net_.find(id);
}

bool MonitorNetwork::connect(DomainId domain, const Ipv4Address& address) {
  const VifId id = VifId::of(domain, 0);
  if (net_.find(id) == nullptr) return false;
  for (const FilterRule& rule : rules_of(id, address)) {
    if (std::ranges::count(rules_, rule) > 0) continue;
    (void)net_.add_rule(memory_.control(), rule);
    rules_.push_back(rule);
  }
  return true;
}

void MonitorNetwork::add_rules(std::uint32_t count) {
  const FilterRule unmatched{.source = {exact}, .source_mask = exact, .destination_vif = physical_vif};
  for (std::uint32_t i = 0; i < count; ++i) (void)net_.add_rule(memory_.control(), unmatched);
}

bool MonitorNetwork::limit(DomainId domain, Bytes bytes, Time interval) {
  const auto limit = static_cast<std::uint32_t>(std::clamp<std::int64_t>(bytes.count, 0, UINT32_MAX));
  return net_.set_credit(memory_.control(), VifId::of(domain, 0), limit, interval) == HypercallStatus::done;
}

void MonitorNetwork::move(DomainId domain, CpuId cpu) {
  for (std::uint32_t i = 0; i < VirtualNetwork::max_vifs; ++i) {
    net_.move(VifId::of(domain, i), monitor(cpu));
  }
}

void MonitorNetwork::remove(DomainId domain) {
  (void)disconnect(domain);
  for (std::uint32_t i = 0; i < VirtualNetwork::max_vifs; ++i) net_.remove(VifId::of(domain, i));
}

bool MonitorNetwork::disconnect(DomainId domain) {
  std::erase_if(rules_, [&](const FilterRule& rule) {
    const bool goes = rule.names(domain);
    if (goes) (void)net_.remove_rule(memory_.control(), rule);
    return goes;
  });
  return net_.find(VifId::of(domain, 0)) != nullptr;
}

// --- Entries ---

void MonitorNetwork::update(CpuId here, DomainId caller) {
  entered_ = here;
  const Vif* first = net_.find(VifId::of(caller, 0));
  if (first != nullptr) net_.update({memory_.machine, monitor(here), *first->domain}, now(here));
  settle(here);
}

void MonitorNetwork::interrupt(CpuId here) {
  entered_ = here;
  MemoryCpu& cpu = monitor(here);
  did(here, DriverStep::interrupt);
  host_.processor_of(here).fetch(Activity::monitor, 1);  // the status block
  nic_.mask(now(here));
  std::uint32_t received = 0;
  for (; const auto packet = nic_.take_received(); ++received) {
    // Two descriptors a line, which the NIC has written.
    if (received % 2 == 0) host_.processor_of(here).fetch(Activity::monitor, 1);
    did(here, DriverStep::received);
    const FrameNumber page{packet->tag}, other = net_.take_page();
    if (other.valid()) {
      did(here, DriverStep::refilled);
      net_.receive(page, packet->frame);
    } else {
      ++driver_drops_;
    }
    nic_.post(other.valid() ? other.value : page.value);
  }
  while (nic_.take_sent()) {
    did(here, DriverStep::sent);
    const Transmission sent = in_nic_.front();
    in_nic_.pop_front();
    net_.transmitted(sent, cpu, now(here));
  }
  if (stopped_ && nic_.transmit_room() > wake_room_) {
    stopped_ = false;
    cpus_[here.value].transmit = true;
  }
  settle(here);
  nic_.unmask(now(here));
}

void MonitorNetwork::run_softirq(CpuId here) {
  entered_ = here;
  Cpu& cpu = cpus_[here.value];
  if (cpu.receive) {
    cpu.receive = false;
    net_.deliver_all(monitor(here));
  } else if (cpu.transmit) {
    cpu.transmit = false;
    transmit(here);
  }
  settle(here);
}

void MonitorNetwork::transmit(CpuId here) {
  constexpr std::uint32_t descriptors = 2;  // the header that the monitor keeps, the rest in the guest's page
  while (connected_ && !stopped_) {
    const auto next = net_.next_transmission(monitor(here), now(here));
    if (!next) return;
    charge(here);
    did(here, DriverStep::transmit);
    in_nic_.push_back(*next);
    nic_.transmit(net_.on_wire(*next), next_tag_++, descriptors, now(here));
    stopped_ = nic_.transmit_room() <= fragments + 1;
  }
}

void MonitorNetwork::run_timers(CpuId here) {
  entered_ = here;
  const Time present = now(here);
  auto& refills = cpus_[here.value].refills;
  const auto is_due = [&](const NetEffects::Refill& refill) {
    return refill.at <= present + AccurateTimers::slop;
  };
  std::vector<NetEffects::Refill> due;
  std::ranges::copy_if(refills, std::back_inserter(due), is_due);
  std::erase_if(refills, is_due);
  for (const NetEffects::Refill& refill : due) net_.refill(refill.vif, monitor(here), present);
  settle(here);
  for (const NetEffects::Refill& left : refills) host_.network_timer(here, left.at);
}

// --- Time and effects ---

void MonitorNetwork::did(CpuId here, DriverStep step) {
  Processor& processor = host_.processor_of(here);
  processor.execute(Activity::monitor, driver_code_[static_cast<std::size_t>(step)], costs_.code_lines(step));
  processor.charge(Activity::monitor, costs_.of(step));
}

void MonitorNetwork::charge(CpuId here) {
  Processor& processor = host_.processor_of(here);
  const WorkCount<NetStep> work = std::exchange(net_.work, {});
  for (std::size_t i = 0; i < code_.size(); ++i) {
    const auto step = static_cast<NetStep>(i);
    if (work[step] > 0) processor.execute(Activity::monitor, code_[i], costs_.code_lines(step));
  }
  processor.charge(Activity::monitor, costs_.of(work));
  processor.fetch(Activity::monitor,
                  static_cast<std::uint32_t>(work[NetStep::remote_packet]) * costs_.remote_lines());
  for (MemoryCore& core : memory_.cores) {
    processor.charge(Activity::monitor, memory_.costs.of(std::exchange(core.monitor.work, {})));
  }
  total_ += work;
  const auto local = static_cast<std::int64_t>(work[NetStep::shootdown] - work[NetStep::remote_shootdown]);
  processor.charge(Activity::monitor, processor.costs().address_space_load * local);
}

void MonitorNetwork::settle(CpuId here) {
  host_.processor_of(here).use(Activity::monitor, data_, costs_.data_lines());
  charge(here);
  flush(here);
  NetEffects owed = std::exchange(net_.owed, {});
  cpus_[here.value].receive |= owed.receive;
  cpus_[here.value].transmit |= owed.transmit && !stopped_;
  for (const NetEffects::Refill& refill : owed.refills) {
    cpus_[here.value].refills.push_back(refill);
    host_.network_timer(here, refill.at);
  }
  for (const DomainId domain : owed.events) host_.network_event(here, domain);
}

/// What TLBs are owed. Several buffers that were posted at the same time share one flush.
void MonitorNetwork::flush(CpuId here) {
  for (std::uint32_t i = 0; i < memory_.cores.size(); ++i) {
    MemoryCore& core = memory_.cores[i];
    if (core.monitor.owed.all) {
      // The kernel's mapping is in all its address spaces.
      core.mmu.flush(FlushScope::all_but_global);
      if (CpuId{i} != here) host_.interrupt_to_flush(here, {i}, costs_.remote_flush());
    }
    for (const Address page : core.monitor.owed.pages) core.mmu.flush_page(page);
    core.monitor.owed.clear();
  }
}

// --- Audit ---

std::string MonitorNetwork::audit() const {
  for (std::string fault : {net_.audit(), nic_.audit()}) {
    if (!fault.empty()) return fault;
  }
  if (!net_.owed.events.empty() || !net_.owed.refills.empty()) return "events or timers were forgotten";
  return {};
}

}  // namespace xensim
