/// Which stretches of kernel code change data of the whole kernel.
#pragma once

#include <array>
#include <cstddef>
#include <initializer_list>

#include "models/guest/kernel_path.hpp"

namespace xensim {

namespace detail {

/// Those that take one of Linux 2.4's global locks, in the order of the locks below: what they guard, and
/// the lock itself, is written. The run queue's lock is not among them (SchedulerLines). Allocators of small
/// objects and quicklists of tables have a list for each processor.
consteval std::array<bool, kernel_path_count> paths_with_global_lock() {
  using enum KernelPath;
  std::array<bool, kernel_path_count> locks{};
  const auto mark = [&](std::initializer_list<KernelPath> paths) {
    for (const KernelPath path : paths) locks[static_cast<std::size_t>(path)] = true;
  };
  mark({fork_fixed, exit_fixed, wait_fixed, process_release, signal_send});  // list of tasks
  mark({file_access, path_component, dentry_create, dentry_delete});         // names
  mark({inode_create, inode_destroy, inode_update});                         // inodes
  mark({page_cache_lookup, page_cache_insert, page_cache_remove, page_read, page_write,
        fault_file});                                                             // page cache
  mark({lru_remove, fault_anonymous, fault_copy, reclaim_scan, reclaim_refill});  // lists of pages
  mark({page_allocate, page_free});                                               // zones
  mark({buffer_lookup, buffer_create, buffer_free, bitmap_search, block_allocate, block_free});  // buffers
  mark({journal_handle, journal_head, journal_access, journal_dirty, journal_data,
        journal_forget});                               // journal
  mark({file_open, file_release, space_create});        // open files, spaces
  mark({swap_unmap_entry, swap_slot, fault_swap});      // swap area
  mark({block_submit, disk_command, disk_completion});  // block layer
  // The driver's rings.
  mark({nic_interrupt, nic_poll, nic_receive, nic_refill, nic_transmit, nic_sent});
  mark({buffer_write, journal_commit, journal_log_block});  // buffers, journal
  mark({semop, semop_sleep});                               // all sets of semaphores
  return locks;
}
inline constexpr std::array<bool, kernel_path_count> global_lock = paths_with_global_lock();

}  // namespace detail

/// The static data of this path is changed each time; that of others is only read.
[[nodiscard]] constexpr bool changes_statics(KernelPath path) {
  return detail::global_lock[static_cast<std::size_t>(path)];
}

}  // namespace xensim
