/// References that entries of page tables hold, as single entries change: the path that every change takes.
#pragma once

#include <cstdint>

#include "models/memory/descriptor_tables.hpp"
#include "models/memory/machine_memory.hpp"

namespace xensim {

inline constexpr std::uint32_t forbidden_in_leaf = PageTableEntry::global | PageTableEntry::large;
/// What counts depend on.
inline constexpr std::uint32_t leaf_identity =
    PageTableEntry::frame_mask | PageTableEntry::writable | PageTableEntry::present;

/// The reference of a present entry of a table. False: refused. O(1).
[[nodiscard]] inline bool take_leaf(const MemoryCall& call, PageTableEntry entry) {
  return !entry.has_any(forbidden_in_leaf) &&
         call.machine.frames.take_page(entry.frame(), entry.has(PageTableEntry::writable), call.domain);
}

inline void drop_leaf(const MemoryCall& call, PageTableEntry entry) {
  const bool descriptors = call.machine.frames.drop_page(entry.frame(), entry.has(PageTableEntry::writable));
  if (descriptors) [[unlikely]]
    invalidate_ldt(call);
}

/// References to the new and the old entry, in the order of the rules; then the entry itself.
template <class Take, class Drop>
bool replace_entry(const MemoryCall& call, std::uint32_t& word, PageTableEntry entry, const Take& take,
                   const Drop& drop) {
  const PageTableEntry old{word};
  const bool was_present = old.has(PageTableEntry::present), is_present = entry.has(PageTableEntry::present);
  const bool get_first = call.machine.rules.get_before_put;
  if (!get_first && was_present) drop(old);
  if (is_present && !take(entry)) return false;
  word = entry.bits;
  if (get_first && was_present) drop(old);
  return true;
}

}  // namespace xensim
