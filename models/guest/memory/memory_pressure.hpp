/// What a kernel does when memory runs short: the reclaim daemon, processes that free memory themselves,
/// waits for pages, and the choice of a victim.
#pragma once

#include <memory>
#include <vector>

#include "models/guest/kernel/kernel.hpp"
#include "models/guest/memory/fault_result.hpp"
#include "models/guest/memory/out_of_memory.hpp"
#include "models/guest/memory/page_io.hpp"
#include "models/guest/processes/call.hpp"
#include "models/guest/processes/guest_process.hpp"

namespace xensim {

/// Linux 2.4.21 mm/page_alloc.c and vmscan.c around Reclaim. Where that kernel sleeps in the middle of an
/// allocation, calls here make room before they begin: they are restarted after each sleep, and have done
/// nothing yet.
class MemoryPressure {
 public:
  /// Everything outlives this. `swap_slots` at least 1, which is no swap.
  MemoryPressure(GuestKernel& scheduler, VirtualMachine& processors, GuestMemory& memory, GuestDisk& disk,
                 std::uint32_t swap_slots);

  /// Memory is below the low marks: wakes the daemon, and below the minimum frees memory. False: the caller
  /// has `again` or `sleeps` set, and its call must be made again.
  [[nodiscard]] bool make_room(GuestProcess& caller, std::uint32_t pages);
  enum class Room : std::uint8_t { there, later, none };
  /// The same for a kernel thread that can do without: it leaves others what is below the low marks, and has
  /// nobody killed. Later: it has `again` or `sleeps` set. None: nothing was to be freed.
  [[nodiscard]] Room look_for_room(GuestProcess& caller, std::uint32_t pages);
  /// There was no room after all, or not in one piece: the caller, whose call must be made again, frees some.
  void free_some(GuestProcess& caller);
  /// A fault that needs the disk. True: the caller sleeps, and the access must be made again.
  [[nodiscard]] bool handle(GuestProcess& caller, const FaultResult& fault);
  /// The page of the file is in memory. False: the caller sleeps.
  [[nodiscard]] bool file_page_ready(GuestProcess& caller, MappedFile& file, std::uint32_t index);
  /// Begins to read a page that becomes page `index` of `file`. False: no memory, or no request.
  [[nodiscard]] bool read(MappedFile& file, std::uint32_t index, Time at);
  /// The caller's call is made again when the buffer is no longer busy.
  void sleep_for(GuestProcess& caller, BufferId buffer);
  /// When a batch of requests is free; at once if unplugging has freed any.
  void sleep_for_request(GuestProcess& caller, bool write);

  /// The device's interrupt, on `vcpu`. Whom to wake.
  [[nodiscard]] Wakes interrupt(unsigned vcpu);
  /// Wakes the daemon or kills a process if that step made it necessary.
  /// The victim, whose sleep is to end if signals may end it; null: nobody.
  [[nodiscard]] GuestProcess* after_step(unsigned vcpu,
                                         std::vector<std::unique_ptr<GuestProcess>>& processes);

  /// The reclaim daemon (kswapd); invalid until it was first needed.
  [[nodiscard]] ProcessId daemon() const { return daemon_; }
  [[nodiscard]] const PageIo& io() const { return io_; }
  [[nodiscard]] PageIo& io() { return io_; }
  [[nodiscard]] Time now(const GuestProcess& caller) const {
    return processors_.processor(caller.processor).clock.local();
  }
  struct Counts {
    std::uint64_t direct = 0;                         ///< steps of processes that freed memory themselves
    std::uint64_t daemon = 0;                         ///< steps of the daemon
    std::uint64_t page_waits = 0, request_waits = 0;  ///< sleeps
    std::uint64_t kills = 0;
  };
  [[nodiscard]] const Counts& counts() const { return counts_; }
  /// Adds references to pages and slots of what is cached and under I/O.
  [[nodiscard]] std::string audit(std::vector<std::uint32_t>& references,
                                  std::vector<std::uint32_t>& slots) const;

 private:
  static constexpr std::uint32_t read_cluster = 8;  ///< pages, 1 << page_cluster
  static Program run_daemon(MemoryPressure& pressure);
  [[nodiscard]] Call balance_call();
  /// One step of the daemon. The value is 1 if it found nothing and should rest.
  [[nodiscard]] CallResult balance(GuestProcess& daemon);
  /// One step of freeing memory. True: it is over.
  [[nodiscard]] bool reclaim_step(GuestProcess& caller, std::size_t zone, Reclaim::Next& next);
  void read_slots(GuestProcess& caller, std::uint32_t slot);
  void read_pages(GuestProcess& caller, MappedFile& file, std::uint32_t index);
  [[nodiscard]] GuestProcess* kill_somebody(std::vector<std::unique_ptr<GuestProcess>>& processes);

  GuestKernel& scheduler_;
  VirtualMachine& processors_;
  GuestMemory& memory_;
  PageIo io_;
  OutOfMemory out_of_memory_;
  ProcessId daemon_;
  bool daemon_sleeps_ = false, kill_ = false;
  Counts counts_;
};

}  // namespace xensim
