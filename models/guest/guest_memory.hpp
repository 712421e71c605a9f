/// What a guest kernel's memory management shares between address spaces.
#pragma once

#include <cstdint>
#include <vector>

#include "models/guest/kernel_context.hpp"
#include "models/guest/page_allocator.hpp"
#include "models/guest/page_table_cache.hpp"
#include "models/guest/paging.hpp"

namespace xensim {

/// Outlives all address spaces and files of the kernel; what it refers to outlives it.
struct GuestMemory {
  /// `size` pages, of which the first `reserved` hold the kernel.
  GuestMemory(const KernelContext& context, Paging& its_paging, std::uint32_t size, std::uint32_t reserved)
      : kernel(context), paging(its_paging), pages(kernel, size, reserved), tables(kernel, paging, pages) {}

  /// vm_enough_memory() of overcommit mode 0: nothing is set aside.
  [[nodiscard]] bool enough(std::uint32_t wanted) const { return pages.free_pages() + reclaimable > wanted; }

  const KernelContext& kernel;
  Paging& paging;
  PageAllocator pages;
  PageTableCache tables;
  std::uint32_t reclaimable = 0;  ///< pages that the page cache and unused names and inodes hold

  /// Room for the entries of one table, used within one call.
  std::vector<EntryUpdate> updates, other_updates;
};

}  // namespace xensim
