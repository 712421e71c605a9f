/// The stretches of kernel code that have a price of their own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace xensim {

/// Each is one loop body or one straight stretch of Linux 2.4.21 whose work depends on nothing but how often
/// it runs: what an operation costs follows from what it did. Prices: `kernel_paths` in the calibration.
enum class KernelPath : std::uint8_t {
  // Every system call and every fault.
  system_call,  ///< table call and the tests on return; the processor's entry and return come on top
  fault,        ///< do_page_fault up to the handler: find the area, check permission
  // Operations that lock the bus.
  locked_operation,  ///< one locked bus operation; uniprocessor builds have none
  exchange,          ///< xchg with memory, which locks the bus in every build: how an entry is taken out
  // Names and directory entries.
  name_copy,        ///< getname and putname: a 4 KB buffer from its slab and back
  path_character,   ///< one character of a path, copied in and hashed
  path_start,       ///< path_init and path_release: references to the start
  path_component,   ///< permission, d_lookup, mount test, references
  dentry_create,    ///< a new directory entry in its cache
  dentry_delete,    ///< an entry becomes negative or leaves the cache
  inode_stat_copy,  ///< 88 to 96 bytes of an inode gathered and copied out
  // Descriptors and open files.
  fd_lookup,            ///< fget and fput of one descriptor
  file_access,          ///< sys_read or sys_write around the method: mode, lock area, notification
  device_access,        ///< the method of /dev/zero or /dev/null for one byte
  descriptor_allocate,  ///< get_unused_fd and fd_install
  descriptor_release,   ///< the descriptor's part of close
  file_open,            ///< a struct file from its list, filled in
  file_release,         ///< last fput: hooks, lists
  file_reference,       ///< one reference more, as fork and dup take
  // Copies between kernel and user.
  copy_user,   ///< one copy begins: limit check, dispatch
  copy_line,   ///< 64 bytes copied
  clear_line,  ///< 64 bytes cleared
  // Waiting and waking.
  wait_entry,       ///< one entry into a wait queue and out of it again
  wake_up,          ///< a wait queue looked at
  wake_process,     ///< one sleeper made runnable
  process_switch,   ///< switch_mm and __switch_to without the load of the address space
  pipe_transfer,    ///< a read or write of a pipe without its copies: semaphore, tests, times
  select_fixed,     ///< bitmaps allocated and copied, open descriptors checked
  select_bit,       ///< one descriptor number looked at
  poll_one,         ///< poll method called and its answer sorted into the sets
  poll_table_page,  ///< a page for 170 wait entries
  // Signals.
  sigaction,            ///< check and exchange of an action
  signal_send,          ///< process found, permission
  signal_queue,         ///< an entry made and queued, the receiver looked at
  signal_force,         ///< force_sig: unblock, default action if ignored
  signal_deliver,       ///< dequeue, free the entry, choose the action
  signal_frame,         ///< registers saved in a frame on the user's stack
  signal_return,        ///< registers restored from the frame
  signal_fpu,           ///< FPU state saved into a frame or restored from it
  debug_register_load,  ///< DR7 reloaded before a handler runs
  // Blocks, inodes and directories of ext3, all in the buffer cache.
  buffer_lookup,     ///< a block found in the buffer cache and released
  bitmap_search,     ///< a search begins
  bitmap_word,       ///< 32 bits looked at
  block_allocate,    ///< ext3_get_block with ext3_new_block: group choice, counts, the inode's branch
  block_free,        ///< one block given back
  inode_create,      ///< in-core inode of 480 bytes initialised, hashed, numbered
  inode_destroy,     ///< clear_inode, ext3_free_inode without bitmap work, slab
  inode_update,      ///< 128 bytes of the inode filled into its block
  directory_entry,   ///< one entry passed over in a scan
  directory_check,   ///< one entry passed over where a place is sought or an entry goes: checked first
  directory_change,  ///< an entry written or merged away
  // Journal (jbd).
  journal_handle,  ///< journal_start and journal_stop
  journal_head,    ///< a block joins a transaction for the first time: its journal head
  journal_join,    ///< a nested start and stop: the handle's count
  journal_access,  ///< journal_get_write_access
  journal_dirty,   ///< journal_dirty_metadata
  journal_data,    ///< journal_dirty_data: a buffer linked to the transaction
  journal_forget,  ///< a buffer leaves the transaction
  // Page cache.
  page_cache_lookup,  ///< hash of mapping and index
  page_cache_insert,  ///< a page enters hash, lists, LRU
  page_cache_remove,  ///< a page leaves them
  page_read,          ///< one page of a cached read, without its copy
  page_write,         ///< one page of a write, without copy, journal and allocation
  buffer_create,      ///< the buffer head of a new page, with the page tested and marked
  buffer_free,        ///< that of a page that leaves
  file_write,         ///< generic_file_write around its pages
  // Reclaim, swap and the disk.
  reclaim_scan,      ///< shrink_cache looks at a page of the inactive list
  reclaim_refill,    ///< refill_inactive looks at a page of the active list
  swap_scan_entry,   ///< swap_out looks at an entry and its page
  swap_unmap_entry,  ///< it takes the entry away
  swap_slot,         ///< a slot of the swap area is taken
  swap_slot_scan,    ///< one is looked at in the search
  fault_swap,        ///< a page found in the swap cache and mapped
  block_submit,      ///< a buffer enters the queue of a disk
  disk_command,      ///< a SCSI command built and given to the controller
  disk_completion,   ///< the interrupt handler's part for one command
  page_io_end,       ///< a page is unlocked and its waiters looked up
  memory_victim,     ///< a process is considered for lack of memory
  // Pages and address spaces.
  page_allocate,        ///< a block taken from the buddy lists, marks compared
  page_free,            ///< a block put back, merged with free buddies
  lru_remove,           ///< a page leaves its list before it is freed
  zero_page,            ///< 4 KB cleared
  copy_page,            ///< 4 KB copied
  table_page,           ///< a page for a table or directory from its quicklist or back to it
  directory_page,       ///< a directory begun: 768 entries cleared, 256 copied
  space_create,         ///< mm_struct allocated and begun
  fork_fixed,           ///< do_fork without memory and copies: numbers, tables of files and signals, lists
  exit_fixed,           ///< do_exit without memory and files: timers, relatives told
  wait_fixed,           ///< wait4 around its sleep: children looked at, status and times handed over
  process_release,      ///< release_task: lists, numbers, counts
  area_find,            ///< a search of the tree of areas after the cache missed
  area_create,          ///< an area allocated, filled in and linked
  area_remove,          ///< an area unlinked and freed
  area_copy,            ///< fork's copy of an area, linked to its file
  area_map,             ///< mmap or brk without what it finds on the way
  area_scan,            ///< an area passed in the search for a hole
  area_unmap,           ///< munmap without its areas
  area_protect,         ///< mprotect without its areas and entries
  area_grow,            ///< a stack grows
  scan_entry,           ///< an empty entry passed over
  copy_entry,           ///< an entry copied by fork, its page counted
  write_protect_entry,  ///< the parent's entry made read-only
  zap_entry,            ///< an entry cleared, its page counted down
  protect_entry,        ///< an entry given other access
  scan_directory,       ///< a directory entry looked at when tables are freed
  fault_zero,           ///< a read of memory never written: the zero page
  fault_anonymous,      ///< a first write to anonymous memory, without page and zeros
  fault_file,           ///< a page of a file found in the page cache and mapped
  fault_copy,           ///< a private copy, without page and copy
  fault_reuse,          ///< a write to a page that is nobody else's
  fault_mark,           ///< an entry that only lacked a mark
  exec_fixed,           ///< execve without its memory: headers, credentials, registers
  argument_page,        ///< a page of argument and environment strings
  // Sockets and protocols.
  socket_call,    ///< sys_read or sys_write down to a protocol of sockets: message, security, method
  socket_create,  ///< sys_socket or accept: inode, file and struct sock made
  socket_bind,    ///< bind or listen
  socket_option,  ///< setsockopt
  socket_wake,    ///< sock_def_readable or sock_def_write_space up to the wait queue
  skb_allocate,   ///< alloc_skb or skb_clone: the head from its pool, data from its slab, both initialised;
                  ///< a page for the slab, if it has none, comes on top
  skb_free,       ///< __kfree_skb with its destructor and kfree_skbmem
  tcp_send,       ///< tcp_sendmsg around its segments: lock and release of the socket, push at the end
  tcp_send_segment,  ///< a new segment of tcp_sendmsg, without skb and copy: accounting, queue, test whether
                     ///< to send
  tcp_transmit,      ///< tcp_transmit_skb: header with time stamp, window chosen, pseudo-header summed
  ip_transmit,       ///< ip_queue_xmit: cached route checked, header made and summed, hardware header copied
  device_queue,      ///< dev_queue_xmit: into the queue of a device and out of it again
  net_receive,       ///< netif_receive_skb: time stamp, protocol found
  ip_receive,        ///< ip_rcv: header checked and summed, route looked up
  tcp_receive,       ///< tcp_v4_rcv: header checked, socket looked up and locked
  tcp_data,  ///< a segment with data in tcp_rcv_established: predicted, queued, acknowledgement considered
  tcp_acknowledgement,  ///< tcp_ack: window, round trip, congestion window, timer, and what may be sent now
  tcp_receive_call,     ///< tcp_recvmsg around its segments: lock and release of the socket, window update
                        ///< considered
  tcp_receive_segment,  ///< a segment found, and one of its parts given to the reader, without the copy
  tcp_handshake,        ///< a step of opening or closing: request, answer, new socket, or end
  tcp_timer,            ///< a timer of a connection runs
  udp_transmit,         ///< udp_sendmsg and ip_build_xmit without skb and copy
  udp_receive,          ///< udp_rcv up to the socket's queue
  arp_packet,           ///< an ARP packet made or taken in
  checksum_line,        ///< 64 bytes copied and summed, or only summed
  // The driver of the network interface.
  nic_interrupt,  ///< the handler without the registers: status looked at, poll scheduled
  nic_poll,       ///< a round of polling begins: softirq, device's list, status block
  nic_receive,    ///< a descriptor read, its buffer unmapped, the packet's type found
  nic_refill,     ///< a new buffer made, mapped and entered in the ring
  nic_transmit,   ///< a packet mapped and entered in the ring
  nic_sent,       ///< a packet that was sent unmapped and given up
  // XenoLinux's driver of a virtual network interface.
  vif_transmit,   ///< network_start_xmit without what it frees on the way
  vif_reclaim,    ///< a packet that was sent
  vif_receive,    ///< a packet received, as far as the protocols
  vif_post,       ///< a buffer for one, without its page
  vif_interrupt,  ///< the event's handler around these
  // Disks behind a monitor, and raw disks.
  ring_request,   ///< buffers put together into a request in the ring; the hypercall comes on top
  ring_response,  ///< the event handler's part for one response
  raw_start,      ///< read or write of a raw disk begun and ended: kernel buffer, checks
  raw_page,       ///< a page of the process found and pinned, and let go again
  // Files on the disk.
  file_seek,          ///< lseek: the position set under the big kernel lock
  file_sync,          ///< fsync or sync around what it writes
  file_truncate,      ///< truncate around pages and blocks
  file_times,         ///< utime: notify_change without the inode's update
  file_lock,          ///< fcntl: a lock of a range of bytes set or removed
  file_system_stat,   ///< statfs: the groups' counts summed up
  directory_read,     ///< getdents: one entry copied out
  rename_names,       ///< rename without its directories: directory entries exchanged
  buffer_write,       ///< a dirty buffer found in its list, locked, and afterwards filed again
  journal_commit,     ///< journal_commit_transaction without its buffers
  journal_log_block,  ///< a block of a commit: its place in descriptor and lists, a buffer head for the log
  // Sockets of the Unix domain, System V IPC, clocks.
  unix_create,     ///< a socket with its inode made, or given up
  unix_connect,    ///< the listener found, the server's side of the connection made
  unix_accept,     ///< a connection taken from the listener's queue
  unix_send,       ///< a message without its copy: sk_buff, credentials, queue
  unix_receive,    ///< a message taken from the queue and freed
  semop,           ///< semop of a few operations: copied in, tried under the global lock
  semop_sleep,     ///< a sleeper entered and looked at again by a waker
  segment_attach,  ///< shmget or shmat without the area
  time_of_day,     ///< gettimeofday: counter read, microseconds copied out
  sleep_timer,     ///< a timeout set, and deleted or expired
  // Interrupts of devices.
  device_interrupt,  ///< do_IRQ around a handler: its line locked and ended; do_softirq around what follows
  count_,
};
inline constexpr std::size_t kernel_path_count = static_cast<std::size_t>(KernelPath::count_);

