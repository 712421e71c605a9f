#include "models/host/xen_memory.hpp"

#include <fmt/format.h>

namespace xensim {
namespace {

MemoryDomain domain_named(DomainId id) {
  MemoryDomain domain;
  domain.id = id;
  return domain;
}

}  // namespace

XenMemory::XenMemory(const XenMemoryParameters& parameters, const MonitorCosts& costs, MonitorMemory& memory,
                     Processor& processor, DomainId domain)
    : parameters_(parameters),
      costs_(costs),
      memory_(memory),
      core_(memory.cores[processor.id().value]),
      processor_(processor),
      domain_(domain_named(domain)),
      layout_(memory.build(domain_, processor.id(), parameters.memory)),
      paging_(memory.machine, core_.monitor, domain_, layout_, hooks(),
              static_cast<std::size_t>(parameters.update_queue)) {
  paging_.tell(*this);
}

XenPaging::Hooks XenMemory::hooks() {
  return {.hypercall =
              [this](const PagingCall& call) {
                processor_.charge(Activity::kernel, memory_.costs.kernel(call));
                processor_.charge(Activity::monitor, memory_.costs.monitor(call));
              },
          .flush = [this] { core_.mmu.switch_to(); },
          .flush_page = [this](Address address) { core_.mmu.flush_page(address); },
          .write_fault =
              [this] {
                processor_.charge(Activity::monitor, costs_.bounce_from_kernel);
                processor_.charge(Activity::kernel, processor_.costs().interrupt_return);
              }};
}

void XenMemory::enter_by_call(unsigned /*vcpu*/) {
  if (parameters_.fast_trap) {
    processor_.charge(Activity::kernel, processor_.costs().software_interrupt_entry);
  } else {
    processor_.charge(Activity::monitor, costs_.bounce_from_user);
  }
}

void XenMemory::enter_by_fault(unsigned /*vcpu*/) {
  if (parameters_.bounce_faults) {
    processor_.charge(Activity::monitor, costs_.bounce_from_user);
  } else {
    processor_.charge(Activity::kernel, processor_.costs().software_interrupt_entry);
  }
}

void XenMemory::leave(unsigned /*vcpu*/) {
  processor_.charge(Activity::kernel, processor_.costs().interrupt_return);
}

Mmu::Result XenMemory::translate(Address address, Access access, Privilege privilege, Activity payer) {
  const std::uint64_t before = core_.mmu.counts().walks;
  const Mmu::Result result =
      core_.mmu.translate(address, access, privilege, domain_.base, memory_.machine.contents);
  if (const std::uint64_t walks = core_.mmu.counts().walks - before; walks > 0) {
    processor_.charge(payer, processor_.costs().tlb_walk * static_cast<std::int64_t>(walks));
  }
  return result;
}

Mmu::Result XenMemory::access(unsigned /*vcpu*/, Address address, Access access) {
  return translate(address, access, Privilege::ring3, Activity::refill);
}

void XenMemory::kernel_access(Address address, Access access) {
  if (abandoned_) return;
  if (!translate(address, access, Privilege::ring1, Activity::kernel).faulted()) return;
  // A translation from when the page was a table: it is gone now.
  if (!translate(address, access, Privilege::ring1, Activity::kernel).faulted()) return;
  throw SimulationError(
      fmt::format("domain {}: the kernel cannot access {:#x}", domain_.id.value, address.value));
}

bool XenMemory::load(unsigned /*vcpu*/, PageNumber directory) {
  if (directory.valid() && paging_.loaded() == directory && !borrowed_) return false;
  borrowed_ = false;
  paging_.load(directory, KernelLayout::address_of(layout_.start_info()).value);
  return true;
}

void XenMemory::unload(PageNumber directory) {
  if (paging_.loaded() == directory) borrowed_ = true;
}

std::string XenMemory::audit() const {
  const std::string fault = core_.mmu.audit(domain_.base, memory_.machine.contents);
  return fault.empty() ? fault : fmt::format("domain {}: {}", domain_.id.value, fault);
}

}  // namespace xensim
