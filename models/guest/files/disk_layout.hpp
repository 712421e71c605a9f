/// Where ext3 keeps what, with blocks of 4 KB.
#pragma once

#include <cstdint>

#include "core/ids.hpp"

namespace xensim {

using BlockNumber = Id<struct BlockTag>;  ///< a 4 KB block of a file system
using InodeNumber = Id<struct InodeTag>;  ///< from 1

/// Block groups of 128 MB: super block and group descriptors (or their copies), two bitmaps, a table of
/// inodes, data. The journal has the first data blocks of group 0. Defaults are those of mke2fs of the
/// period.
struct DiskLayout {
  static constexpr std::uint32_t block_bytes = 4096;
  static constexpr std::uint32_t blocks_per_group = 32768;
  static constexpr std::uint32_t inodes_per_group = 16384;
  static constexpr std::uint32_t inodes_per_block = 32;
  static constexpr std::uint32_t descriptors_per_block = 128;
  static constexpr std::uint32_t pointers_per_block = 1024;  ///< in an indirect block
  static constexpr std::uint32_t direct_blocks = 12;         ///< named in the inode itself
  static constexpr InodeNumber root{2};
  static constexpr std::uint32_t first_inode = 11;  ///< below are reserved

  std::uint32_t groups = 16;
  std::uint32_t journal_blocks = 8192;

  [[nodiscard]] std::uint32_t descriptor_blocks() const {
    return (groups + descriptors_per_block - 1) / descriptors_per_block;
  }
  [[nodiscard]] static BlockNumber super_block() { return {0}; }
  [[nodiscard]] static BlockNumber descriptor(std::uint32_t group) {
    return {1 + group / descriptors_per_block};
  }
  [[nodiscard]] BlockNumber block_bitmap(std::uint32_t group) const {
    return {group * blocks_per_group + 1 + descriptor_blocks()};
  }
  [[nodiscard]] BlockNumber inode_bitmap(std::uint32_t group) const {
    return {block_bitmap(group).value + 1};
  }
  [[nodiscard]] BlockNumber inode_block(InodeNumber inode) const {
    const std::uint32_t in_group = (inode.value - 1) % inodes_per_group;
    return {inode_bitmap(group_of(inode)).value + 1 + in_group / inodes_per_block};
  }
  /// Blocks of a group that never hold data, at its beginning.
  [[nodiscard]] std::uint32_t reserved_blocks(std::uint32_t group) const {
    const std::uint32_t tables = 1 + descriptor_blocks() + 2 + inodes_per_group / inodes_per_block;
    return tables + (group == 0 ? journal_blocks : 0);
  }

  [[nodiscard]] BlockNumber journal_start() const { return {reserved_blocks(0) - journal_blocks}; }

  [[nodiscard]] static std::uint32_t group_of(BlockNumber block) { return block.value / blocks_per_group; }
  [[nodiscard]] static std::uint32_t group_of(InodeNumber inode) {
    return (inode.value - 1) / inodes_per_group;
  }
};

}  // namespace xensim
