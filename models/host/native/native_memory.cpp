#include "models/host/native/native_memory.hpp"

#include <fmt/format.h>

#include <utility>

#include "core/error.hpp"
#include "models/guest/processes/process_kernel.hpp"

namespace xensim {

NativeMemory::NativeMemory(VirtualMachine& processors, const ProcessorShape& shape, unsigned count,
                           std::uint32_t pages, Cycles invalidate_page)
    : processors_(processors),
      invalidate_page_(invalidate_page),
      memory_(pages),
      cores_(count, Core{.mmu = mmu_of(shape)}),
      paging_(memory_, pages,
              {.flush =
                   [this] {
                     Processor& processor = processors_.processor(running_);
                     processor.charge(Activity::kernel, processor.costs().address_space_load);
                     cores_[running_].mmu.flush(FlushScope::space);
                   },
               .flush_page =
                   [this](Address address) {
                     processors_.processor(running_).charge(Activity::kernel, invalidate_page_);
                     cores_[running_].mmu.flush_page(address);
                   },
               .remote = [this](std::uint32_t others,
                                const Address* address) { flush_remote(others, address); }}) {
  paging_.tell(this);
}

void NativeMemory::run_on(unsigned vcpu) {
  running_ = vcpu;
  paging_.run_on(vcpu);
}

void NativeMemory::enter_by_call(unsigned vcpu) {
  Processor& processor = processors_.processor(vcpu);
  processor.charge(Activity::kernel, processor.costs().software_interrupt_entry);
  cores_[vcpu].by_fault = false;
}

void NativeMemory::enter_by_fault(unsigned vcpu, const PageFault& /*fault*/) {
  Processor& processor = processors_.processor(vcpu);
  processor.charge(Activity::kernel, processor.costs().page_fault_entry);
  cores_[vcpu].by_fault = true;
}

void NativeMemory::leave(unsigned vcpu) {
  Processor& processor = processors_.processor(vcpu);
  const ProcessorCosts& costs = processor.costs();
  const bool by_fault = std::exchange(cores_[vcpu].by_fault, false);
  processor.charge(Activity::kernel, by_fault ? costs.exception_return : costs.interrupt_return);
}

Mmu::Result NativeMemory::translate(unsigned vcpu, Address address, Access access, Privilege privilege,
                                    Activity payer) {
  Core& core = cores_[vcpu];
  const std::uint64_t before = core.mmu.counts().walks;
  const Mmu::Result result =
      core.mmu.translate(address, access, privilege, paging_.frame(core.directory), memory_);
  charge_walks(vcpu, before, payer);
  return result;
}

void NativeMemory::charge_walks(unsigned vcpu, std::uint64_t before, Activity payer) {
  const std::uint64_t walks = cores_[vcpu].mmu.counts().walks - before;
  if (walks == 0) return;
  Processor& processor = processors_.processor(vcpu);
  processor.charge(payer, processor.costs().tlb_walk * static_cast<std::int64_t>(walks));
}

Mmu::Result NativeMemory::access(unsigned vcpu, Address address, Access access) {
  return translate(vcpu, address, access, Privilege::ring3, Activity::translation);
}

void NativeMemory::kernel_access(PageNumber page, Access access) {
  if (is_high(page)) return map_high();
  Core& core = cores_[running_];
  const Address address = kernel_address(page);
  // The kernel's own directory, which is not modelled, maps it as all others do.
  if (!core.directory.valid() || core.mmu.hits(address, access, Privilege::ring0)) return;
  kernel_walk(address, access);
}

void NativeMemory::kernel_fills(PageNumber page, Access access) {
  if (is_high(page)) processors_.processor(running_).charge(Activity::kernel, invalidate_page_);
  kernel_access(page, access);
}

void NativeMemory::map_high() {
  Processor& processor = processors_.processor(running_);
  processor.charge(Activity::kernel, processor.costs().high_page_map + processor.costs().tlb_walk);
}

void NativeMemory::kernel_walk(Address address, Access access) {
  Core& core = cores_[running_];
  const std::uint64_t before = core.mmu.counts().walks;
  const bool faulted =
      core.mmu.after_miss(address, access, Privilege::ring0, paging_.frame(core.directory), memory_)
          .faulted();
  charge_walks(running_, before, Activity::kernel);
  if (faulted) throw SimulationError(fmt::format("the kernel cannot access {:#x}", address.value));
}

bool NativeMemory::load(unsigned vcpu, PageNumber directory, PageNumber /*stack*/) {
  Core& core = cores_[vcpu];
  if (directory.valid() && core.directory == directory) return false;
  Processor& processor = processors_.processor(vcpu);
  processor.charge(Activity::kernel, processor.costs().address_space_load);
  ++loads_;
  if (core.directory.valid()) core.mmu.switch_to(core.tags.of({directory.value}));
  core.directory = directory;
  run_on(vcpu);
  paging_.load(directory);
  return true;
}

void NativeMemory::unload(PageNumber directory) {
  for (unsigned i = 0; i < cores_.size(); ++i) {
    cores_[i].tags.forget(paging_.frame(directory));
    if (cores_[i].directory == directory) unload_from(i);
  }
}

void NativeMemory::unload_from(unsigned vcpu) {
  const unsigned running = running_;
  cores_[vcpu].directory = {};
  cores_[vcpu].mmu.flush(FlushScope::space);
  run_on(vcpu);
  paging_.load({});
  run_on(running);
}

void NativeMemory::flush_remote(std::uint32_t others, const Address* address) {
  Processor& sender = processors_.processor(running_);
  for (unsigned i = 0; i < cores_.size(); ++i) {
    if ((others >> i & 1) == 0) continue;
    if (address != nullptr)
      cores_[i].mmu.flush_page(*address);
    else
      cores_[i].mmu.flush(FlushScope::all_but_global);
    if (processors_.processes().give_up_borrowed(i)) unload_from(i);
    processors_.kick(running_, i);
    // The sender waits for the answer.
    sender.charge(Activity::kernel, sender.costs().ipi_delivery * 2);
  }
}

OperationCounts NativeMemory::counts() const {
  using enum OperationCount;
  const BarePaging::Counts& paging = paging_.counts();
  OperationCounts counts;
  counts.add(entries_written, paging.table_entries + paging.directory_entries);
  counts.add(address_space_loads, loads_);
  counts.add(full_flushes, paging.flushes);
  counts.add(page_invalidations, paging.page_flushes);
  counts.add(interrupts_sent, paging.remote_flushes);
  for (unsigned i = 0; i < cores_.size(); ++i) {
    counts.add(tlb_walks, cores_[i].mmu.counts().walks);
    counts.add(lines_refilled, processors_.processor(i).lines_missed());
  }
  return counts;
}

std::string NativeMemory::audit() const {
  for (unsigned i = 0; i < cores_.size(); ++i) {
    if (!cores_[i].directory.valid()) continue;
    const std::string fault = cores_[i].mmu.audit(paging_.frame(cores_[i].directory), memory_);
    if (!fault.empty()) return fmt::format("cpu{}: {}", i, fault);
  }
  return {};
}

}  // namespace xensim
