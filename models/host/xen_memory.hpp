/// Memory and gates of a domain under the monitor, for processes that have memory.
#pragma once

#include <string>

#include "models/guest/process_machine.hpp"
#include "models/host/monitor_memory.hpp"
#include "models/host/xen_paging.hpp"

namespace xensim {

/// What of the monitor's interface to memory a run may change to see what it is worth.
struct XenMemoryParameters {
  Bytes memory{std::int64_t{128} << 20};  ///< of each domain
  std::int64_t update_queue = 2048;       ///< requests that a guest collects at most
  bool fast_trap = true;                  ///< system calls enter the guest's kernel directly
  bool bounce_faults = true;              ///< page faults enter the monitor first
};

/// A system call takes the fast trap straight to the guest's kernel, a fault goes through the monitor; both
/// return to the program without it. Page tables change by hypercalls, which cost what they do.
/// The domain has one virtual processor, which stays on one processor.
class XenMemory final : public ProcessMachine {
 public:
  XenMemory(const XenMemoryParameters& parameters, const MonitorCosts& costs, MonitorMemory& memory,
            Processor& processor, DomainId domain);

  /// The domain is being killed: see XenPaging. What its kernel still does takes no time.
  void abandon() {
    paging_.abandon();
    abandoned_ = true;
  }

  [[nodiscard]] Paging& paging() override { return paging_; }
  void run_on(unsigned /*vcpu*/) override {}
  void enter_by_call(unsigned vcpu) override;
  void enter_by_fault(unsigned vcpu) override;
  void leave(unsigned vcpu) override;
  [[nodiscard]] Mmu::Result access(unsigned vcpu, Address address, Access access) override;
  void kernel_access(Address address, Access access) override;
  bool load(unsigned vcpu, PageNumber directory) override;
  /// The directory stays loaded, as by a kernel that has borrowed it, until another is.
  void unload(PageNumber directory) override;

  /// Pages that the kernel may use, from the first.
  [[nodiscard]] std::uint32_t usable_pages() const { return layout_.usable(); }
  [[nodiscard]] const XenPaging& xen_paging() const { return paging_; }
  [[nodiscard]] const MemoryDomain& domain() const { return domain_; }
  /// Empty, or the first translation that the page tables contradict.
  [[nodiscard]] std::string audit() const;

 private:
  [[nodiscard]] XenPaging::Hooks hooks();
  /// Translates, and waits for the walks of the page tables that it takes.
  [[nodiscard]] Mmu::Result translate(Address address, Access access, Privilege privilege, Activity payer);

  XenMemoryParameters parameters_;
  const MonitorCosts& costs_;
  MonitorMemory& memory_;
  MemoryCore& core_;
  Processor& processor_;
  MemoryDomain domain_;
  KernelLayout layout_;
  XenPaging paging_;
  bool borrowed_ = false;  ///< the address space that is loaded is gone
  bool abandoned_ = false;
};

}  // namespace xensim
