/// Pages of the slabs that the data of packets lie in.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "models/guest/memory/page_allocator.hpp"

namespace xensim {

/// A cache of Linux 2.4's slab allocator (kmalloc of 2 and 4 KB), without the price of its objects, which is
/// part of KernelPath::skb_allocate and skb_free. It takes a page from the page allocator only when none of
/// its own is free, and keeps what is given back until memory is short. All operations are O(1) but `reap`.
class PacketPages {
 public:
  PacketPages(const KernelContext& kernel, PageAllocator& pages)
      : kernel_(kernel), pages_(pages), owned_(pages.size()) {}

  /// That freed last, with one reference. Empty: no memory.
  [[nodiscard]] std::optional<PageNumber> allocate();
  void free(PageNumber page);
  [[nodiscard]] bool owns(PageNumber page) const { return owned_[page.value]; }
  /// kmem_cache_reap: four fifths of the free pages go back to the page allocator, unless the cache has grown
  /// since the last call. How many. O(pages given back).
  std::uint32_t reap();

  [[nodiscard]] std::uint32_t free_pages() const { return static_cast<std::uint32_t>(free_.size()); }
  void count_references(std::span<std::uint32_t> references) const {
    for (const PageNumber page : free_) ++references[page.value];
  }

 private:
  const KernelContext& kernel_;
  PageAllocator& pages_;
  std::vector<bool> owned_;  ///< by page
  std::vector<PageNumber> free_;
  bool grown_ = false;
};

}  // namespace xensim
