#include "models/guest/files/directory.hpp"

#include <algorithm>

namespace xensim {

std::uint32_t Directory::Record::used() const { return inode.valid() ? bytes_for(name) : 0; }

Directory::Directory(InodeNumber self, InodeNumber parent)
    : blocks_{{{self, bytes_for("."), "."}, {parent, DiskLayout::block_bytes - bytes_for("."), ".."}}},
      gaps_{DiskLayout::block_bytes},
      places_{{".", 0}, {"..", 0}} {}

Directory::Block::iterator Directory::find_in(Block& block, std::string_view name, Scan& scan) {
  for (auto record = block.begin(); record != block.end(); ++record) {
    ++scan.entries;
    if (record->inode.valid() && record->name == name) return record;
  }
  return block.end();
}

std::optional<InodeNumber> Directory::find(std::string_view name, Scan& scan) {
  const auto place = places_.find(std::string(name));
  for (std::uint32_t i = 0; i < blocks_.size(); ++i) {
    scan.block = (start_ + i) % blocks();
    ++scan.blocks;
    if (place == places_.end() || place->second != scan.block) {
      scan.entries += blocks_[scan.block].size();
      continue;
    }
    start_ = scan.block;
    return find_in(blocks_[scan.block], name, scan)->inode;
  }
  return std::nullopt;
}

bool Directory::place(std::uint32_t index, std::string_view name, InodeNumber inode, Scan& scan) {
  Block& block = blocks_[index];
  const std::uint32_t needed = bytes_for(name);
  if (gaps_[index] < needed) {
    scan.entries += block.size();
    scan.checked += block.size();
    return false;
  }
  std::uint32_t largest = 0;
  for (auto record = block.begin(); record != block.end(); ++record) {
    ++scan.entries;
    ++scan.checked;
    const std::uint32_t gap = record->bytes - record->used();
    largest = std::max(largest, gap);
    if (gap < needed) continue;
    if (record->inode.valid()) {
      record->bytes -= gap;
      block.insert(record + 1, {inode, gap, std::string(name)});
    } else {
      *record = {inode, record->bytes, std::string(name)};
    }
    return true;
  }
  gaps_[index] = largest;
  return false;
}

Directory::Scan Directory::insert(std::string_view name, InodeNumber inode) {
  Scan scan;
  ++names_;
  for (; scan.block < blocks_.size(); ++scan.block) {
    ++scan.blocks;
    if (!place(scan.block, name, inode, scan)) continue;
    places_.emplace(name, scan.block);
    return scan;
  }
  blocks_.push_back({{inode, DiskLayout::block_bytes, std::string(name)}});
  gaps_.push_back(DiskLayout::block_bytes);
  places_.emplace(name, scan.block);
  scan.grew = true;
  return scan;
}

InodeNumber Directory::remove(std::string_view name, Scan& scan) {
  const InodeNumber inode = find(name, scan).value();
  Block& block = blocks_[scan.block];
  // The record was found; what precedes it is found by a second walk from the block's beginning.
  const std::uint64_t before = scan.entries;
  const auto record = find_in(block, name, scan);
  scan.checked += scan.entries - before;
  --names_;
  places_.erase(std::string(name));
  gaps_[scan.block] = DiskLayout::block_bytes;  // there is a larger one now, perhaps
  if (record == block.begin()) {
    record->inode = {};
  } else {
    (record - 1)->bytes += record->bytes;
    block.erase(record);
  }
  return inode;
}

void Directory::remove_last_block() {
  places_.erase(blocks_.back().front().name);
  blocks_.pop_back();
  gaps_.pop_back();
  --names_;
}

std::vector<InodeNumber> Directory::inodes() const {
  std::vector<InodeNumber> inodes;
  for (const Block& block : blocks_) {
    for (const Record& record : block) {
      if (record.inode.valid() && record.name != "." && record.name != "..") inodes.push_back(record.inode);
    }
  }
  return inodes;
}

std::string Directory::audit() const {
  for (const Block& block : blocks_) {
    std::uint32_t bytes = 0;
    for (const Record& record : block) {
      if (record.bytes < record.used() || record.bytes % 4 != 0) return "a record is too short for its name";
      bytes += record.bytes;
    }
    if (bytes != DiskLayout::block_bytes) return "the records do not fill their block";
  }
  if (inodes().size() != names_) return "the number of names is wrong";
  return places_.size() == names_ + 2 ? "" : "the index has not all names";
}

}  // namespace xensim
