#include "models/guest/kernel/kernel_image.hpp"

namespace xensim {
namespace {

/// Source files, in the order of linking.
enum class SourceFile : std::uint8_t {
  arch_entry,
  arch_signal,
  arch_fault,
  arch_usercopy,
  arch_process,
  arch_port,
  sched,
  fork,
  exit,
  signal,
  memory,
  mmap,
  mprotect,
  filemap,
  vmscan,
  page_alloc,
  swapfile,
  oom_kill,
  open,
  read_write,
  file_table,
  buffer,
  stat,
  exec,
  pipe,
  namei,
  select,
  dcache,
  inode,
  ext3_balloc,
  ext3_ialloc,
  ext3_inode,
  ext3_namei,
  jbd_transaction,
  devices,
  block,
  scsi,
  nic,
  socket,
  tcp,
  tcp_output,
  ip,
  udp,
  skbuff,
  net_device,
  vif,
  ring_disk,
  raw_disk,
  locks,
  jbd_commit,
  ext3_dir,
  unix_domain,
  ipc,
  time,
  count_,
};

constexpr SourceFile file_of(KernelPath path) {
  using enum KernelPath;
  switch (path) {
    case system_call:
    case locked_operation:
    case device_interrupt:
      return SourceFile::arch_entry;
    case signal_deliver:
    case signal_frame:
    case signal_return:
    case signal_fpu:
    case debug_register_load:
      return SourceFile::arch_signal;
    case fault:
      return SourceFile::arch_fault;
    case copy_user:
    case copy_line:
    case clear_line:
    case zero_page:
    case copy_page:
    case exchange:
      return SourceFile::arch_usercopy;
    case wait_entry:
    case wake_up:
    case wake_process:
      return SourceFile::sched;
    case process_switch:
      return SourceFile::arch_process;
    case fork_fixed:
    case space_create:
    case area_copy:
    case file_reference:
      return SourceFile::fork;
    case exit_fixed:
    case wait_fixed:
    case process_release:
      return SourceFile::exit;
    case sigaction:
    case signal_send:
    case signal_queue:
    case signal_force:
      return SourceFile::signal;
    case table_page:
    case directory_page:
    case scan_entry:
    case copy_entry:
    case write_protect_entry:
    case zap_entry:
    case scan_directory:
    case fault_zero:
    case fault_anonymous:
    case fault_copy:
    case fault_reuse:
    case fault_mark:
    case fault_swap:
      return SourceFile::memory;
    case area_find:
    case area_create:
    case area_remove:
    case area_map:
    case area_scan:
    case area_unmap:
    case area_grow:
      return SourceFile::mmap;
    case area_protect:
    case protect_entry:
      return SourceFile::mprotect;
    case page_cache_lookup:
    case page_cache_insert:
    case page_cache_remove:
    case page_read:
    case page_write:
    case file_write:
    case fault_file:
      return SourceFile::filemap;
    case reclaim_scan:
    case reclaim_refill:
    case swap_scan_entry:
    case swap_unmap_entry:
      return SourceFile::vmscan;
    case swap_slot:
    case swap_slot_scan:
      return SourceFile::swapfile;
    case memory_victim:
      return SourceFile::oom_kill;
    case block_submit:
    case page_io_end:
      return SourceFile::block;
    case disk_command:
    case disk_completion:
      return SourceFile::scsi;
    case nic_interrupt:
    case nic_poll:
    case nic_receive:
    case nic_refill:
    case nic_transmit:
    case nic_sent:
      return SourceFile::nic;
    case page_allocate:
    case page_free:
    case lru_remove:
      return SourceFile::page_alloc;
    case descriptor_allocate:
    case descriptor_release:
      return SourceFile::open;
    case file_access:
      return SourceFile::read_write;
    case fd_lookup:
    case file_open:
    case file_release:
      return SourceFile::file_table;
    case buffer_lookup:
    case buffer_create:
    case buffer_free:
      return SourceFile::buffer;
    case inode_stat_copy:
      return SourceFile::stat;
    case exec_fixed:
    case argument_page:
      return SourceFile::exec;
    case pipe_transfer:
      return SourceFile::pipe;
    case name_copy:
    case path_character:
    case path_start:
    case path_component:
      return SourceFile::namei;
    case select_fixed:
    case select_bit:
    case poll_one:
    case poll_table_page:
      return SourceFile::select;
    case dentry_create:
    case dentry_delete:
      return SourceFile::dcache;
    case inode_destroy:
      return SourceFile::inode;
    case bitmap_search:
    case bitmap_word:
    case block_free:
      return SourceFile::ext3_balloc;
    case inode_create:
      return SourceFile::ext3_ialloc;
    case block_allocate:
    case inode_update:
      return SourceFile::ext3_inode;
    case directory_entry:
    case directory_check:
    case directory_change:
      return SourceFile::ext3_namei;
    case journal_handle:
    case journal_join:
    case journal_access:
    case journal_dirty:
    case journal_data:
    case journal_forget:
    case journal_head:
      return SourceFile::jbd_transaction;
    case device_access:
      return SourceFile::devices;
    case socket_call:
    case socket_create:
    case socket_bind:
    case socket_option:
    case socket_wake:
      return SourceFile::socket;
    case skb_allocate:
    case skb_free:
    case checksum_line:
      return SourceFile::skbuff;
    case tcp_send:
    case tcp_send_segment:
    case tcp_transmit:
      return SourceFile::tcp_output;
    case tcp_receive:
    case tcp_data:
    case tcp_acknowledgement:
    case tcp_receive_call:
    case tcp_receive_segment:
    case tcp_handshake:
    case tcp_timer:
      return SourceFile::tcp;
    case ip_transmit:
    case ip_receive:
      return SourceFile::ip;
    case udp_transmit:
    case udp_receive:
      return SourceFile::udp;
    case device_queue:
    case net_receive:
    case arp_packet:
      return SourceFile::net_device;
    case vif_transmit:
    case vif_reclaim:
    case vif_receive:
    case vif_post:
    case vif_interrupt:
      return SourceFile::vif;
    case ring_request:
    case ring_response:
      return SourceFile::ring_disk;
    case raw_start:
    case raw_page:
      return SourceFile::raw_disk;
    case file_seek:
      return SourceFile::read_write;
    case file_sync:
    case buffer_write:
      return SourceFile::buffer;
    case file_truncate:
    case file_times:
    case file_system_stat:
      return SourceFile::open;
    case file_lock:
      return SourceFile::locks;
    case directory_read:
      return SourceFile::ext3_dir;
    case rename_names:
      return SourceFile::namei;
    case journal_commit:
    case journal_log_block:
      return SourceFile::jbd_commit;
    case unix_create:
    case unix_connect:
    case unix_accept:
    case unix_send:
    case unix_receive:
      return SourceFile::unix_domain;
    case semop:
    case semop_sleep:
    case segment_attach:
      return SourceFile::ipc;
    case time_of_day:
    case sleep_timer:
      return SourceFile::time;
    case count_:
      break;
  }
  return SourceFile::arch_entry;
}

constexpr std::uint32_t first_code = 256;  // 1 MB: where the image is loaded
constexpr std::uint32_t first_data = 320, first_port_page = 384, first_object_page = 392, end_of_image = 512;
static_assert(first_code + static_cast<std::uint32_t>(SourceFile::count_) <= first_data);

constexpr KernelPlace place_in(SourceFile file) {
  const auto number = static_cast<std::uint32_t>(file);
  return {{first_code + number}, {first_data + number}};
}

constexpr KernelPlaces all_places() {
  KernelPlaces places{};
  for (std::size_t i = 0; i < kernel_path_count; ++i) {
    const SourceFile file = file_of(static_cast<KernelPath>(i));
    places[i] = place_in(file);
    if (file == SourceFile::arch_usercopy) places[i].data = {};  // only copies and clears what others keep
  }
  return places;
}

/// Objects in a page, by their sizes in bytes in Linux 2.4.21.
constexpr std::uint32_t in_a_page(KernelObject kind) {
  switch (kind) {
    case KernelObject::page_descriptor:
      return page_size / 48;
    case KernelObject::process:
      return page_size / 1400;  // actions of signals, the largest; the rest lies in slabs of as many
    case KernelObject::space:
      return page_size / 680;  // areas, ten of 68
    case KernelObject::name:
    case KernelObject::disk_inode:
      return page_size / 128;
    case KernelObject::inode:
      return page_size / 480;
    case KernelObject::buffer:
    case KernelObject::data_buffer:
      return page_size / 96;
    case KernelObject::descriptor:
      return page_size / 64;
    case KernelObject::packet:
    case KernelObject::packet_clone:
      return page_size / 192;
    case KernelObject::socket:
      return page_size / 900;
    default:
      return 1;
  }
}

}  // namespace

std::uint32_t objects_in_a_page(KernelObject kind) {
  static constexpr auto in_a_page_of = [] {
    std::array<std::uint32_t, static_cast<std::size_t>(KernelObject::count_)> all{};
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = in_a_page(static_cast<KernelObject>(i));
    return all;
  }();
  return in_a_page_of[static_cast<std::size_t>(kind)];
}

PageNumber object_page(KernelObject kind, std::uint32_t number) {
  if (kind == KernelObject::page) return {number};
  constexpr std::uint32_t pages = end_of_image - first_object_page, apart = 11;
  const std::uint32_t slab = number / objects_in_a_page(kind);
  return {first_object_page + (slab + static_cast<std::uint32_t>(kind) * apart) % pages};
}

PageNumber port_code() { return place_in(SourceFile::arch_port).code; }

PageNumber port_page(PortPage page) { return {first_port_page + static_cast<std::uint32_t>(page)}; }

const KernelPlaces& kernel_places() {
  static constexpr KernelPlaces places = all_places();
  return places;
}

KernelPlace schedule_place() { return place_in(SourceFile::sched); }

}  // namespace xensim
