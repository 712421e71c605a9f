/// In what the releases of the monitor differ when they manage memory, and what they have in common.
#pragma once

#include <array>
#include <cstdint>

#include "models/memory/hypercall_status.hpp"
#include "models/memory/page_table.hpp"

namespace xensim {

/// Guests' entries of a directory; the monitor's own 16 follow.
inline constexpr std::uint32_t guest_directory_entries = 1008;
/// First address above what guests' page tables translate: 0xfc000000.
inline constexpr Address guest_end{guest_directory_entries << 22};
/// First address above what guests' segments may reach; up to it, they may read the M2P table.
inline constexpr Address private_area{0xfc400000};

/// What the two low bits of a request's pointer select.
enum class PageCommand : std::uint8_t { normal, m2p, extended, unchecked };

/// Low eight bits of an extended request's value.
enum class ExtendedCommand : std::uint8_t {
  pin_l1 = 0,
  pin_l2 = 1,
  unpin = 4,
  new_base = 5,
  tlb_flush = 6,
  invalidate_page = 7,
  set_ldt = 8,
};

struct MemoryRules {
  std::array<PageCommand, 4> commands;
  /// A bad request kills the domain, which then may leave counts behind that contradict its tables. Else
  /// the request changes nothing, the batch ends with -EINVAL and what was done before it stays.
  bool bad_request_kills;
  /// Entries are named by the virtual address that maps them, not by machine address.
  bool virtual_entries;
  /// The reference of a new entry is taken before that of the old one is dropped.
  bool get_before_put;
  /// Words of frames that are no valid table may be written only while no reference needs their type.
  bool plain_write_needs_no_type;
  /// Descriptors of every frame of a new GDT are read from the first of them.
  bool gdt_check_reads_first_frame;
  /// The first page of the LDT is mapped again after an invalidation, without waiting for a fault.
  bool preload_ldt;
  /// Frames that an allocation must leave free.
  std::uint32_t slack = 512;

  [[nodiscard]] constexpr HypercallStatus bad_request() const {
    return bad_request_kills ? HypercallStatus::killed : HypercallStatus::invalid;
  }
};

/// Xen 1.0 (September 2003).
inline constexpr MemoryRules xen_1_0_memory{
    .commands = {PageCommand::normal, PageCommand::m2p, PageCommand::extended, PageCommand::unchecked},
    .bad_request_kills = true,
    .virtual_entries = false,
    .get_before_put = false,
    .plain_write_needs_no_type = false,
    .gdt_check_reads_first_frame = true,
    .preload_ldt = false};

/// Xen 1.2 (December 2003).
inline constexpr MemoryRules xen_1_2_memory{
    .commands = {PageCommand::normal, PageCommand::unchecked, PageCommand::m2p, PageCommand::extended},
    .bad_request_kills = false,
    .virtual_entries = true,
    .get_before_put = true,
    .plain_write_needs_no_type = true,
    .gdt_check_reads_first_frame = false,
    .preload_ldt = true};

}  // namespace xensim
