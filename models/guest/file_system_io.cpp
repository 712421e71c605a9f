// Reading, writing, and what a file is made of.
#include <algorithm>
#include <set>
#include <utility>

#include "models/guest/file_system.hpp"

namespace xensim {

namespace {
constexpr std::uint32_t page_bytes = DiskLayout::block_bytes;
/// Blocks a write sets aside for each page (without quota).
constexpr std::uint32_t page_credits = 10;

/// The indirect blocks on the way to a data block, outermost first: 0 is the one whose pointers lead to
/// others.
std::vector<std::uint32_t> indirect_ranges(std::uint32_t index) {
  constexpr std::uint32_t pointers = DiskLayout::pointers_per_block;
  if (index < DiskLayout::direct_blocks) return {};
  if (index < DiskLayout::direct_blocks + pointers) return {1};
  return {0, 2 + (index - DiskLayout::direct_blocks - pointers) / pointers};
}
/// Up to the double indirect blocks: 4 GB.
constexpr std::uint64_t most_blocks =
    DiskLayout::direct_blocks +
    std::uint64_t{DiskLayout::pointers_per_block} * (DiskLayout::pointers_per_block + 1);
}  // namespace

CallResult FileSystem::read(InodeNumber number, std::uint64_t offset, std::uint64_t bytes) {
  Inode& file = inode(number);
  if (file.kind == InodeKind::directory) return CallResult::failed(CallError::is_directory);
  const std::uint64_t end = std::min(file.size, offset + bytes);
  std::uint64_t at = offset;
  while (at < end) {
    const std::uint64_t here = std::min(end - at, page_bytes - at % page_bytes);
    const auto index = static_cast<std::uint32_t>(at / page_bytes);
    context_.did(KernelPath::page_cache_lookup);
    if (!file.page(index)) {
      if (!cache_page(file, index)) break;
      context_.did(KernelPath::clear_line, page_bytes / 64);
    }
    pages_.used(*file.page(index));
    context_.did(KernelPath::page_read);
    context_.locked(4);  // page cache, page's count up and down, its referenced bit
    context_.copied_file(here, file.page(index)->value, Processor::Stream::read);
    at += here;
  }
  if (file.accessed != context_.seconds) {
    file.accessed = context_.seconds;
    update_alone(file);
  }
  return {.value = static_cast<std::int64_t>(at - offset)};
}

CallResult FileSystem::write(InodeNumber number, std::uint64_t offset, std::uint64_t bytes) {
  Inode& file = inode(number);
  if (file.kind == InodeKind::directory) return CallResult::failed(CallError::is_directory);
  context_.did(KernelPath::file_write);
  context_.locked(2);  // the file's semaphore
  file.modified = context_.seconds;
  update_alone(file);
  std::uint64_t done = 0;
  CallError error = CallError::none;
  while (done < bytes && error == CallError::none) {
    const std::uint64_t at = offset + done;
    const std::uint64_t here = std::min(bytes - done, page_bytes - at % page_bytes);
    error = write_page(file, at, here);
    if (error == CallError::none) done += here;
  }
  if (done == 0 && bytes > 0) return CallResult::failed(error);
  return {.value = static_cast<std::int64_t>(done)};
}

CallError FileSystem::write_page(Inode& file, std::uint64_t offset, std::uint64_t bytes) {
  const auto index = static_cast<std::uint32_t>(offset / page_bytes);
  const Journal::Handle handle(journal_, page_credits);
  context_.locked(10);  // big kernel lock twice; page cache, page's count and lock bit; list of dirty buffers
  if (const CallError error = prepare_page(file, index, bytes); error != CallError::none) return error;
  context_.copied_file(bytes, file.page(index)->value, Processor::Stream::write);
  context_.did(KernelPath::page_write);
  pages_.changed(*file.page(index));
  journal_.data(file.blocks[index]);
  if (offset + bytes > file.size) {
    file.size = offset + bytes;
    update(file);
  }
  return CallError::none;
}

CallError FileSystem::prepare_page(Inode& file, std::uint32_t index, std::uint64_t bytes) {
  context_.did(KernelPath::page_cache_lookup);
  const bool is_new = index >= file.blocks.size() || !file.blocks[index].valid();
  if (!is_new) return CallError::none;
  if (index >= most_blocks) return CallError::file_too_big;
  const bool was_cached = file.page(index).has_value();
  context_.did(KernelPath::buffer_create);
  if (!was_cached && !cache_page(file, index)) return CallError::no_memory;
  if (!map_block(file, index)) {
    if (!was_cached) {
      pages_.drop(std::exchange(file.cached[index], {}));
      file.cached.resize(std::min(file.cached.size(), file.blocks.size()));
    }
    return CallError::no_space;
  }
  if (!was_cached) context_.did(KernelPath::clear_line, (page_bytes - bytes) / 64);
  return CallError::none;
}

bool FileSystem::cache_page(Inode& file, std::uint32_t index) {
  const auto page = pages_.take(file, index);
  if (!page) return false;
  if (index >= file.cached.size()) file.cached.resize(index + 1);
  file.cached[index] = *page;
  context_.did(KernelPath::page_cache_insert);
  context_.locked(5);  // page cache, LRU
  return true;
}

BlockNumber FileSystem::goal(const Inode& file, std::uint32_t index) const {
  for (std::size_t i = std::min<std::size_t>(index, file.blocks.size()); i > 0; --i) {
    if (file.blocks[i - 1].valid()) return {file.blocks[i - 1].value + 1};
  }
  const std::uint32_t group = DiskLayout::group_of(file.number);
  return {group * DiskLayout::blocks_per_group + groups_.layout().reserved_blocks(group)};
}

bool FileSystem::map_block(Inode& file, std::uint32_t index) {
  BlockNumber near = goal(file, index);
  std::vector<std::pair<std::uint32_t, BlockNumber>> added;
  const auto allocate = [&](std::uint32_t range) {
    const auto block = groups_.allocate_block(near);
    if (!block) return false;
    added.emplace_back(range, *block);
    near = {block->value + 1};
    return true;
  };
  constexpr std::uint32_t data = UINT32_MAX;
  const std::vector<std::uint32_t> ranges = indirect_ranges(index);
  bool room = std::all_of(ranges.begin(), ranges.end(), [&](std::uint32_t range) {
    return file.indirect.contains(range) || allocate(range);
  });
  room = room && allocate(data);
  if (!room) {
    for (const auto& [range, unused] : added) groups_.free_blocks(unused, 1);
    return false;
  }
  if (index >= file.blocks.size()) file.blocks.resize(index + 1);
  file.blocks[index] = added.back().second;
  added.pop_back();
  file.indirect.insert(added.begin(), added.end());
  // The block's pointer goes into the innermost; one further out changes when that is new.
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    const bool innermost = i + 1 == ranges.size();
    if (innermost || (!added.empty() && added.back().first == ranges[i + 1])) {
      journal_.change(file.indirect.at(ranges[i]));
    }
  }
  update(file);
  return true;
}

