/// The journal's daemon: how a transaction gets to the disk.
#pragma once

#include "models/guest/files/file_system.hpp"
#include "models/guest/memory/memory_pressure.hpp"

namespace xensim {

/// journal_commit_transaction of Linux 2.4.21 (fs/jbd/commit.c) in ordered mode: data in place, then
/// descriptors and metadata to the log, then the commit block, each awaited before the next begins. Made in
/// steps; whatever is outside outlives it.
class JournalCommit {
 public:
  JournalCommit(const KernelContext& context, FileSystem& files, GuestMemory& memory,
                MemoryPressure& pressure)
      : context_(context), files_(files), memory_(memory), pressure_(pressure) {}

  /// One step of a commit by `daemon`, at `at`. It has `sleeps` or `again` set if it waits. True: the
  /// transaction is on the disk.
  [[nodiscard]] bool step(GuestProcess& daemon, Time at);

 private:
  static constexpr std::size_t batch =
      64;  ///< buffers written before the next step; of a descriptor, itself one
  void begin();
  /// Submits up to a batch from `next_` on. False: there are more, or requests lack.
  [[nodiscard]] bool write_data(GuestProcess& daemon, Time at);
  [[nodiscard]] bool write_log(GuestProcess& daemon, Time at);
  /// All of `awaited_` is on the disk. False: the daemon sleeps.
  [[nodiscard]] bool all_written(GuestProcess& daemon);
  void next_phase(Journal::Phase phase);
  [[nodiscard]] bool still_has(const Transaction::Data& data) const;

  const KernelContext& context_;
  FileSystem& files_;
  GuestMemory& memory_;
  MemoryPressure& pressure_;
  Transaction* transaction_ = nullptr;
  std::vector<BlockNumber> log_;  ///< blocks of the log to be written
  std::size_t next_ = 0;          ///< of what is being submitted
  std::vector<BufferId> awaited_;
};

}  // namespace xensim
