/// The kernel's own use of its memory, as far as translations go.
#pragma once

#include "models/memory/walker.hpp"

namespace xensim {

/// What runs the kernel looks each page up as the processor would: on bare hardware large pages that stay in
/// the TLB serve all of it, under a monitor every page has an entry of its own that goes with each flush.
class KernelMemory {
 public:
  KernelMemory() = default;
  KernelMemory(const KernelMemory&) = delete;
  KernelMemory& operator=(const KernelMemory&) = delete;
  virtual ~KernelMemory() = default;

  /// The kernel executes or accesses a word of its memory; it waits for the walks that this takes.
  virtual void kernel_access(Address address, Access access) = 0;
};

}  // namespace xensim
