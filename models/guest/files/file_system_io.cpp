// Reading, writing, and what a file is made of.
#include <algorithm>
#include <utility>

#include "models/guest/files/file_system.hpp"
#include "models/guest/files/journal_credits.hpp"

namespace xensim {

namespace {
constexpr std::uint32_t page_bytes = DiskLayout::block_bytes;

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

CallResult FileSystem::read_page(InodeNumber number, std::uint64_t offset, std::uint64_t bytes, bool sought) {
  Inode& file = inode(number);
  if (offset >= file.size) return {};
  const std::uint64_t here = std::min({file.size - offset, bytes, page_bytes - offset % page_bytes});
  const auto index = static_cast<std::uint32_t>(offset / page_bytes);
  context_.did(KernelPath::page_cache_lookup);
  if (!file.page(index)) {
    if (!cache_page(file, index)) return {};
    context_.did(KernelPath::clear_line, page_bytes / 64);
  }
  // Once for all pieces in which a page is read in sequence.
  const bool is_first = sought || offset % page_bytes == 0;
  if (is_first) pages_.used(*file.page(index));
  context_.did(KernelPath::page_read);
  context_.locked(is_first ? 4 : 3);  // page cache, page's count up and down, its referenced bit
  context_.copied_file(here, file.page(index)->value, Processor::Stream::read);
  return {.value = static_cast<std::int64_t>(here)};
}

void FileSystem::accessed(InodeNumber number) {
  Inode& file = inode(number);
  if (file.accessed == context_.seconds) return;
  file.accessed = context_.seconds;
  update_alone(file);
}

void FileSystem::begin_write(InodeNumber number) {
  context_.did(KernelPath::file_write);
  context_.locked(2);  // the file's semaphore
  Inode& file = inode(number);
  file.modified = context_.seconds;
  update_alone(file);
}

CallResult FileSystem::write(InodeNumber number, std::uint64_t offset, std::uint64_t bytes) {
  if (inode(number).kind == InodeKind::directory) return CallResult::failed(CallError::is_directory);
  begin_write(number);
  std::uint64_t done = 0;
  CallResult result;
  while (done < bytes && result.ok()) {
    result = write_page(number, offset + done, bytes - done);
    done += static_cast<std::uint64_t>(result.value);
  }
  if (done == 0 && !result.ok()) return result;
  return {.value = static_cast<std::int64_t>(done)};
}

CallResult FileSystem::write_page(InodeNumber number, std::uint64_t offset, std::uint64_t all_bytes) {
  Inode& file = inode(number);
  const std::uint64_t bytes = std::min(all_bytes, page_bytes - offset % page_bytes);
  const auto index = static_cast<std::uint32_t>(offset / page_bytes);
  SpinLock::Held preparing = context_.hold(KernelLock::big_kernel);
  const Journal::Handle handle(journal_, journal_credits::page);
  // Big kernel lock twice; page cache, page's count, lock bit and two more; lists of dirty buffers.
  context_.locked(14);
  if (const CallError error = prepare_page(file, index, bytes); error != CallError::none) {
    return CallResult::failed(error);
  }
  preparing.release();
  context_.copied_file(bytes, file.page(index)->value, Processor::Stream::write);
  const SpinLock::Held committing = context_.hold(KernelLock::big_kernel);
  context_.did(KernelPath::page_write);
  pages_.changed(*file.page(index));
  file.written.insert(index);
  journal_.data(file.blocks[index], *file.page(index));
  if (offset + bytes > file.size) {
    file.size = offset + bytes;
    file.changed_in = journal_.running_number();
    update(file);
  }
  return {.value = static_cast<std::int64_t>(bytes)};
}

CallError FileSystem::prepare_page(Inode& file, std::uint32_t index, std::uint64_t bytes) {
  context_.did(KernelPath::page_cache_lookup);
  const bool is_new = index >= file.blocks.size() || !file.blocks[index].valid();
  if (!is_new && file.page(index)) return CallError::none;
  if (!is_new) {  // all of it is written, so nothing was read
    context_.did(KernelPath::buffer_create);
    return cache_page(file, index) ? CallError::none : CallError::no_memory;
  }
  if (index >= most_blocks) return CallError::file_too_big;
  const bool was_cached = file.page(index).has_value();
  context_.did(KernelPath::buffer_create);
  context_.locked(9);  // unused buffers; hash, for an old use of the block; the buffer's bits
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
  file.changed_in = journal_.running_number();
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

CallError FileSystem::place(InodeNumber number, std::uint64_t bytes) {
  const Journal::Handle handle(journal_, journal_credits::truncate);
  Inode& file = inode(number);
  const std::uint64_t pages = (bytes + page_bytes - 1) / page_bytes;
  if (pages > most_blocks) return CallError::file_too_big;
  file.cached.resize(pages);
  for (std::uint32_t index = 0; index < pages; ++index) {
    if (!map_block(file, index)) {
      file.cached.resize(file.blocks.size());
      return CallError::no_space;
    }
    file.size = std::min(bytes, (std::uint64_t{index} + 1) * page_bytes);
  }
  update(file);
  return CallError::none;
}

void FileSystem::free_blocks_from(Inode& inode, std::uint32_t first) {
  const std::vector<std::uint32_t> last =
      first > 0 ? indirect_ranges(first - 1) : std::vector<std::uint32_t>{};
  const auto needed = [&](std::uint32_t range) {
    return !last.empty() && range >= last.front() && range <= last.back();
  };
  for (auto place = inode.indirect.begin(); place != inode.indirect.end();) {
    if (needed(place->first)) {
      ++place;
      continue;
    }
    journal_.forget(place->second);
    groups_.free_blocks(place->second, 1);
    place = inode.indirect.erase(place);
  }
  if (first >= inode.blocks.size()) return;
  for (auto run = inode.blocks.begin() + first; run != inode.blocks.end();) {
    auto end = run + 1;
    if (!run->valid()) {
      run = end;
      continue;
    }
    while (end != inode.blocks.end() && end->value == (end - 1)->value + 1) ++end;
    groups_.free_blocks(*run, static_cast<std::uint32_t>(end - run));
    run = end;
  }
  inode.blocks.resize(first);
  update(inode);
}

}  // namespace xensim
