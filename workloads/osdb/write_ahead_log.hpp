/// The log of a database: what was entered, what was written, what is on the disk.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <set>
#include <vector>

#include "workloads/osdb/buffer_pool.hpp"

namespace xensim {

/// PostgreSQL 7.1's log: pages of 8 KB in segments of 16 MB that are written over in turn; one process at a
/// time writes. The first change of a block after a checkpoint enters the whole block. Pure.
class WriteAheadLog {
 public:
  static constexpr std::uint64_t page_bytes = 8192, segment_bytes = std::uint64_t{16} << 20;
  static constexpr std::uint32_t segments = 8;  ///< files
  static constexpr std::uint64_t segments_per_checkpoint = 3;

  /// A record about blocks, which is complete at the position returned.
  LogPosition enter(std::uint64_t bytes, const std::vector<DataBlock>& changed) {
    for (const DataBlock& block : changed) {
      if (!imaged_.insert(block).second) continue;
      bytes += page_bytes;
      ++images_;
    }
    return entered_ += bytes;
  }
  [[nodiscard]] LogPosition entered() const { return entered_; }
  [[nodiscard]] LogPosition flushed() const { return flushed_; }
  [[nodiscard]] std::uint64_t images() const { return images_; }

  struct Page {
    std::uint32_t segment = 0;  ///< file
    std::uint64_t offset = 0;   ///< in it
  };
  /// Pages with what was entered and not yet written; the last one is written again when more follows.
  [[nodiscard]] std::vector<Page> unwritten() const {
    std::vector<Page> pages;
    for (std::uint64_t at = written_ / page_bytes * page_bytes; at < entered_; at += page_bytes) {
      pages.push_back({static_cast<std::uint32_t>(at / segment_bytes % segments), at % segment_bytes});
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

  // Who writes: one process has the lock, others sleep in the order they came.
  [[nodiscard]] bool try_lock() { return locked_ ? false : (locked_ = true); }
  void wait(unsigned process) { waiters_.push_back(process); }
  /// Whom to wake; none: -1.
  [[nodiscard]] int unlock() {
    locked_ = false;
    if (waiters_.empty()) return -1;
    const auto next = static_cast<int>(waiters_.front());
    waiters_.pop_front();
    return next;
  }

 private:
  LogPosition entered_ = 0, written_ = 0, flushed_ = 0, checkpoint_ = 0;
  std::set<DataBlock> imaged_;  ///< since the checkpoint
  std::uint64_t images_ = 0;
  bool locked_ = false;
  std::deque<unsigned> waiters_;
};

}  // namespace xensim
