/// What makes a frame a page table or a directory: every entry in use obeys the rules and is counted.
///
/// Modelled: references to tables validate them when nothing refers to them as such yet, and undo that when
/// nothing does any more; a directory may name itself read-only, uncounted, so that the guest sees its
/// tables at consecutive addresses; the monitor's own entries in every directory.
/// Stricter than the code of 2003, which does not look at a change of an entry's flags alone: a directory
/// entry that names the directory itself cannot become writable that way.
/// Left out: frames of devices.
#pragma once

#include <cstdint>

#include "models/memory/leaf_references.hpp"
#include "models/memory/machine_memory.hpp"

namespace xensim {

/// What the directory entries of the monitor hold in this model: something that no guest can own.
inline constexpr PageTableEntry monitor_entry =
    PageTableEntry::to(FrameNumber{0}, PageTableEntry::present | PageTableEntry::writable);

/// A reference to `frame` as a table (l1) or directory (l2). Validates it if that is the first: O(1024), for
/// a directory as often as it names fresh tables. False: refused, and references to some of what it names
/// may be left over if the rules have bad requests kill.
[[nodiscard]] bool take_table(const MemoryCall& call, FrameNumber frame, FrameType type);
/// The last one undoes validation. Ignored if `frame` is not of the type.
void drop_table(const MemoryCall& call, FrameNumber frame, FrameType type);

/// Changes an entry of a table or a directory that is in use as such, and the counts of what it names and
/// did name. `index` must be below 1024. False as above.
[[nodiscard]] inline bool set_leaf_entry(const MemoryCall& call, EntryPlace place, PageTableEntry entry) {
  call.cpu.work.did(MemoryStep::leaf_update);
  std::uint32_t& word = call.machine.contents.words(place.table)[place.index];
  if (entry.has(PageTableEntry::present) && entry.has_any(forbidden_in_leaf)) return false;
  if (((word ^ entry.bits) & leaf_identity) == 0) {
    word = entry.bits;
    return true;
  }
  return replace_entry(
      call, word, entry, [&](PageTableEntry e) { return take_leaf(call, e); },
      [&](PageTableEntry e) { drop_leaf(call, e); });
}
[[nodiscard]] bool set_directory_entry(const MemoryCall& call, EntryPlace place, PageTableEntry entry);

}  // namespace xensim
