#include <set>

#include "models/guest/files/file_system.hpp"

namespace xensim {

std::string FileSystem::audit() const {
  const DiskLayout& layout = groups_.layout();
  std::uint64_t blocks = 0, names = 0;
  std::set<BlockNumber> seen;
  std::size_t nameless = 0;
  const auto check = [&](const Inode& inode) -> std::string {
    if (!groups_.in_use(inode.number)) return "an inode exists that its bitmap calls free";
    std::vector<BlockNumber> its_blocks = inode.blocks;
    std::erase(its_blocks, BlockNumber{});
    for (const auto& [range, block] : inode.indirect) its_blocks.push_back(block);
    for (const BlockNumber block : its_blocks) {
      if (!groups_.in_use(block)) return "a file has a block that is free";
      if (!seen.insert(block).second) return "two files have the same block";
    }
    blocks += its_blocks.size();
    if (inode.links == 0) ++nameless;
    if (inode.pages() != inode.blocks.size()) return "a file's size and its blocks disagree";
    if (inode.kind == InodeKind::directory) {
      if (std::string error = inode.directory->audit(); !error.empty()) return error;
      if (inode.directory->blocks() != inode.blocks.size()) return "a directory lacks a block";
      names += inode.directory->names();
      for (const InodeNumber target : inode.directory->inodes()) {
        if (!exists(target)) return "a name stands for nothing";
      }
      return {};
    }
    if (inode.cached.size() > inode.blocks.size()) return "a page lies behind the end of its file";
    return {};
  };
  std::string fault;
  inodes_.for_each([&](const Inode& inode) {
    if (fault.empty()) fault = check(inode);
  });
  if (!fault.empty()) return fault;
  std::uint64_t reserved = 0;
  for (std::uint32_t group = 0; group < layout.groups; ++group) reserved += layout.reserved_blocks(group);
  const std::uint64_t all_blocks = std::uint64_t{layout.groups} * DiskLayout::blocks_per_group;
  const std::uint64_t all_inodes = std::uint64_t{layout.groups} * DiskLayout::inodes_per_group;
  if (groups_.free_blocks() + blocks + reserved != all_blocks) return "a block is lost";
  const std::uint64_t special = DiskLayout::first_inode - 2;  // the root is one of the reserved, and exists
  if (groups_.free_inodes() + inodes_.size() + special != all_inodes) return "an inode is lost";
  if (names + nameless + 1 != inodes_.size()) return "an inode has no name";
  return journal_.audit();
}

}  // namespace xensim
