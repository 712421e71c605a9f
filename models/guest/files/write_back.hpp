/// When what is dirty goes to the disk, and who waits for it (Linux 2.4.21 fs/buffer.c, fs/jbd).
#pragma once

#include <initializer_list>

#include "core/statistic.hpp"
#include "models/guest/files/journal_commit.hpp"
#include "models/guest/kernel/kernel_daemon.hpp"

namespace xensim {

/// The daemons bdflush, kupdate and kjournald, and what processes do in their stead. Daemons and timers come
/// into being when something first becomes dirty: a kernel that writes no files has none.
class WriteBack {
 public:
  // bdf_prm of Linux 2.4.21: per cent of low memory; ticks.
  static constexpr std::uint64_t start_percent = 30, writers_percent = 60, stop_percent = 20;
  static constexpr std::uint64_t update_interval = 500, age = 3000, commit_interval = 500;
  static constexpr std::uint32_t batch = 32;   ///< buffers
  static constexpr std::uint32_t round = 500;  ///< that bdflush writes before it asks whether it may stop

  /// Everything outlives this.
  WriteBack(const KernelContext& context, GuestKernel& scheduler, GuestMemory& memory, FileSystem& files,
            MemoryPressure& pressure);

  ~WriteBack();
  WriteBack(const WriteBack&) = delete;
  WriteBack& operator=(const WriteBack&) = delete;

  // For calls, before they change anything. False: the caller sleeps, or has `again` set, and its call is to
  // be made again.
  /// A handle for so many blocks can begin, and the metadata blocks it is sure to change are not on their way
  /// to the log.
  [[nodiscard]] bool may_begin(GuestProcess& caller, std::uint32_t credits,
                               std::initializer_list<BlockNumber> blocks = {});
  /// The transaction is on the disk.
  [[nodiscard]] bool committed(GuestProcess& caller, std::uint64_t transaction);
  /// Of `pages` of the file those that are dirty have been submitted, from `from` on, which advances.
  [[nodiscard]] bool submitted(GuestProcess& caller, Inode& file, std::uint32_t& from);
  /// None of the pages written to is busy.
  [[nodiscard]] bool written(GuestProcess& caller, Inode& file);

  /// All that is dirty has been submitted, and `busy` says what is under way.
  [[nodiscard]] bool submitted_all(GuestProcess& caller, std::vector<BufferId>& busy);

  /// balance_dirty, after a buffer became dirty: how many buffers the writer itself must write.
  [[nodiscard]] std::uint32_t balance();
  /// It has written so many of the oldest, or all there were; `left` counts down.
  [[nodiscard]] bool wrote_oldest(GuestProcess& caller, std::uint32_t& left);

  /// Arms timers, wakes daemons.
  void after_step(unsigned vcpu);

  [[nodiscard]] bool is_daemon(ProcessId id) const {
    return id == flush_.id() || id == update_.id() || id == commit_.id();
  }
  struct Counts {
    std::uint64_t flushed = 0, aged = 0, by_writers = 0;  ///< buffers written by bdflush, kupdate, writers
    std::uint64_t commits = 0, checkpointed = 0;          ///< the latter: blocks written for space in the log
    std::uint64_t handle_waits = 0;                       ///< sleeps before a handle could begin
  };
  [[nodiscard]] const Counts& counts() const { return counts_; }
  void report(StatisticSink& sink, const std::string& prefix) const;
  /// Every block that a transaction in the log waits for will be written, or is part of a later one.
  /// O(blocks).
  [[nodiscard]] std::string audit() const;

 private:
  class Alarm final : public KernelTimer {
   public:
    explicit Alarm(std::function<void(unsigned vcpu)> action) : action_(std::move(action)) {}
    void expired(unsigned vcpu) override { action_(vcpu); }

   private:
    std::function<void(unsigned)> action_;
  };
  enum class State : std::uint8_t { few, many, too_many };
  [[nodiscard]] State state() const;
  [[nodiscard]] bool may_stop() const;
  [[nodiscard]] std::uint64_t percent_of_low_memory(std::uint64_t percent) const;
  /// Writes the oldest buffers that `wanted` agrees to, up to `limit`. Empty: requests lack, and the caller
  /// sleeps; else how many were written.
  template <class Wanted>
  [[nodiscard]] std::optional<std::uint32_t> write_some(GuestProcess& caller, std::uint32_t limit,
                                                        Wanted wanted);
  [[nodiscard]] bool checkpoint(GuestProcess& caller);
  void request_commit();
  [[nodiscard]] KernelDaemon::Next flush_step(GuestProcess& daemon);
  [[nodiscard]] KernelDaemon::Next update_step(GuestProcess& daemon);
  [[nodiscard]] KernelDaemon::Next commit_step(GuestProcess& daemon);
  void wake(std::vector<ProcessId>& waiters, unsigned vcpu);
  [[nodiscard]] Time now(const GuestProcess& caller) const { return pressure_.now(caller); }

  const KernelContext& context_;
  GuestKernel& scheduler_;
  GuestMemory& memory_;
  FileSystem& files_;
  MemoryPressure& pressure_;
  JournalCommit journal_commit_;
  KernelDaemon flush_, update_, commit_;
  Alarm update_alarm_, commit_alarm_;
  bool flush_wanted_ = false;
  std::uint32_t flushed_in_round_ = 0;  ///< buffers
  bool update_timer_ = false, inodes_written_ = false;
  std::uint64_t commit_timer_ = 0;         ///< transaction it is armed for
  std::uint64_t commit_wanted_ = 0;        ///< up to this transaction
  std::vector<ProcessId> commit_waiters_;  ///< for the end of a commit
  std::vector<ProcessId> handle_waiters_;  ///< to begin an operation, as soon as a commit has gone on
  Counts counts_;
};

}  // namespace xensim
