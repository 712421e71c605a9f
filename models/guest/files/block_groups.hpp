/// Which blocks and inodes of a file system are in use.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "models/guest/files/bitmap.hpp"
#include "models/guest/files/journal.hpp"

namespace xensim {

/// The allocation of ext3 in Linux 2.4.21 (balloc.c, ialloc.c), bitmaps cached. One block at a time, near its
/// goal; a file's inode in its directory's group; a directory's in a roomy group. Every change is journaled;
/// calls come within a handle. What is freed can be used again at once, not only after the next commit.
class BlockGroups {
 public:
  BlockGroups(const KernelContext& context, Journal& journal, const DiskLayout& layout);

  /// The first free block from `goal` on, else the first of its group, else of the next group that has one.
  /// Empty: the disk is full.
  [[nodiscard]] std::optional<BlockNumber> allocate_block(BlockNumber goal);
  void free_blocks(BlockNumber first, std::uint32_t count);

  [[nodiscard]] std::optional<InodeNumber> allocate_inode(InodeNumber parent, bool directory);
  void free_inode(InodeNumber inode);

  [[nodiscard]] bool in_use(BlockNumber block) const;
  [[nodiscard]] bool in_use(InodeNumber inode) const;
  [[nodiscard]] std::uint64_t free_blocks() const;
  [[nodiscard]] std::uint64_t free_inodes() const;
  [[nodiscard]] const DiskLayout& layout() const { return layout_; }

 private:
  struct Group {
    Bitmap blocks{DiskLayout::blocks_per_group};
    Bitmap inodes{DiskLayout::inodes_per_group};
  };
  [[nodiscard]] std::optional<std::uint32_t> search(const Bitmap& bitmap, std::uint32_t from);
  [[nodiscard]] std::optional<std::uint32_t> group_for_file(std::uint32_t parent) const;
  [[nodiscard]] std::optional<std::uint32_t> group_for_directory() const;
  /// The bitmap that changed, the group's counts, the totals.
  void journal_change(BlockNumber bitmap, std::uint32_t group);

  const KernelContext& context_;
  Journal& journal_;
  DiskLayout layout_;
  std::vector<Group> groups_;
};

}  // namespace xensim