/// Names in the calibration file and in explanations, in the order of the enumeration.
inline constexpr std::array<std::string_view, kernel_path_count> kernel_path_names{
    "system_call",
    "fault",
    "locked_operation",
    "exchange",
    "name_copy",
    "path_character",
    "path_start",
    "path_component",
    "dentry_create",
    "dentry_delete",
    "inode_stat_copy",
    "fd_lookup",
    "file_access",
    "device_access",
    "descriptor_allocate",
    "descriptor_release",
    "file_open",
    "file_release",
    "file_reference",
    "copy_user",
    "copy_line",
    "clear_line",
    "wait_entry",
    "wake_up",
    "wake_process",
    "process_switch",
    "pipe_transfer",
    "select_fixed",
    "select_bit",
    "poll_one",
    "poll_table_page",
    "sigaction",
    "signal_send",
    "signal_queue",
    "signal_force",
    "signal_deliver",
    "signal_frame",
    "signal_return",
    "signal_fpu",
    "debug_register_load",
    "buffer_lookup",
    "bitmap_search",
    "bitmap_word",
    "block_allocate",
    "block_free",
    "inode_create",
    "inode_destroy",
    "inode_update",
    "directory_entry",
    "directory_check",
    "directory_change",
    "journal_handle",
    "journal_head",
    "journal_join",
    "journal_access",
    "journal_dirty",
    "journal_data",
    "journal_forget",
    "page_cache_lookup",
    "page_cache_insert",
    "page_cache_remove",
    "page_read",
    "page_write",
    "buffer_create",
    "buffer_free",
    "file_write",
    "reclaim_scan",
    "reclaim_refill",
    "swap_scan_entry",
    "swap_unmap_entry",
    "swap_slot",
    "swap_slot_scan",
    "fault_swap",
    "block_submit",
    "disk_command",
    "disk_completion",
    "page_io_end",
    "memory_victim",
    "page_allocate",
    "page_free",
    "lru_remove",
    "zero_page",
    "copy_page",
    "table_page",
    "directory_page",
    "space_create",
    "fork_fixed",
    "exit_fixed",
    "wait_fixed",
    "process_release",
    "area_find",
    "area_create",
    "area_remove",
    "area_copy",
    "area_map",
    "area_scan",
    "area_unmap",
    "area_protect",
    "area_grow",
    "scan_entry",
    "copy_entry",
    "write_protect_entry",
    "zap_entry",
    "protect_entry",
    "scan_directory",
    "fault_zero",
    "fault_anonymous",
    "fault_file",
    "fault_copy",
    "fault_reuse",
    "fault_mark",
    "exec_fixed",
    "argument_page",
    "socket_call",
    "socket_create",
    "socket_bind",
    "socket_option",
    "socket_wake",
    "skb_allocate",
    "skb_free",
    "tcp_send",
    "tcp_send_segment",
    "tcp_transmit",
    "ip_transmit",
    "device_queue",
    "net_receive",
    "ip_receive",
    "tcp_receive",
    "tcp_data",
    "tcp_acknowledgement",
    "tcp_receive_call",
    "tcp_receive_segment",
    "tcp_handshake",
    "tcp_timer",
    "udp_transmit",
    "udp_receive",
    "arp_packet",
    "checksum_line",
    "nic_interrupt",
    "nic_poll",
    "nic_receive",
    "nic_refill",
    "nic_transmit",
    "nic_sent",
    "vif_transmit",
    "vif_reclaim",
    "vif_receive",
    "vif_post",
    "vif_interrupt",
    "ring_request",
    "ring_response",
    "raw_start",
    "raw_page",
    "file_seek",
    "file_sync",
    "file_truncate",
    "file_times",
    "file_lock",
    "file_system_stat",
    "directory_read",
    "rename_names",
    "buffer_write",
    "journal_commit",
    "journal_log_block",
    "unix_create",
    "unix_connect",
    "unix_accept",
    "unix_send",
    "unix_receive",
    "semop",
    "semop_sleep",
    "segment_attach",
    "time_of_day",
    "sleep_timer",
    "device_interrupt",
};

}  // namespace xensim
