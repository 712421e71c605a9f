/// Pages that have a slot in the swap area and are in memory (Linux 2.4.21 mm/swap_state.c).
#pragma once

#include <vector>

#include "models/guest/memory/mapped_file.hpp"
#include "models/guest/memory/page_allocator.hpp"
#include "models/guest/memory/swap_area.hpp"

namespace xensim {

/// The swap area as a file of the page cache, indexed by slot. The cache has one reference to each of its
/// pages and one to its slot. All operations are O(1).
class SwapCache final : public MappedFile {
 public:
  SwapCache(PageAllocator& pages, std::uint32_t size) : slots(size), pages_(pages), cached_(size) {}
  ~SwapCache() override;
  SwapCache(const SwapCache&) = delete;
  SwapCache& operator=(const SwapCache&) = delete;

  [[nodiscard]] std::uint32_t pages() const override { return slots.size(); }
  [[nodiscard]] std::optional<PageNumber> page(std::uint32_t slot) override {
    if (!cached_[slot].valid()) return {};
    return cached_[slot];
  }
  void dirtied(std::uint32_t /*slot*/) override {}
  [[nodiscard]] bool on_disk(std::uint32_t /*slot*/) const override { return true; }
  /// The page leaves the cache. Who took the references of the cache over gives them back.
  void forget(std::uint32_t slot) override;

  /// The page, which must not be in the page cache, enters.
  void add(PageNumber page, std::uint32_t slot);
  /// Nobody but the cache and one process refers to the page or its slot.
  [[nodiscard]] bool exclusive(PageNumber page) const;
  /// remove_exclusive_swap_page, for a page that a process has mapped: it is that process's alone and its
  /// slot is free. False: others need it, or it is being written.
  bool leave_to_process(PageNumber page);
  /// A page-table entry no longer names the slot; what only the cache still has goes (free_swap_and_cache).
  void put_entry(std::uint32_t slot);
  /// The page in the cache is no one's any more: it goes, with its slot.
  void drop(PageNumber page);

  [[nodiscard]] std::uint32_t size() const { return size_; }
  SwapArea slots;

 private:
  PageAllocator& pages_;
  std::vector<PageNumber> cached_;  ///< by slot
  std::uint32_t size_ = 0;
};

}  // namespace xensim
