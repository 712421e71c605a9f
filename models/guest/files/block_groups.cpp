#include "models/guest/files/block_groups.hpp"

#include <algorithm>

namespace xensim {

BlockGroups::BlockGroups(const KernelContext& context, Journal& journal, const DiskLayout& layout)
    : context_(context), journal_(journal), layout_(layout), groups_(layout.groups) {
  for (std::uint32_t group = 0; group < layout_.groups; ++group) {
    for (std::uint32_t block = 0; block < layout_.reserved_blocks(group); ++block) {
      groups_[group].blocks.set(block);
    }
  }
  for (std::uint32_t inode = 0; inode + 1 < DiskLayout::first_inode; ++inode) groups_[0].inodes.set(inode);
}

std::optional<std::uint32_t> BlockGroups::search(const Bitmap& bitmap, std::uint32_t from) {
  context_.did(KernelPath::bitmap_search);
  const Bitmap::Search found = bitmap.first_clear(from);
  context_.did(KernelPath::bitmap_word, found.words);
  return found.bit;
}

void BlockGroups::journal_change(BlockNumber bitmap, std::uint32_t group) {
  journal_.change(bitmap);
  journal_.change(DiskLayout::descriptor(group));
  journal_.change(DiskLayout::super_block());
}

std::optional<BlockNumber> BlockGroups::allocate_block(BlockNumber goal) {
  context_.did(KernelPath::block_allocate);
  context_.locked(2);  // the file system's own lock
  const std::uint32_t preferred = std::min(DiskLayout::group_of(goal), layout_.groups - 1);
  for (std::uint32_t tried = 0; tried < layout_.groups; ++tried) {
    const std::uint32_t group = (preferred + tried) % layout_.groups;
    Bitmap& blocks = groups_[group].blocks;
    if (blocks.free() == 0) continue;
    context_.did(KernelPath::buffer_lookup);
    context_.locked(4);
    const std::uint32_t from = tried == 0 ? goal.value % DiskLayout::blocks_per_group : 0;
    auto bit = search(blocks, from);
    if (!bit) bit = search(blocks, 0);
    blocks.set(*bit);
    journal_change(layout_.block_bitmap(group), group);
    return BlockNumber{group * DiskLayout::blocks_per_group + *bit};
  }
  return std::nullopt;
}

void BlockGroups::free_blocks(BlockNumber first, std::uint32_t count) {
  while (count > 0) {
    const std::uint32_t group = DiskLayout::group_of(first);
    const std::uint32_t start = first.value % DiskLayout::blocks_per_group;
    const std::uint32_t here = std::min(count, DiskLayout::blocks_per_group - start);
    context_.did(KernelPath::buffer_lookup);
    context_.did(KernelPath::block_free, here);
    context_.locked(6 + here);  // lock of the file system, bitmap's buffer; each bit is cleared atomically
    for (std::uint32_t i = 0; i < here; ++i) groups_[group].blocks.clear(start + i);
    journal_change(layout_.block_bitmap(group), group);
    first.value += here;
    count -= here;
  }
}

std::optional<std::uint32_t> BlockGroups::group_for_file(std::uint32_t parent) const {
  const auto has_room = [&](std::uint32_t group) { return groups_[group].inodes.free() > 0; };
  if (has_room(parent)) return parent;
  std::uint32_t group = parent;
  for (std::uint32_t step = 1; step < layout_.groups; step <<= 1) {
    group = (group + step) % layout_.groups;
    if (has_room(group)) return group;
  }
  for (std::uint32_t step = 1; step < layout_.groups; ++step) {
    group = (parent + step) % layout_.groups;
    if (has_room(group)) return group;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> BlockGroups::group_for_directory() const {
  const std::uint64_t average = free_inodes() / layout_.groups;
  std::optional<std::uint32_t> best;
  for (std::uint32_t group = 0; group < layout_.groups; ++group) {
    const Group& candidate = groups_[group];
    if (candidate.inodes.free() == 0 || candidate.inodes.free() < average) continue;
    if (!best || candidate.blocks.free() > groups_[*best].blocks.free()) best = group;
  }
  return best;
}

std::optional<InodeNumber> BlockGroups::allocate_inode(InodeNumber parent, bool directory) {
  context_.locked(2);
  const auto group = directory ? group_for_directory() : group_for_file(DiskLayout::group_of(parent));
  if (!group) return std::nullopt;
  context_.did(KernelPath::buffer_lookup);
  context_.locked(4);
  const auto bit = search(groups_[*group].inodes, 0);
  groups_[*group].inodes.set(*bit);
  journal_change(layout_.inode_bitmap(*group), *group);
  return InodeNumber{*group * DiskLayout::inodes_per_group + *bit + 1};
}

void BlockGroups::free_inode(InodeNumber inode) {
  const std::uint32_t group = DiskLayout::group_of(inode);
  context_.did(KernelPath::buffer_lookup);
  context_.locked(7);  // lock of the file system, bitmap's buffer, the bit
  groups_[group].inodes.clear((inode.value - 1) % DiskLayout::inodes_per_group);
  journal_change(layout_.inode_bitmap(group), group);
}

bool BlockGroups::in_use(BlockNumber block) const {
  return groups_[DiskLayout::group_of(block)].blocks.test(block.value % DiskLayout::blocks_per_group);
}

bool BlockGroups::in_use(InodeNumber inode) const {
  return groups_[DiskLayout::group_of(inode)].inodes.test((inode.value - 1) % DiskLayout::inodes_per_group);
}

std::uint64_t BlockGroups::free_blocks() const {
  std::uint64_t free = 0;
  for (const Group& group : groups_) free += group.blocks.free();
  return free;
}

std::uint64_t BlockGroups::free_inodes() const {
  std::uint64_t free = 0;
  for (const Group& group : groups_) free += group.inodes.free();
  return free;
}

}  // namespace xensim
