/// The log of a database: what was entered, what was written, what is on the disk.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "workloads/osdb/buffer_pool.hpp"

namespace xensim {

/// PostgreSQL 7.1's log: pages of 8 KB in segments of 16 MB, each a new file that is filled with zeros before
/// it is used; one process at a time writes. The first change of a block after a checkpoint enters the whole
/// block, unless the block begins with it: then it can be made anew from its records (heapam.c's
/// XLOG_HEAP_INIT_PAGE; recalled of 7.1, and the same in later releases). Pages that are not yet written lie
/// in few buffers. Pure.
class WriteAheadLog {
 public:
  static constexpr std::uint64_t page_bytes = 8192, segment_bytes = std::uint64_t{16} << 20;
  static constexpr std::uint64_t segments_per_checkpoint = 3, buffers = 8;  // wal_buffers by default

  /// A record about blocks, which is complete at the position returned.
  LogPosition enter(std::uint64_t bytes, const std::vector<DataBlock>& changed) {
    for (const DataBlock& block : changed) {
      if (!imaged_.try_emplace(block).second) continue;
      bytes += page_bytes;
      ++images_;
    }
    return entered_ += bytes;
  }
  /// Such a record needs buffers of pages that are not written yet.
  [[nodiscard]] bool lacks_buffers(std::uint64_t bytes, const std::vector<DataBlock>& changed) const {
    for (auto block = changed.begin(); block != changed.end(); ++block) {
      const bool counted = std::find(changed.begin(), block, *block) != block;
      if (!counted && !imaged_.contains(*block)) bytes += page_bytes;
    }
    return (entered_ + bytes - 1) / page_bytes - written_ / page_bytes >= buffers;
  }
  /// The block was just added to its relation, and is empty.
  void begins(const DataBlock& block) { imaged_.try_emplace(block); }
  [[nodiscard]] LogPosition entered() const { return entered_; }
  [[nodiscard]] LogPosition flushed() const { return flushed_; }
  [[nodiscard]] std::uint64_t images() const { return images_; }

  struct Page {
    std::uint32_t segment = 0;  ///< number of the file
    std::uint64_t offset = 0;   ///< in it
  };
  /// Pages with what was entered and not yet written; the last one is written again when more follows.
  [[nodiscard]] std::vector<Page> unwritten() const {
    std::vector<Page> pages;
    for (std::uint64_t at = written_ / page_bytes * page_bytes; at < entered_; at += page_bytes) {
      pages.push_back({static_cast<std::uint32_t>(at / segment_bytes), at % segment_bytes});
    }
    return pages;
  }
  void written(LogPosition position) { written_ = position; }
  void flushed(LogPosition position) { flushed_ = std::max(flushed_, position); }

  [[nodiscard]] bool checkpoint_due() const {
    return entered_ / segment_bytes >= checkpoint_ / segment_bytes + segments_per_checkpoint;
  }
  /// It begins: from here on blocks are entered whole again.
  void checkpoint() {
    checkpoint_ = entered_;
    imaged_.clear();
  }

  // Files: the first is there. One more is made when it is needed, or by a checkpoint when the last is nearly
  // full; a checkpoint removes those before the one that it began in.
  [[nodiscard]] bool lacks(std::uint32_t segment) const { return segment >= made_; }
  [[nodiscard]] std::uint32_t make() { return made_++; }
  [[nodiscard]] bool nearly_full() const {
    return entered_ / segment_bytes + 1 == made_ && entered_ % segment_bytes >= segment_bytes / 4 * 3;
  }
  /// The oldest that is not needed any more; none: false.
  [[nodiscard]] bool remove(std::uint32_t& segment) {
    if (removed_ >= checkpoint_ / segment_bytes) return false;
    segment = removed_++;
    return true;
  }

  // Who writes: one process at a time. Others try again.
  [[nodiscard]] bool try_lock() { return locked_ ? false : (locked_ = true); }
  void unlock() { locked_ = false; }
  // Who enters, the same; it keeps that while it waits for buffers.
  [[nodiscard]] bool try_entering() { return entering_ ? false : (entering_ = true); }
  void has_entered() { entering_ = false; }

 private:
  LogPosition entered_ = 0, written_ = 0, flushed_ = 0, checkpoint_ = 0;
  FlatMap<DataBlock, bool> imaged_;  ///< keys: since the checkpoint, or of which the log has all
  std::uint64_t images_ = 0;
  std::uint32_t made_ = 1, removed_ = 0;  ///< segments
  bool locked_ = false, entering_ = false;
};

}  // namespace xensim
