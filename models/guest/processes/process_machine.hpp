/// What processes with memory need of what is under their kernel.
#pragma once

#include <cstdint>

#include "models/guest/kernel/operation_counts.hpp"
#include "models/guest/memory/kernel_memory.hpp"
#include "models/guest/memory/paging.hpp"
#include "models/memory/walker.hpp"

namespace xensim {

class MemoryReservation;

/// All calls charge their time to the processor under the virtual processor concerned.
class ProcessMachine : public KernelMemory {
 public:
  [[nodiscard]] virtual Paging& paging() = 0;
  /// Null: the machine is all the guest's, for ever.
  [[nodiscard]] virtual MemoryReservation* reservation() { return nullptr; }
  /// The kernel runs on this virtual processor from now on.
  virtual void run_on(unsigned vcpu) = 0;

  /// From user mode into the kernel by a system call or a fault, and back.
  virtual void enter_by_call(unsigned vcpu) = 0;
  virtual void enter_by_fault(unsigned vcpu, const PageFault& fault) = 0;
  virtual void leave(unsigned vcpu) = 0;

  /// A program in the address space loaded there accesses a word.
  [[nodiscard]] virtual Mmu::Result access(unsigned vcpu, Address address, Access access) = 0;

  /// The processor goes over to an address space, and to a kernel stack of two pages from `stack` on
  /// (invalid: the first one). False: it had the address space loaded still.
  virtual bool load(unsigned vcpu, PageNumber directory, PageNumber stack) = 0;
  /// The address space is about to go: no processor may keep it.
  virtual void unload(PageNumber directory) = 0;

  /// What was done for this guest since it began, on all its processors: the part of OperationCounts that is
  /// the machine's. Whatever it costs to look is not charged.
  [[nodiscard]] virtual OperationCounts counts() const = 0;
};

}  // namespace xensim
