/// The kernel's own use of its memory, as far as translations go.
#pragma once

#include "core/ids.hpp"
#include "models/memory/walker.hpp"

namespace xensim {

using PageNumber = Id<struct PageTag>;  ///< a page of what a guest takes for physical memory

/// What runs the kernel looks each page up as the processor would: on bare hardware large pages that stay in
/// the TLB serve all of it, under a monitor every page has an entry of its own that goes with each flush.
class KernelMemory {
 public:
  KernelMemory() = default;
  KernelMemory(const KernelMemory&) = delete;
  KernelMemory& operator=(const KernelMemory&) = delete;
  virtual ~KernelMemory() = default;

  /// The kernel executes or accesses a word of a page; it waits for the walks that this takes. A page that
  /// the kernel's own mapping does not reach (high memory) is mapped first, for as long as it takes (kmap).
  virtual void kernel_access(PageNumber page, Access access) = 0;
  /// The same in a fault, which clears or copies the page: a high one is mapped for just that, and the
  /// translation of the one before it flushed (kmap_atomic).
  virtual void kernel_fills(PageNumber page, Access access) { kernel_access(page, access); }
};

}  // namespace xensim
