#include "models/memory/page_validation.hpp"

namespace xensim {
namespace {

using Entry = PageTableEntry;
using Taken = FrameTable::Taken;

constexpr std::uint32_t forbidden_in_directory = Entry::global | Entry::large;
/// What counts depend on.
constexpr std::uint32_t directory_identity = Entry::frame_mask | Entry::present;

bool take_directory_entry(const MemoryCall& call, FrameNumber directory, Entry entry) {
  if (entry.has_any(forbidden_in_directory)) return false;
  return take_table(call, entry.frame(), FrameType::l1) ||
         (entry.frame() == directory && !entry.has(Entry::writable));
}

bool take_entry(const MemoryCall& call, FrameNumber table, FrameType type, Entry entry) {
  return type == FrameType::l1 ? take_leaf(call, entry) : take_directory_entry(call, table, entry);
}

void drop_entry(const MemoryCall& call, FrameType type, Entry entry) {
  if (type == FrameType::l1) {
    drop_leaf(call, entry);
  } else {
    drop_table(call, entry.frame(), FrameType::l1);
  }
}

constexpr std::uint32_t guest_entries(FrameType type) {
  return type == FrameType::l1 ? entries_per_table : guest_directory_entries;
}

void drop_entries(const MemoryCall& call, FrameNumber table, FrameType type) {
  const std::uint32_t end = guest_entries(type);
  call.cpu.map();
  call.cpu.work.did(MemoryStep::entry_scanned, end);
  const PhysicalMemory::Words* words = call.machine.contents.contents(table);
  if (words == nullptr) return;
  for (std::uint32_t i = 0; i < end; ++i) {
    const Entry entry{(*words)[i]};
    if (!entry.has(Entry::present)) continue;
    call.cpu.work.did(MemoryStep::entry_present);
    drop_entry(call, type, entry);
  }
}

bool take_entries(const MemoryCall& call, FrameNumber table, FrameType type) {
  const std::uint32_t end = guest_entries(type);
  call.cpu.map();
  const PhysicalMemory::Words* words = call.machine.contents.contents(table);
  if (words == nullptr) {
    call.cpu.work.did(MemoryStep::entry_scanned, end);
    return true;
  }
  for (std::uint32_t i = 0; i < end; ++i) {
    const Entry entry{(*words)[i]};
    if (!entry.has(Entry::present)) continue;
    call.cpu.work.did(MemoryStep::entry_present);
    if (take_entry(call, table, type, entry)) continue;
    call.cpu.work.did(MemoryStep::entry_scanned, i + 1);
    if (call.machine.rules.bad_request_kills) return false;
    while (i-- > 0) {
      const Entry taken{(*words)[i]};
      if (taken.has(Entry::present)) drop_entry(call, type, taken);
    }
    return false;
  }
  call.cpu.work.did(MemoryStep::entry_scanned, end);
  return true;
}

}  // namespace

bool take_table(const MemoryCall& call, FrameNumber frame, FrameType type) {
  MachineMemory& machine = call.machine;
  const Taken taken = machine.frames.take_table(frame, type, call.domain);
  if (taken == Taken::refused) return false;
  if (taken == Taken::again) return true;
  if (taken == Taken::first_after_writes) {
    call.cpu.work.did(MemoryStep::stale_retype);
    call.cpu.flush_pending = true;
  }
  if (!take_entries(call, frame, type)) {
    if (!machine.rules.bad_request_kills) machine.frames.drop_table(frame, type, call.domain);
    return false;
  }
  if (type == FrameType::l2) {
    PhysicalMemory::Words& words = machine.contents.words(frame);
    for (std::uint32_t i = guest_directory_entries; i < entries_per_table; ++i) words[i] = monitor_entry.bits;
  }
  return true;
}

void drop_table(const MemoryCall& call, FrameNumber frame, FrameType type) {
  if (call.machine.frames.drop_table(frame, type, call.domain) == FrameTable::Dropped::last) {
    drop_entries(call, frame, type);
  }
}

bool set_directory_entry(const MemoryCall& call, EntryPlace place, PageTableEntry entry) {
  call.cpu.work.did(MemoryStep::directory_update);
  if (place.index >= guest_directory_entries) return false;
  std::uint32_t& word = call.machine.contents.words(place.table)[place.index];
  if (entry.has(Entry::present)) {
    if (entry.has_any(forbidden_in_directory)) return false;
    if (entry.frame() == place.table && entry.has(Entry::writable)) return false;
  }
  if (((word ^ entry.bits) & directory_identity) == 0) {
    word = entry.bits;
    return true;
  }
  return replace_entry(
      call, word, entry, [&](Entry e) { return take_directory_entry(call, place.table, e); },
      [&](Entry e) { drop_table(call, e.frame(), FrameType::l1); });
}

}  // namespace xensim
