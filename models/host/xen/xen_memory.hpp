/// Memory and gates of a domain under the monitor, for processes that have memory.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "models/cpu/processor.hpp"
#include "models/cpu/traps/domain_traps.hpp"
#include "models/guest/kernel/kernel_image.hpp"
#include "models/guest/processes/process_machine.hpp"
#include "models/host/monitor/monitor_memory.hpp"
#include "models/host/xen/xen_paging.hpp"

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
/// The domain has one virtual processor.
class XenMemory final : public ProcessMachine {
 public:
  /// The kernel boots: it has its memory, and its trap handlers are set. `events` are the domain's.
  XenMemory(const XenMemoryParameters& parameters, MonitorMemory& memory, Processor& processor,
            DomainId domain, EventMask& events);

  /// The same with memory that domain 0 has built.
  XenMemory(const XenMemoryParameters& parameters, MonitorMemory& memory, Processor& processor,
            const BuiltMemory& built, EventMask& events);

  /// The domain is being killed: see XenPaging. What its kernel still does takes no time.
  void abandon() {
    paging_.abandon();
    abandoned_ = true;
  }
  /// The processor goes over to this domain, or away from it.
  void switch_in() {
    core_->gates.install(traps_.fast_trap);
    core_->mmu.switch_to(core_->tags.of(domain_.base));
  }
  /// Switched out, it will be switched in there next. What is left there of its translations from an earlier
  /// stay is flushed.
  void move_to(Processor& processor);
  [[nodiscard]] CpuId cpu() const { return processor_->id(); }
  /// All its frames are free, nobody looks at their contents. Returns how many.
  std::uint32_t release();
  void switch_out() { core_->gates.remove(traps_.fast_trap); }

  [[nodiscard]] Paging& paging() override { return paging_; }
  [[nodiscard]] MemoryReservation* reservation() override { return &paging_; }
  void run_on(unsigned /*vcpu*/) override {}
  void enter_by_call(unsigned vcpu) override;
  void enter_by_fault(unsigned vcpu, const PageFault& fault) override;
  void leave(unsigned vcpu) override;
  [[nodiscard]] Mmu::Result access(unsigned vcpu, Address address, Access access) override;
  void kernel_access(PageNumber page, Access access) override;
  bool load(unsigned vcpu, PageNumber directory, PageNumber stack) override;
  /// The directory stays loaded, as by a kernel that has borrowed it, until another is.
  void unload(PageNumber directory) override;
  [[nodiscard]] OperationCounts counts() const override;

  /// Pages that the kernel may use, from the first.
  [[nodiscard]] std::uint32_t usable_pages() const { return layout_.usable(); }
  [[nodiscard]] const XenPaging& xen_paging() const { return paging_; }
  [[nodiscard]] XenPaging& xen_paging() { return paging_; }
  [[nodiscard]] const MemoryDomain& domain() const { return domain_; }
  [[nodiscard]] MemoryDomain& domain() { return domain_; }
  /// Empty, or the first translation that the page tables contradict. Those of pages that the kernel has lent
  /// to the monitor may.
  [[nodiscard]] std::string audit(const std::function<bool(PageNumber)>& lent = {}) const;

 private:
  [[nodiscard]] XenPaging::Hooks hooks();
  void set_traps();
  /// The end of the stack that the kernel boots on.
  [[nodiscard]] Address first_stack() const { return kernel_address({layout_.start_info().value + 1}); }
  /// The monitor uses their entries in the frame table.
  void look_up(std::span<const FrameNumber> frames);
  void charge(const PagingCall& call);
  void kernel_use(PortPage page) { kernel_access(port_page(page), Access::read); }
  void flush();
  /// No processor takes another address space for this one.
  void forget(FrameNumber directory);
  /// Translates, and waits for the walks of the page tables that it takes.
  [[nodiscard]] Mmu::Result translate(Address address, Access access, Privilege privilege, Activity payer);
  /// Apart from kernel_access(), which hardly ever needs it and is short without it.
  void kernel_walk(Address address, Access access);
  /// Waits for the walks since there were `before`.
  void charge_walks(std::uint64_t before, Activity payer);
  /// An exception of ring 1 or 3 goes by the monitor to the kernel's handler.
  void bounce(const Exception& exception, unsigned ring);
  [[nodiscard]] bool store(std::uint16_t selector, std::uint32_t offset, std::uint32_t word);

  XenMemoryParameters parameters_;
  MonitorMemory& memory_;
  MemoryCore* core_;      ///< of the processor that it runs on, as is
  Processor* processor_;  ///< this
  EventMask& events_;
  MemoryDomain domain_;
  KernelLayout layout_;
  DomainTraps traps_;
  XenPaging paging_;
  std::vector<FootprintId> names_;      ///< room for look_up()
  MemoryWork work_;                     ///< of all hypercalls
  std::optional<FrameNumber> loading_;  ///< the directory that is being loaded
  bool retyped_ = false;                ///< by the last hypercall
  bool listed_ = false;                 ///< it is the first of a multicall
  bool borrowed_ = false;               ///< the address space that is loaded is gone
  bool by_fault_ = false;               ///< how the kernel was entered last
  bool abandoned_ = false;
};

}  // namespace xensim
