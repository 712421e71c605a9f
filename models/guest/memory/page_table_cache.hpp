/// Pages for page tables and directories, kept for the next one who needs them.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "models/guest/memory/page_allocator.hpp"

namespace xensim {

/// The quicklists of Linux 2.4.21: tables that were freed are all zero already, and under a monitor stay
/// pinned. A native kernel makes every directory afresh; XenoLinux keeps directories too.
class PageTableCache {
 public:
  /// Trimmed to `low` pages when there are more than `high`.
  static constexpr std::size_t low = 25, high = 50;

  PageTableCache(const KernelContext& kernel, Paging& paging, PageAllocator& pages)
      : kernel_(kernel), paging_(paging), pages_(pages) {}

  /// An empty table, or a directory with nothing but the kernel's part. Empty: no memory.
  [[nodiscard]] std::optional<PageNumber> take_table();
  [[nodiscard]] std::optional<PageNumber> take_directory();
  /// It must be as it was when taken.
  void release_table(PageNumber table);
  void release_directory(PageNumber directory);

  /// As after each release of tables, and in the idle loop.
  void trim();

  [[nodiscard]] std::size_t size() const { return tables_.size() + directories_.size(); }
  /// Adds this cache's references to those in `references`, by page.
  void count_references(std::vector<std::uint32_t>& references) const;

 private:
  /// A zeroed page.
  [[nodiscard]] std::optional<PageNumber> fresh();

  const KernelContext& kernel_;
  Paging& paging_;
  PageAllocator& pages_;
  std::vector<PageNumber> tables_, directories_;
};

}  // namespace xensim