std::string FileSystem::audit() const {
  const DiskLayout& layout = groups_.layout();
  std::uint64_t blocks = 0, names = 0;
  std::set<BlockNumber> seen;
  for (const auto& [number, inode] : inodes_) {
    if (!groups_.in_use(number)) return "an inode exists that its bitmap calls free";
    std::vector<BlockNumber> its_blocks = inode->blocks;
    std::erase(its_blocks, BlockNumber{});
    for (const auto& [range, block] : inode->indirect) its_blocks.push_back(block);
    for (const BlockNumber block : its_blocks) {
      if (!groups_.in_use(block)) return "a file has a block that is free";
      if (!seen.insert(block).second) return "two files have the same block";
    }
    blocks += its_blocks.size();
    if (inode->pages() != inode->blocks.size()) return "a file's size and its blocks disagree";
    if (inode->kind == InodeKind::directory) {
      if (std::string error = inode->directory->audit(); !error.empty()) return error;
      if (inode->directory->blocks() != inode->blocks.size()) return "a directory lacks a block";
      names += inode->directory->names();
      for (const InodeNumber target : inode->directory->inodes()) {
        if (!exists(target)) return "a name stands for nothing";
      }
      continue;
    }
    if (inode->cached.size() > inode->blocks.size()) return "a page lies behind the end of its file";
  }
  std::uint64_t reserved = 0;
  for (std::uint32_t group = 0; group < layout.groups; ++group) reserved += layout.reserved_blocks(group);
  const std::uint64_t all_blocks = std::uint64_t{layout.groups} * DiskLayout::blocks_per_group;
  const std::uint64_t all_inodes = std::uint64_t{layout.groups} * DiskLayout::inodes_per_group;
  if (groups_.free_blocks() + blocks + reserved != all_blocks) return "a block is lost";
  const std::uint64_t special = DiskLayout::first_inode - 2;  // the root is one of the reserved, and exists
  if (groups_.free_inodes() + inodes_.size() + special != all_inodes) return "an inode is lost";
  const auto nameless = std::count_if(inodes_.begin(), inodes_.end(),
                                      [](const auto& entry) { return entry.second->links == 0; });
  if (names + static_cast<std::uint64_t>(nameless) + 1 != inodes_.size()) return "an inode has no name";
  return journal_.audit();
}

}  // namespace xensim
