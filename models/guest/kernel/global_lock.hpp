/// Which of the kernel's global locks a stretch of its code takes, and what it does to the data under it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "models/guest/kernel/kernel_path.hpp"

namespace xensim {

/// Those of Linux 2.4 whose line goes from cache to cache. The run queue's is not among them
/// (SchedulerLines). Allocators of small objects and quicklists of tables have a list for each processor.
enum class GlobalLock : std::uint8_t {
  none,
  tasks,        ///< tasklist_lock: list of tasks, relatives
  names,        ///< dcache_lock
  inodes,       ///< inode_lock
  page_cache,   ///< pagecache_lock: hash of all files' pages
  page_lists,   ///< pagemap_lru_lock
  zones,        ///< buddy lists; one for all zones here
  buffers,      ///< lru_list_lock, hash_table_lock, the file system's own
  journal,      ///< journal_datalist_lock and the journal's semaphore
  files,        ///< list of all open files
  spaces,       ///< list of address spaces
  swap,         ///< swap areas and cache
  block_layer,  ///< io_request_lock
  driver,       ///< the network driver's, and its rings
  semaphores,   ///< of System V
  count_,
};

namespace detail {

struct UnderLock {
  GlobalLock lock = GlobalLock::none;
  bool changes = false;  ///< what the lock guards; else it is only looked up
};

consteval std::array<UnderLock, kernel_path_count> paths_under_global_locks() {
  using enum KernelPath;
  using Lock = GlobalLock;
  std::array<UnderLock, kernel_path_count> paths{};
  const auto mark = [&](Lock lock, bool changes, std::initializer_list<KernelPath> under) {
    for (const KernelPath path : under) paths[static_cast<std::size_t>(path)] = {lock, changes};
  };
  constexpr bool looks = false, changes = true;
  mark(Lock::tasks, changes, {fork_fixed, exit_fixed, process_release});
  mark(Lock::tasks, looks, {wait_fixed, signal_send});
  mark(Lock::names, changes, {dentry_create, dentry_delete});
  mark(Lock::names, looks, {file_access, path_component});
  mark(Lock::inodes, changes, {inode_create, inode_destroy, inode_update});
  mark(Lock::page_cache, changes, {page_cache_insert, page_cache_remove, page_write});
  mark(Lock::page_cache, looks, {page_cache_lookup, page_read, fault_file});
  mark(Lock::page_lists, changes, {lru_remove, fault_anonymous, fault_copy, reclaim_scan, reclaim_refill});
  mark(Lock::zones, changes, {page_allocate, page_free});
  mark(Lock::buffers, changes,
       {buffer_create, buffer_free, bitmap_search, block_allocate, block_free, buffer_write,
        journal_log_block});
  mark(Lock::buffers, looks, {buffer_lookup});
  mark(Lock::journal, changes,
       {journal_handle, journal_head, journal_access, journal_dirty, journal_data, journal_forget,
        journal_commit});
  mark(Lock::files, changes, {file_open, file_release});
  mark(Lock::spaces, changes, {space_create});
  mark(Lock::swap, changes, {swap_unmap_entry, swap_slot, fault_swap});
  mark(Lock::block_layer, changes, {block_submit, disk_command, disk_completion});
  mark(Lock::driver, changes, {nic_interrupt, nic_poll, nic_receive, nic_refill, nic_transmit, nic_sent});
  mark(Lock::semaphores, changes, {semop, semop_sleep});
  return paths;
}
inline constexpr std::array<UnderLock, kernel_path_count> under_lock = paths_under_global_locks();

}  // namespace detail

/// Its line is among the static data of the path.
[[nodiscard]] constexpr GlobalLock lock_of(KernelPath path) {
  return detail::under_lock[static_cast<std::size_t>(path)].lock;
}
/// The static data of this path are changed each time; those of others are only read, but for their lock.
[[nodiscard]] constexpr bool changes_statics(KernelPath path) {
  return detail::under_lock[static_cast<std::size_t>(path)].changes;
}

}  // namespace xensim
