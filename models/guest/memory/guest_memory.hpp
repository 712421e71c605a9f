/// What a guest kernel's memory management shares between address spaces.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "models/guest/files/dirty_buffers.hpp"
#include "models/guest/kernel/kernel_context.hpp"
#include "models/guest/memory/page_allocator.hpp"
#include "models/guest/memory/page_table_cache.hpp"
#include "models/guest/memory/paging.hpp"
#include "models/guest/memory/space_ring.hpp"
#include "models/guest/memory/swap_cache.hpp"
#include "models/guest/network/packet_pages.hpp"

namespace xensim {

/// Outlives all address spaces and files of the kernel; what it refers to outlives it.
struct GuestMemory {
  /// `size` pages, of which the first `reserved` hold the kernel.
  GuestMemory(const KernelContext& context, Paging& its_paging, std::uint32_t size, std::uint32_t reserved)
      : kernel(context),
        paging(its_paging),
        pages(kernel, size, paging.mapped_pages(), reserved),
        tables(kernel, paging, pages),
        packets(kernel, pages) {}

  /// vm_enough_memory() of overcommit mode 0: nothing is set aside.
  [[nodiscard]] bool enough(std::uint32_t wanted) const {
    const std::uint32_t swappable = swap ? file_pages + swap->size() + swap->slots.free_slots() : 0;
    return pages.free_pages() + reclaimable + swappable > wanted;
  }

  /// A reference from a page table is gone; what only the swap cache still has goes too. True if the page is
  /// free now.
  bool put(PageNumber page) {
    if (pages.put(page)) return true;
    Page& left = pages[page];
    if (left.count > 1 || left.locked || !swap || left.file != swap.get()) return false;
    if (swap->slots.count(left.index) > 1) return false;
    swap->drop(page);
    return true;
  }
  /// Whether put() does no more than to count.
  [[nodiscard]] bool put_only_counts(PageNumber page) const {
    const Page& counted = pages[page];
    return counted.count > 2 || (counted.count == 2 && (!swap || counted.file != swap.get()));
  }
  /// One process has mapped the page, and nobody else can ever see it.
  [[nodiscard]] bool only_user(PageNumber page) const {
    return pages[page].count == 1 || (swap && swap->exclusive(page));
  }

  /// A new anonymous page, which was just used.
  void enter_referenced(PageNumber page) {
    pages.lists().enter(page);
    pages[page].referenced = true;
  }
  /// mark_page_accessed, for pages that reclaim knows of.
  void accessed(PageNumber page) {
    if (pages[page].list != Page::List::none) pages.lists().accessed(page);
  }

  const KernelContext& kernel;
  Paging& paging;
  PageAllocator pages;
  PageTableCache tables;
  PacketPages packets;
  SpaceRing spaces;
  std::unique_ptr<SwapCache> swap;  ///< null: memory is never reclaimed
  DirtyBuffers dirty;               ///< of files and their system
  std::uint32_t file_pages = 0;     ///< in the page cache, without the swap cache
  std::uint32_t reclaimable = 0;    ///< pages that unused names and inodes hold

  /// Room for the entries of one table and the pages that they name, used within one call.
  std::vector<EntryUpdate> updates, other_updates;
  std::vector<PageNumber> named;
};

}  // namespace xensim
