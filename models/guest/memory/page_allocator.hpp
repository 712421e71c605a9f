/// The pages of a guest: who refers to each, and which are free (Linux 2.4.21 mm/page_alloc.c).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "models/guest/kernel/kernel_context.hpp"
#include "models/guest/memory/page.hpp"
#include "models/guest/memory/page_lists.hpp"
#include "models/guest/memory/paging.hpp"

namespace xensim {

/// A buddy allocator with three zones. Blocks of 2^order pages; those freed last are given out first. A page
/// table's page must be zero again when it is freed; other contents stay until somebody clears them.
///
/// Memory that falls below a zone's low mark asks for the reclaim daemon; whoever cannot be served above the
/// low marks may go down to the minimum. An allocation that finds nothing there fails: who may wait makes
/// room before (MemoryPressure).
class PageAllocator {
 public:
  static constexpr unsigned orders = 10;
  enum class Need : std::uint8_t {
    normal,   ///< down to the minimum
    atomic,   ///< cannot wait: down to a quarter of it
    reserve,  ///< frees memory itself, or is being killed: anything
  };

  enum class Use : std::uint8_t {
    kernel,  ///< must be in the kernel's own mapping: not in high memory
    user,    ///< of programs and files: anywhere, in high memory first
  };

  /// `pages` is the guest's memory, of which the first `reserved` (at least 1) hold the kernel; those from
  /// `low` on are high memory.
  PageAllocator(const KernelContext& kernel, std::uint32_t pages, std::uint32_t low, std::uint32_t reserved);

  /// A block, its first page with one reference. O(orders). Empty: no memory.
  [[nodiscard]] std::optional<PageNumber> allocate(unsigned order = 0, Need need = Need::normal,
                                                   Use use = Use::kernel);
  /// A page of a program or of a file.
  [[nodiscard]] std::optional<PageNumber> allocate_user() { return allocate(0, Need::normal, Use::user); }
  /// Back to the lists; only the first page may have had references.
  void free(PageNumber first, unsigned order = 0);

  /// One reference more or fewer; pages that are reserved or not the guest's are not counted.
  void get(PageNumber page) { ++pages_[page.value].count; }
  /// True if it was the last, and the page is free now.
  bool put(PageNumber page) {
    Page& counted = pages_[page.value];
    if (--counted.count > 0) return false;
    free(page);
    return true;
  }
  [[nodiscard]] bool is_counted(PageNumber page) const {
    return page.valid() && !pages_[page.value].reserved;
  }

  /// Always zero, for reads of memory never written.
  [[nodiscard]] static constexpr PageNumber zero_page() { return {0}; }

  [[nodiscard]] Page& operator[](PageNumber page) { return pages_[page.value]; }
  [[nodiscard]] const Page& operator[](PageNumber page) const { return pages_[page.value]; }
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(pages_.size()); }
  [[nodiscard]] std::uint32_t free_pages() const;
  /// A zone fell below its low mark since the last call.
  [[nodiscard]] bool take_need_for_balance();
  /// Some zone waits for the reclaim daemon.
  [[nodiscard]] bool needs_balance() const { return balance_wanted_; }
  /// Of the highest zone that `use` may take from.
  void ask_for_balance(Use use);
  /// The zone has been seen to.
  void balanced(std::size_t zone);
  /// check_classzone_need_balance: it, or one below, has more free pages than its high mark.
  [[nodiscard]] bool above_high(std::size_t zone) const;
  /// The use for which so many single pages are not to be had above the low marks; above the minimum. If it
  /// is both, that of programs: what they get, the kernel gets too.
  [[nodiscard]] std::optional<Use> short_of(std::uint32_t wanted) const {
    return short_of(wanted, &Zone::low);
  }
  [[nodiscard]] std::optional<Use> badly_short_of(std::uint32_t wanted) const {
    return short_of(wanted, &Zone::minimum);
  }
  /// The highest zone that has pages for that.
  [[nodiscard]] std::size_t highest_zone(Use use) const;

  struct Zone {
    std::uint32_t begin = 0, end = 0;  ///< pages
    std::uint32_t minimum = 0, low = 0, high = 0;
    std::uint32_t free = 0;
    bool needs_balance = false;
    std::array<std::uint32_t, orders> lists{};  ///< first block of each order
  };
  /// DMA, normal, high memory; those that have no pages are empty.
  [[nodiscard]] const std::array<Zone, 3>& zones() const { return zones_; }

  /// Pages that reclaim may look at; who gives a page its use enters it. A page that is freed leaves.
  [[nodiscard]] PageLists& lists() { return lists_; }
  [[nodiscard]] const PageLists& lists() const { return lists_; }

  /// Empty, or the first page whose count is not what `references` says, or a fault of the lists. O(pages).
  [[nodiscard]] std::string audit(std::span<const std::uint32_t> references) const;

 private:
  static constexpr std::uint32_t none = UINT32_MAX;
  static constexpr std::uint8_t not_free = UINT8_MAX;
  struct Block {
    std::uint32_t next = none, previous = none;
    std::uint8_t order = not_free;  ///< of the free block that begins here
  };
  [[nodiscard]] std::optional<PageNumber> take(Zone& zone, unsigned order);
  [[nodiscard]] Zone& zone_of(std::uint32_t page);
  void insert(Zone& zone, std::uint32_t first, unsigned order);
  void remove(Zone& zone, std::uint32_t first);
  void merge(Zone& zone, std::uint32_t first, unsigned order);
  [[nodiscard]] bool free_above(std::uint32_t Zone::*mark, std::uint32_t wanted, Use use) const;
  [[nodiscard]] std::optional<Use> short_of(std::uint32_t wanted, std::uint32_t Zone::*mark) const;

  const KernelContext& kernel_;
  std::vector<Page> pages_;
  PageLists lists_{pages_};
  bool balance_wanted_ = false;
  std::vector<Block> blocks_;
  std::array<Zone, 3> zones_{};
};

}  // namespace xensim
