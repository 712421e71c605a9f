/// The journal of a file system: what the running transaction has to write.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "models/guest/disk_layout.hpp"
#include "models/guest/kernel_context.hpp"

namespace xensim {

/// What a commit has to put on the disk, each in the order it joined.
struct Transaction {
  std::vector<BlockNumber> data;      ///< written in place before the rest (ordered mode)
  std::vector<BlockNumber> metadata;  ///< written to the journal
};

/// jbd of Linux 2.4.21 in ordered mode, up to the commit: operations join the running transaction, and a
/// block that several of them change is in it once. Committing and waiting for it are left to the block
/// layer; an operation goes ahead even when the transaction should be committed first.
class Journal {
 public:
  Journal(const KernelContext& context, std::uint32_t blocks) : context_(context), blocks_(blocks) {}
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
  /// The data block has new contents.
  void data(BlockNumber block);
  /// The block was freed, its contents need no writing.
  void forget(BlockNumber block);

  /// There is a running transaction: its age counts from `started` (seconds).
  [[nodiscard]] bool running() const { return !members_.empty() || depth_ > 0; }
  [[nodiscard]] std::uint64_t started() const { return started_; }
  /// A handle set more aside than a transaction may have, a quarter of the journal: it should have waited for
  /// a commit.
  [[nodiscard]] bool wants_commit() const { return wants_commit_; }
  [[nodiscard]] std::size_t metadata_blocks() const { return metadata_; }
  [[nodiscard]] std::size_t data_blocks() const { return members_.size() - metadata_; }
  /// The running transaction, for commit; the next handle starts a new one. No handle may be open.
  [[nodiscard]] Transaction take_running();

  [[nodiscard]] std::string audit() const;

 private:
  enum class Joined : std::uint8_t { data, accessed, metadata };
  struct Member {
    Joined as;
    std::uint64_t order;
  };
  void join(BlockNumber block, Joined as);

  const KernelContext& context_;
  std::uint32_t blocks_;
  std::map<BlockNumber, Member> members_;
  std::size_t metadata_ = 0;  ///< members that are not data
  std::uint64_t next_order_ = 0;
  unsigned depth_ = 0;  ///< nested handles open
  std::uint64_t started_ = 0;
  bool wants_commit_ = false;
};

}  // namespace xensim
