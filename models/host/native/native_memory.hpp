/// Memory and gates of the bare machine, for processes that have memory.
#pragma once

#include <functional>
#include <vector>

#include "models/guest/kernel/virtual_machine.hpp"
#include "models/guest/processes/process_machine.hpp"
#include "models/host/address_space_tags.hpp"
#include "models/host/native/bare_paging.hpp"

namespace xensim {

/// One machine memory, an MMU for each processor. A system call and a fault cost the processor's own way in
/// and out; what the kernel does in between is the kernel's to charge.
class NativeMemory final : public ProcessMachine {
 public:
  /// `invalidate_page`: INVLPG. `processors` outlives this.
  NativeMemory(VirtualMachine& processors, const ProcessorShape& shape, unsigned count, std::uint32_t pages,
               Cycles invalidate_page);

  [[nodiscard]] Paging& paging() override { return paging_; }
  void run_on(unsigned vcpu) override;
  void enter_by_call(unsigned vcpu) override;
  void enter_by_fault(unsigned vcpu, const PageFault& fault) override;
  void leave(unsigned vcpu) override;
  [[nodiscard]] Mmu::Result access(unsigned vcpu, Address address, Access access) override;
  void kernel_access(PageNumber page, Access access) override;
  void kernel_fills(PageNumber page, Access access) override;
  bool load(unsigned vcpu, PageNumber directory, PageNumber stack) override;
  void unload(PageNumber directory) override;
  [[nodiscard]] OperationCounts counts() const override;

  [[nodiscard]] const BarePaging::Counts& paging_counts() const { return paging_.counts(); }
  [[nodiscard]] const Mmu& mmu(unsigned vcpu) const { return cores_[vcpu].mmu; }
  /// Empty, or the first translation that the page tables contradict.
  [[nodiscard]] std::string audit() const;

 private:
  struct Core {
    Mmu mmu;
    AddressSpaceTags tags{};
    PageNumber directory{};  ///< loaded; invalid: one that is not modelled
    bool by_fault = false;   ///< how the kernel was entered last
  };
  /// Translates, and waits for the walks of the page tables that it takes.
  [[nodiscard]] Mmu::Result translate(unsigned vcpu, Address address, Access access, Privilege privilege,
                                      Activity payer);
  [[nodiscard]] bool is_high(PageNumber page) const { return page.value >= low_pages_; }
  /// An entry of the kernel's map, written, and the walk that finds it.
  void map_high();
  /// Apart from kernel_access(), which hardly ever needs it and is short without it.
  void kernel_walk(Address address, Access access);
  /// Waits for the walks since there were `before`.
  void charge_walks(unsigned vcpu, std::uint64_t before, Activity payer);
  void flush_remote(std::uint32_t others, const Address* address);
  /// The processor has the kernel's own tables then.
  void unload_from(unsigned vcpu);

  VirtualMachine& processors_;
  Cycles invalidate_page_;
  PhysicalMemory memory_;
  std::vector<Core> cores_;
  unsigned running_ = 0;
  std::uint64_t loads_ = 0;  ///< of address spaces
  BarePaging paging_;
  std::uint32_t low_pages_ = paging_.mapped_pages();
};

}  // namespace xensim
