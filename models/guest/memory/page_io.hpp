/// Pages on their way to and from the disk, and who waits for them (Linux 2.4.21 mm/page_io.c, mm/filemap.c).
#pragma once

#include <functional>
#include <map>
#include <set>
#include <vector>

#include "models/guest/files/buffer_id.hpp"
#include "models/guest/kernel/wait_queue.hpp"
#include "models/guest/memory/guest_memory.hpp"
#include "models/io/guest_disk.hpp"

namespace xensim {

/// A page under I/O is locked and has one reference more. The swap partition lies first on the disk, the file
/// system behind it. What pages contain is kept for the disk, as far as anything ever looked at it.
class PageIo {
 public:
  static constexpr std::uint32_t sectors_per_page = page_size / sector_bytes;
  /// Of the kernel's image: stands for the pages of the buffer cache, which have no contents.
  static constexpr std::uint32_t buffer_cache_page = 1;

  /// `swap_slots` pages of swap. The device outlives this.
  PageIo(GuestMemory& memory, GuestDisk& device, std::uint32_t swap_slots)
      : memory_(memory), device_(device), swap_slots_(swap_slots) {}

  /// The page, which has a file on the disk, begins to be read or written; it is clean then. False: no
  /// request is free.
  [[nodiscard]] bool start(PageNumber page, bool write, Time at);
  /// The same for a block of metadata or of the journal, which is written.
  [[nodiscard]] bool write(BlockNumber block, Time at);
  /// Either of them. It must not be busy.
  [[nodiscard]] bool write(BufferId buffer, Time at) {
    return buffer.is_block() ? write(buffer.block(), at) : start(buffer.page(), true, at);
  }
  /// It is being read or written.
  [[nodiscard]] bool busy(BufferId buffer) const {
    return buffer.is_block() ? busy_blocks_.contains(buffer.block()) : memory_.pages[buffer.page()].locked;
  }
  /// Who is told of each block that was written; it outlives this.
  void when_written(std::function<void(BlockNumber)> told) { written_ = std::move(told); }
  /// The queue is let go, as by everybody who is about to wait.
  void unplug(Time at);
  /// The process sleeps until the buffer is no longer busy, or requests are free.
  void wait_for(BufferId buffer, ProcessId process) { waiters_[buffer].push_back(process); }
  void wait_for_request(bool write, ProcessId process) { request_waiters_[write ? 1 : 0].push_back(process); }
  /// The device's interrupt: pages are unlocked, whoever waited for them wakes.
  void interrupt(Time at, Wakes& wakes);

  /// The page goes from memory clean; what it contains is on the disk.
  void leaves(PageNumber page);

  struct Counts {
    std::uint64_t failed = 0;  ///< pages that the disk could not read or write
    std::uint64_t swapped_in = 0, swapped_out = 0, read = 0, written = 0;  ///< pages; the latter of files
    std::uint64_t blocks = 0;  ///< of metadata and journal, written
  };
  [[nodiscard]] const Counts& counts() const { return counts_; }
  [[nodiscard]] std::uint64_t in_flight() const { return in_flight_ + busy_blocks_.size(); }
  [[nodiscard]] const GuestDisk& device() const { return device_; }
  /// Adds the references of pages under I/O.
  [[nodiscard]] std::string audit(std::vector<std::uint32_t>& references) const;

 private:
  [[nodiscard]] std::uint64_t sector_of(const Page& page) const;
  [[nodiscard]] std::uint64_t sector_at(std::uint64_t page_of_disk) const;
  [[nodiscard]] bool submit(const BlockIo& io, Time at);
  void finish(BufferId buffer, Wakes& wakes);
  /// What it was to contain is lost, and nobody is told: so Linux 2.4 swaps. (A page of a file would be read
  /// again, and SIGBUS raised; that is left out.)
  void fail(PageNumber page);
  void charge_commands();
  void store(PageNumber page);

  GuestMemory& memory_;
  GuestDisk& device_;
  std::uint32_t swap_slots_;
  std::map<BufferId, std::vector<ProcessId>> waiters_;
  std::vector<ProcessId> request_waiters_[2];
  std::map<std::uint64_t, PhysicalMemory::Words> contents_;  ///< by sector; others are zero
  std::uint64_t in_flight_ = 0;                              ///< pages
  std::set<BlockNumber> busy_blocks_;
  std::function<void(BlockNumber)> written_;
  Counts counts_;
};

}  // namespace xensim
