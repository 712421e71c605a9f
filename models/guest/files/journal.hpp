/// The journal of a file system: the running transaction, the one being committed, and those in the log.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "core/flat_map.hpp"
#include "models/guest/files/dirty_buffers.hpp"
#include "models/guest/files/disk_layout.hpp"
#include "models/guest/files/journal_log.hpp"
#include "models/guest/kernel/kernel_context.hpp"

namespace xensim {

/// What a commit has to put on the disk, each in the order it joined.
struct Transaction {
  struct Data {
    BlockNumber block;
    PageNumber page;  ///< that had it when it joined
  };
  std::vector<Data> data;             ///< written in place before the rest (ordered mode)
  std::vector<BlockNumber> metadata;  ///< written to the journal
  std::uint64_t number = 0;
};

/// jbd of Linux 2.4.21 in ordered mode: operations join the running transaction, and a block that several of
/// them change is in it once. At most one other is being committed, by the journal's daemon (JournalCommit).
/// Pure; nobody waits here: who must, asks may_begin() before an operation. No handle is ever open while
/// somebody sleeps, so that closing a transaction to new handles takes no time.
class Journal {
 public:
  /// `first`, `blocks`: its area on the disk.
  Journal(const KernelContext& context, BlockNumber first, std::uint32_t blocks)
      : context_(context), blocks_(blocks), log_(first, blocks) {}
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  /// Around the changes that must reach the disk together. May be nested: the outermost counts.
  class Handle {
   public:
    /// Sets aside room for `credits` blocks until it ends.
    Handle(Journal& journal, std::uint32_t credits);
    ~Handle();
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;

   private:
    Journal& journal_;
  };

  /// The metadata block is about to change, has changed; both. Only within a handle.
  void access(BlockNumber block);
  void dirty(BlockNumber block);
  void change(BlockNumber block) {
    access(block);
    dirty(block);
  }
  /// The data block, which is in that page, has new contents.
  void data(BlockNumber block, PageNumber page);
  /// The block was freed, its contents need no writing in place, also if they are being committed.
  void forget(BlockNumber block);

  /// There is a running transaction.
  [[nodiscard]] bool running() const { return !members_.empty() || (depth_ > 0 && long_ago_ == 0); }
  /// A handle set more aside than a transaction may have, a quarter of the journal: it should have waited for
  /// a commit.
  [[nodiscard]] bool wants_commit() const { return wants_commit_; }
  [[nodiscard]] std::size_t metadata_blocks() const { return metadata_; }
  [[nodiscard]] std::size_t data_blocks() const { return members_.size() - metadata_; }
  /// The running transaction, as if committed at once; the next handle starts a new one. No handle may be
  /// open.
  [[nodiscard]] Transaction take_running();

  /// What is changed while it lives is on the disk, and was for long: it joins no transaction. What others
  /// have changed stays where it is.
  class LongAgo {
   public:
    explicit LongAgo(Journal& journal) : journal_(journal) { ++journal_.long_ago_; }
    ~LongAgo() { --journal_.long_ago_; }
    LongAgo(const LongAgo&) = delete;
    LongAgo& operator=(const LongAgo&) = delete;

   private:
    Journal& journal_;
  };

  /// Why an operation cannot begin yet.
  enum class Obstacle : std::uint8_t {
    none,
    full,      ///< the running transaction must be committed before it
    no_space,  ///< transactions in the log must be checkpointed before it
  };
  [[nodiscard]] Obstacle may_begin(std::uint32_t credits) const;
  /// The block is on its way to the log as the committing transaction has it: who wants to change it waits.
  [[nodiscard]] bool in_shadow(BlockNumber block) const {
    return phase_ == Phase::log && being_committed_.contains(block);
  }

  /// Of a commit, in this order.
  enum class Phase : std::uint8_t {
    none,
    data,    ///< ordered data is written; its metadata may be copied for others to change
    log,     ///< metadata is written to the log
    record,  ///< the commit block is written
  };
  [[nodiscard]] Phase phase() const { return phase_; }
  /// The running transaction begins to be committed; none other may be.
  [[nodiscard]] Transaction& begin_commit();
  void enter(Phase phase) { phase_ = phase; }
  /// It is in the log: its metadata may be written in place from now on.
  void end_commit();
  /// Of the running transaction, or the next one. Of the last that was committed: none is 0.
  [[nodiscard]] std::uint64_t running_number() const { return number_; }
  [[nodiscard]] std::uint64_t committed_number() const { return committed_; }
  [[nodiscard]] bool in_transaction(BlockNumber block) const {
    return members_.contains(block) || being_committed_.contains(block);
  }
  [[nodiscard]] JournalLog& log() { return log_; }
  [[nodiscard]] const JournalLog& log() const { return log_; }
  /// Where blocks go that may be written in place; it outlives this.
  void hand_to(DirtyBuffers& dirty) { dirty_ = &dirty; }

  [[nodiscard]] std::string audit() const;

 private:
  enum class Joined : std::uint8_t { data, accessed, metadata };
  struct Member {
    Joined as = Joined::data;
    PageNumber page{};  ///< of data
    std::uint64_t order = 0;
  };
  Member& join(BlockNumber block, Joined as);

  const KernelContext& context_;
  std::uint32_t blocks_;
  FlatMap<BlockNumber, Member> members_;
  std::size_t metadata_ = 0;  ///< members that are not data
  std::uint64_t next_order_ = 0;
  unsigned depth_ = 0;     ///< nested handles open
  unsigned long_ago_ = 0;  ///< changes that need no writing are being made
  bool wants_commit_ = false;

  std::uint64_t number_ = 1, committed_ = 0;
  Phase phase_ = Phase::none;
  Transaction committing_;
  FlatMap<BlockNumber, bool> being_committed_;  ///< its metadata; true: copied for the log
  std::set<BlockNumber> freed_;                 ///< of that, since the commit began
  JournalLog log_;
  DirtyBuffers* dirty_ = nullptr;
};

}  // namespace xensim
