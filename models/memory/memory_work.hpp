/// What the monitor's memory management has done, counted. Prices are elsewhere.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/work_count.hpp"

namespace xensim {

/// Stretches of the monitor's code whose work depends on nothing but how often they run.
enum class MemoryStep : std::uint8_t {
  // Requests by kind, before any test.
  normal_request,
  m2p_request,
  unchecked_request,
  extended_request,
  va_update,
  // What requests turn out to be.
  leaf_update,
  directory_update,
  plain_write,
  pin,
  unpin,
  base_switch,
  // Validation and its undoing.
  entry_scanned,  ///< loaded from a table
  entry_present,  ///< of these, references taken or dropped
  descriptor_checked,
  // The monitor's own mappings.
  map_slot,
  map_sweep,     ///< the map cache wrapped: every released slot cleared
  wp_toggle,     ///< write protection of the monitor itself off and on again
  virtual_read,  ///< of the entry that maps a table, through the linear map
  // Flushes of the local TLB by cause; each is one load of the page-table base.
  batch_flush,
  va_flush,
  descriptor_flush,
  balloon_flush,
  map_cache_flush,
  stale_retype,  ///< retypes that called for a flush, which may share one with others
  page_invalidation,
  // Descriptor tables.
  gdt_install,
  gdt_slot,  ///< mapped or unmapped
  ldt_change,
  ldt_page_mapped,
  ldt_invalidation,
  descriptor_write,
  stack_switch,
  // Reservations.
  frame_allocated,
  frame_zeroed,
  frame_freed,
  count_,
};

using MemoryWork = WorkCount<MemoryStep>;

/// Names in the calibration file and in explanations, in the order of the enumeration.
inline constexpr std::array<std::string_view, MemoryWork::steps> memory_step_names{
    "normal_request",
    "m2p_request",
    "unchecked_request",
    "extended_request",
    "va_update",
    "leaf_update",
    "directory_update",
    "plain_write",
    "pin",
    "unpin",
    "base_switch",
    "entry_scanned",
    "entry_present",
    "descriptor_checked",
    "map_slot",
    "map_sweep",
    "wp_toggle",
    "virtual_read",
    "batch_flush",
    "va_flush",
    "descriptor_flush",
    "balloon_flush",
    "map_cache_flush",
    "stale_retype",
    "page_invalidation",
    "gdt_install",
    "gdt_slot",
    "ldt_change",
    "ldt_page_mapped",
    "ldt_invalidation",
    "descriptor_write",
    "stack_switch",
    "frame_allocated",
    "frame_zeroed",
    "frame_freed",
};
static_assert(memory_step_names.back() == "frame_freed", "a name for every step");

}  // namespace xensim
