/// Files as the file system knows them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "models/guest/files/directory.hpp"
#include "models/guest/files/file_locks.hpp"
#include "models/guest/files/file_writers.hpp"
#include "models/guest/memory/mapped_file.hpp"
#include "models/guest/memory/page_set.hpp"

namespace xensim {

/// Where the page cache gets its pages and gives them back.
class PageSource {
 public:
  PageSource() = default;
  PageSource(const PageSource&) = delete;
  PageSource& operator=(const PageSource&) = delete;
  virtual ~PageSource() = default;
  /// A page for page `index` of `file`, with one reference, the cache's. Empty: no memory.
  [[nodiscard]] virtual std::optional<PageNumber> take(MappedFile& file, std::uint32_t index) = 0;
  /// The cache lets the page go.
  virtual void drop(PageNumber page) = 0;
  /// A page of the cache differs from the disk now, or was looked up.
  virtual void changed(PageNumber /*page*/) {}
  virtual void used(PageNumber /*page*/) {}
};

enum class InodeKind : std::uint8_t { regular, directory, zero_device, null_device, socket };

/// An inode in core, with the pages of its file in the page cache. A page that has no block on the disk is
/// there from its first use; others may have to be read.
struct Inode final : MappedFile {
  Inode(InodeNumber its_number, InodeKind its_kind) : number(its_number), kind(its_kind) {}

  [[nodiscard]] std::uint32_t pages() const override {
    return static_cast<std::uint32_t>((size + DiskLayout::block_bytes - 1) / DiskLayout::block_bytes);
  }
  [[nodiscard]] std::optional<PageNumber> page(std::uint32_t index) override {
    if (index >= cached.size() || !cached[index].valid()) return std::nullopt;
    return cached[index];
  }
  void dirtied(std::uint32_t index) override { dirtied_by_mapping.insert(index); }
  [[nodiscard]] bool on_disk(std::uint32_t index) const override {
    return index < blocks.size() && blocks[index].valid();
  }
  [[nodiscard]] std::uint64_t block(std::uint32_t index) const override { return blocks[index].value; }
  void forget(std::uint32_t index) override { cached[index] = {}; }
  void remember(std::uint32_t index, PageNumber page) override { cached[index] = page; }

  InodeNumber number;
  InodeKind kind;
  std::uint32_t links = 1;
  std::uint64_t size = 0;                         ///< bytes
  std::uint64_t accessed = 0, modified = 0;       ///< seconds
  std::vector<BlockNumber> blocks;                ///< of data, in the file's order; invalid: a hole
  std::map<std::uint32_t, BlockNumber> indirect;  ///< that name the data blocks from the 13th on
  std::vector<PageNumber> cached;                 ///< by index; invalid: of a hole nobody has read
  PageSet dirtied_by_mapping;                     ///< pages to be written, found when they were unmapped
  PageSet written;                                ///< pages written to since fsync last saw them
  std::uint64_t changed_in = 0;                   ///< transaction that its size or blocks changed in last
  std::unique_ptr<Directory> directory;           ///< null unless it is one
  FileLocks locks;
  FileWriter writer;
};

}  // namespace xensim
