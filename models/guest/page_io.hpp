/// Pages on their way to and from the disk, and who waits for them (Linux 2.4.21 mm/page_io.c, mm/filemap.c).
#pragma once

#include <map>
#include <vector>

#include "models/guest/guest_memory.hpp"
#include "models/guest/wait_queue.hpp"
#include "models/io/guest_disk.hpp"

namespace xensim {

/// A page under I/O is locked and has one reference more. The swap partition lies first on the disk, the file
/// system behind it. What pages contain is kept for the disk, as far as anything ever looked at it.
class PageIo {
 public:
  static constexpr std::uint32_t sectors_per_page = page_size / sector_bytes;

  /// `swap_slots` pages of swap. The device outlives this.
  PageIo(GuestMemory& memory, GuestDisk& device, std::uint32_t swap_slots)
      : memory_(memory), device_(device), swap_slots_(swap_slots) {}

  /// The page, which has a file on the disk, begins to be read or written. False: no request is free.
  [[nodiscard]] bool start(PageNumber page, bool write, Time at);
  /// The queue is let go, as by everybody who is about to wait.
  void unplug(Time at);
  /// The process sleeps until the page is unlocked, or requests are free.
  void wait_for_page(PageNumber page, ProcessId process) { page_waiters_[page.value].push_back(process); }
  void wait_for_request(bool write, ProcessId process) { request_waiters_[write ? 1 : 0].push_back(process); }
  /// The device's interrupt: pages are unlocked, whoever waited for them wakes.
  void interrupt(Time at, Wakes& wakes);

  /// The page goes from memory clean; what it contains is on the disk.
  void leaves(PageNumber page);

  struct Counts {
    std::uint64_t failed = 0;  ///< pages that the disk could not read or write
    std::uint64_t swapped_in = 0, swapped_out = 0, read = 0, written = 0;  ///< pages; the latter of files
  };
  [[nodiscard]] const Counts& counts() const { return counts_; }
  [[nodiscard]] std::uint64_t in_flight() const { return in_flight_; }
  [[nodiscard]] const GuestDisk& device() const { return device_; }
  /// Adds the references of pages under I/O.
  [[nodiscard]] std::string audit(std::vector<std::uint32_t>& references) const;

 private:
  [[nodiscard]] std::uint64_t sector_of(const Page& page) const;
  void finish(PageNumber page, Wakes& wakes);
  /// What it was to contain is lost, and nobody is told: so Linux 2.4 swaps. (A page of a file would be read
  /// again, and SIGBUS raised; that is left out.)
  void fail(PageNumber page);
  void charge_commands();
  void store(PageNumber page);

  GuestMemory& memory_;
  GuestDisk& device_;
  std::uint32_t swap_slots_;
  std::map<std::uint32_t, std::vector<ProcessId>> page_waiters_;
  std::vector<ProcessId> request_waiters_[2];
  std::map<std::uint64_t, PhysicalMemory::Words> contents_;  ///< by sector; others are zero
  std::uint64_t in_flight_ = 0;
  Counts counts_;
};

}  // namespace xensim
