/// A file as memory management sees it: pages in the page cache.
#pragma once

#include <cstdint>
#include <optional>

#include "models/guest/memory/paging.hpp"

namespace xensim {

/// Indices count pages from the file's start. The cache holds one reference to each page it has.
class MappedFile {
 public:
  MappedFile() = default;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  virtual ~MappedFile() = default;

  /// Size in pages, rounded up.
  [[nodiscard]] virtual std::uint32_t pages() const = 0;
  /// The page in the cache; empty: it must be read first. `index` is below pages().
  [[nodiscard]] virtual std::optional<PageNumber> page(std::uint32_t index) = 0;
  /// A mapping changed the page, which was clean: it has to be written some time.
  virtual void dirtied(std::uint32_t index) = 0;

  // For files whose pages need not stay in memory.
  /// The page has a place on the disk, where it can be written and read again.
  [[nodiscard]] virtual bool on_disk(std::uint32_t /*index*/) const { return false; }
  /// Where that is, in blocks of a page from the start of its partition.
  [[nodiscard]] virtual std::uint64_t block(std::uint32_t index) const { return index; }
  /// The page is no longer in the cache, or is again, with a reference.
  virtual void forget(std::uint32_t /*index*/) {}
  virtual void remember(std::uint32_t /*index*/, PageNumber /*page*/) {}
};

}  // namespace xensim
