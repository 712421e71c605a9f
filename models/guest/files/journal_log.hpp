/// The journal's area on the disk: which of it is in use, and by what.
#pragma once

#include <cstdint>
#include <deque>
#include <set>
#include <span>
#include <string>

#include "core/flat_map.hpp"
#include "models/guest/files/disk_layout.hpp"

namespace xensim {

/// A ring of blocks behind the journal's own super block. A committed transaction keeps its blocks until all
/// its metadata is in place or part of a later one (jbd checkpoints); space becomes free in the order of
/// commits.
class JournalLog {
 public:
  /// So many blocks from `first` on.
  JournalLog(BlockNumber first, std::uint32_t blocks) : first_(first), blocks_(blocks) {}

  /// The next block, for the transaction that is being committed. There must be one free.
  [[nodiscard]] BlockNumber append();
  /// That transaction is in the log: the blocks appended since the last one are its.
  void committed(std::span<const BlockNumber> metadata);
  /// The block of metadata has reached its place.
  void written(BlockNumber block);
  /// The block is metadata no longer, or never was.
  void forget(BlockNumber block) { written(block); }

  [[nodiscard]] std::uint32_t free() const { return blocks_ - 1 - used_; }
  /// What the oldest transaction still waits for; null if none waits.
  [[nodiscard]] const std::set<BlockNumber>* oldest() const {
    return transactions_.empty() ? nullptr : &transactions_.front().not_in_place;
  }
  /// Every block that some transaction waits for, the oldest transaction's first.
  template <class Visit>
  void visit_waiting(Visit visit) const {
    for (const Logged& transaction : transactions_) {
      for (const BlockNumber block : transaction.not_in_place) visit(block);
    }
  }
  [[nodiscard]] std::size_t transactions() const { return transactions_.size(); }
  [[nodiscard]] std::string audit() const;

 private:
  struct Logged {
    std::uint64_t number;
    std::uint32_t log_blocks;
    std::set<BlockNumber> not_in_place;
  };
  void drop_finished();

  BlockNumber first_;
  std::uint32_t blocks_;
  std::uint32_t head_ = 1;                 ///< next block to be written
  std::uint32_t used_ = 0, appended_ = 0;  ///< blocks; the latter not yet committed
  std::uint64_t next_number_ = 0;
  std::deque<Logged> transactions_;             ///< oldest first
  FlatMap<BlockNumber, std::uint64_t> latest_;  ///< the transaction that waits for the block
};

}  // namespace xensim
