/// Raw disks: transfers between a disk and a process's own pages, past all caches (Linux 2.4
/// drivers/char/raw.c).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "models/guest/kernel/wait_queue.hpp"
#include "models/guest/memory/guest_memory.hpp"
#include "models/guest/processes/call_result.hpp"
#include "models/guest/processes/guest_process.hpp"
#include "models/io/guest_disk.hpp"

namespace xensim {

/// A transfer pins its pages, submits one buffer for each, lets the queue go and sleeps until the last is
/// complete; nothing interrupts it. A process has one at a time.
/// Simplified: what is transferred is not kept, and buffers are as large as pages (a device that a file
/// system with blocks of 4 KB has set so).
class RawIo {
 public:
  explicit RawIo(GuestMemory& memory) : memory_(memory) {}
  /// The next disk, which outlives this.
  void add(GuestDisk& disk) { disks_.push_back(&disk); }
  /// Null if there is none.
  [[nodiscard]] GuestDisk* disk(unsigned index) const {
    return index < disks_.size() ? disks_[index] : nullptr;
  }

  /// One step of a transfer. `buffer` are the pages it is to or from, in memory: pinned by the first step.
  /// Made again, after a sleep or not (GuestProcess::again), until it has a value: bytes, or io_error.
  [[nodiscard]] CallResult step(GuestProcess& caller, const Self::RawTransfer& transfer, Time at);
  /// A transfer is under way: its pages need not be found again.
  [[nodiscard]] bool busy(ProcessId process) const { return transfers_.contains(process.value); }
  /// Begins: the page is the transfer's next.
  void pin(ProcessId process, PageNumber page);
  /// The process is gone: its pages stay until the disk is done with them.
  void abandon(ProcessId process);

  /// The devices' interrupt.
  void interrupt(Time at, Wakes& wakes);

  /// Adds the references of pinned pages.
  [[nodiscard]] std::string audit(std::vector<std::uint32_t>& references) const;

 private:
  struct Transfer {
    std::vector<PageNumber> pages{};
    std::uint32_t submitted = 0, complete = 0;  ///< pages
    bool failed = false, abandoned = false;
  };
  using Transfers = std::map<std::uint32_t, Transfer>;
  void release(Transfers::iterator transfer);
  void complete(const FinishedIo& finished, Wakes& wakes);

  GuestMemory& memory_;
  std::vector<GuestDisk*> disks_;
  Transfers transfers_;                                     ///< by process, or by number if abandoned
  std::map<std::uint64_t, std::uint32_t> buffers_;          ///< the transfer of each tag
  std::vector<std::pair<unsigned, ProcessId>> waiters_[2];  ///< for a free request of a disk: read, write
  std::uint64_t next_tag_ = 0;
  std::uint32_t next_abandoned_ = std::uint32_t{1} << 31;  ///< above the numbers of processes
};

}  // namespace xensim
