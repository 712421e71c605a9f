#include "models/guest/memory/page_tables.hpp"

#include <algorithm>
#include <utility>

namespace xensim {
namespace {

using Entry = PageTableEntry;

constexpr std::uint32_t table_bits =
    Entry::present | Entry::writable | Entry::user | Entry::accessed | Entry::dirty;

/// The part of a range that lies in one region, as indices of its table.
struct Slots {
  std::uint32_t region, first, end;
};

/// The part of [start, range.end) that lies in the region of `start`.
Slots slots_from(Address start, Address end) {
  const std::uint32_t region = start.directory_index();
  const bool last = (end.value - 1) >> 22 == region;
  return {region, start.table_index(), last ? Address{end.value - 1}.table_index() + 1 : entries_per_table};
}

/// Lines of a table that so many of its entries fill.
constexpr std::uint32_t lines_of(std::size_t entries) {
  return (static_cast<std::uint32_t>(entries) + 15) / 16;
}

/// Lines of a table in which these entries lie; in the order of their indices.
std::uint32_t lines_with(const std::vector<EntryUpdate>& entries) {
  std::uint32_t lines = 0, last = UINT32_MAX;
  for (const EntryUpdate& entry : entries) {
    if (std::exchange(last, entry.index / 16) != entry.index / 16) ++lines;
  }
  return lines;
}

Address address_of(std::uint32_t region, std::uint32_t index) { return {((region << 10) + index) << 12}; }

}  // namespace

std::optional<PageNumber> PageTables::make_table(Address address) {
  if (const auto present = table(address)) return present;
  const auto made = memory_.tables.take_table();
  if (!made) return {};
  memory_.kernel.locked(3);
  memory_.paging.set_directory_entry(directory_, address.directory_index(),
                                     Entry::to(memory_.paging.frame(*made), table_bits));
  memory_.paging.commit();
  return made;
}

bool PageTables::copy_to(PageTables& child, const Area& area, std::uint32_t& resident) const {
  Paging& paging = memory_.paging;
  PageAllocator& pages = memory_.pages;
  std::vector<EntryUpdate>&copies = memory_.updates, &protections = memory_.other_updates;
  const bool copy_on_write = area.copies_on_write();
  const std::uint32_t cleared = Entry::accessed | (copy_on_write ? 0 : Entry::dirty);
  Slots slots{};
  for (Address at = area.range.start; at < area.range.end; at = address_of(slots.region + 1, 0)) {
    slots = slots_from(at, area.range.end);
    const auto source = table_of(slots.region);
    if (!source) continue;
    const auto target = child.make_table(at);
    if (!target) return false;
    const PhysicalMemory::Words* entries = paging.entries(*source);
    if (entries == nullptr) continue;
    copies.clear();
    protections.clear();
    memory_.named.clear();
    for (std::uint32_t i = slots.first; i < slots.end; ++i) {
      Entry entry{(*entries)[i]};
      if (!is_resident(entry)) {
        if (!is_swapped(entry)) continue;
        memory_.swap->slots.get(slot_of(entry));
        copies.push_back({i, entry});
        continue;
      }
      if (const PageNumber page = paging.page(entry.frame()); pages.is_counted(page)) {
        if (copy_on_write && entry.has(Entry::writable)) {
          entry = entry.without(Entry::writable);
          protections.push_back({i, entry});
        }
        entry = entry.without(cleared);
        pages.get(page);
        memory_.named.push_back(page);
        ++resident;
      }
      copies.push_back({i, entry});
    }
    memory_.kernel.uses_each(KernelObject::page_descriptor, memory_.named);
    memory_.kernel.did(KernelPath::scan_entry, slots.end - slots.first - copies.size());
    memory_.kernel.uses(KernelObject::page, source->value, lines_of(slots.end - slots.first),
                        lines_with(protections));
    memory_.kernel.uses(KernelObject::page, target->value, lines_of(copies.size()));
    memory_.kernel.did(KernelPath::copy_entry, copies.size());
    memory_.kernel.did(KernelPath::write_protect_entry, protections.size());
    memory_.kernel.locked(copies.size() + protections.size());
    if (!protections.empty()) paging.set_entries(*source, protections);
    if (!copies.empty()) paging.set_entries(*target, copies);
  }
  return true;
}

PageTables::Zapped PageTables::zap(AddressRange range, std::size_t limit, std::vector<PageNumber>* detached) {
  std::vector<EntryUpdate>& cleared = memory_.updates;
  std::vector<PageNumber>& named = memory_.named;
  const auto use_named = [&] {
    memory_.kernel.uses_each(KernelObject::page_descriptor, named);
    named.clear();
  };
  Zapped zapped{range.start, 0};
  while (zapped.reached < range.end && limit > 0) {
    const Slots slots = slots_from(zapped.reached, range.end);
    zapped.reached = address_of(slots.region, slots.end);
    const auto table = table_of(slots.region);
    const PhysicalMemory::Words* entries = table ? memory_.paging.entries(*table) : nullptr;
    if (entries == nullptr) continue;
    cleared.clear();
    named.clear();
    std::uint32_t freed = 0;
    std::uint32_t i = slots.first;
    for (; i < slots.end && limit > 0; ++i) {
      const Entry entry{(*entries)[i]};
      if (entry.bits == 0) continue;
      --limit;
      cleared.push_back({i, {}});
      if (is_swapped(entry)) {
        use_named();
        memory_.swap->put_entry(slot_of(entry));
        continue;
      }
      const PageNumber page = memory_.paging.page(entry.frame());
      if (!left(page, entry)) continue;
      named.push_back(page);
      ++zapped.resident;
      if (detached != nullptr) {
        detached->push_back(page);
      } else if (memory_.put_only_counts(page)) {
        memory_.pages.put(page);
      } else {
        use_named();
        if (memory_.put(page)) ++freed;
      }
    }
    use_named();
    zapped.reached = address_of(slots.region, i);
    memory_.kernel.did(KernelPath::scan_entry, i - slots.first - cleared.size());
    memory_.kernel.uses(KernelObject::page, table->value, lines_of(i - slots.first), lines_with(cleared));
    memory_.kernel.did(KernelPath::zap_entry, cleared.size());
    memory_.kernel.took_out(cleared.size());
    memory_.kernel.did(KernelPath::lru_remove, freed);
    memory_.kernel.locked(cleared.size() + std::uint64_t{freed} * 2);
    if (!cleared.empty()) memory_.paging.set_entries(*table, cleared);
  }
  return zapped;
}

void PageTables::set_dirty(Page& page) const {
  memory_.kernel.locked(page.dirty ? 1 : 2);  // the page's bit; its place in the file's lists
  if (!std::exchange(page.dirty, true)) page.file->dirtied(page.index);
}

void PageTables::clean(AddressRange range, std::uint32_t processors) {
  Slots slots{};
  for (Address at = range.start; at < range.end; at = address_of(slots.region + 1, 0)) {
    slots = slots_from(at, range.end);
    const auto table = table_of(slots.region);
    const PhysicalMemory::Words* entries = table ? memory_.paging.entries(*table) : nullptr;
    if (entries == nullptr) continue;
    std::uint32_t cleaned = 0;
    for (std::uint32_t i = slots.first; i < slots.end; ++i) {
      const Entry entry{(*entries)[i]};
      if (!is_resident(entry) || !entry.has(Entry::dirty)) continue;
      const PageNumber number = memory_.paging.page(entry.frame());
      if (!left(number, entry)) continue;
      memory_.kernel.uses(KernelObject::page_descriptor, number.value);
      memory_.paging.set_entry(*table, i, Entry::to(entry.frame(), entry.bits & 0xfff & ~Entry::dirty));
      memory_.paging.flush_page(directory_, address_of(slots.region, i), processors);
      ++cleaned;
    }
    memory_.kernel.did(KernelPath::scan_entry, slots.end - slots.first - cleaned);
    const std::uint32_t lines = lines_of(slots.end - slots.first);
    memory_.kernel.uses(KernelObject::page, table->value, lines, std::min(cleaned, lines));
    memory_.kernel.did(KernelPath::protect_entry, cleaned);
    memory_.kernel.took_out(cleaned);
    memory_.kernel.locked(cleaned);
  }
}

void PageTables::protect(AddressRange range, std::uint8_t flags) {
  std::vector<EntryUpdate>& changed = memory_.updates;
  const std::uint32_t bits = entry_bits(flags);
  Slots slots{};
  for (Address at = range.start; at < range.end; at = address_of(slots.region + 1, 0)) {
    slots = slots_from(at, range.end);
    const auto table = table_of(slots.region);
    const PhysicalMemory::Words* entries = table ? memory_.paging.entries(*table) : nullptr;
    if (entries == nullptr) continue;
    changed.clear();
    for (std::uint32_t i = slots.first; i < slots.end; ++i) {
      const Entry entry{(*entries)[i]};
      if (!is_resident(entry)) continue;
      changed.push_back(
          {i, Entry::to(entry.frame(), bits | (entry.bits & (Entry::accessed | Entry::dirty)))});
    }
    memory_.kernel.did(KernelPath::scan_entry, slots.end - slots.first - changed.size());
    memory_.kernel.uses(KernelObject::page, table->value, lines_of(slots.end - slots.first),
                        lines_with(changed));
    memory_.kernel.did(KernelPath::protect_entry, changed.size());
    memory_.kernel.took_out(changed.size());
    if (!changed.empty()) memory_.paging.set_entries(*table, changed);
  }
}

void PageTables::free_tables(std::uint32_t first, std::uint32_t end) {
  memory_.kernel.did(KernelPath::scan_directory, end - first);
  const PhysicalMemory::Words* entries = memory_.paging.entries(directory_);
  for (std::uint32_t region = first; region < end && entries != nullptr; ++region) {
    const Entry entry{(*entries)[region]};
    if (!entry.has(Entry::present)) continue;
    memory_.paging.set_directory_entry(directory_, region, {});
    memory_.tables.release_table(memory_.paging.page(entry.frame()));
  }
  memory_.paging.commit();
  memory_.tables.trim();
}

void PageTables::count_slots(std::vector<std::uint32_t>& references) const {
  for (std::uint32_t region = 0; region < regions; ++region) {
    const auto table = table_of(region);
    for (std::uint32_t i = 0; table && i < entries_per_table; ++i) {
      const Entry entry = memory_.paging.entry(*table, i);
      if (is_swapped(entry)) ++references[slot_of(entry)];
    }
  }
}

std::uint32_t PageTables::count_references(std::vector<std::uint32_t>& references) const {
  std::uint32_t resident = 0;
  ++references[directory_.value];
  for (std::uint32_t region = 0; region < regions; ++region) {
    const auto table = table_of(region);
    if (!table) continue;
    ++references[table->value];
    for (std::uint32_t i = 0; i < entries_per_table; ++i) {
      const Entry entry = memory_.paging.entry(*table, i);
      if (!is_resident(entry)) continue;
      const PageNumber page = memory_.paging.page(entry.frame());
      if (!memory_.pages.is_counted(page)) continue;
      ++references[page.value];
      ++resident;
    }
  }
  return resident;
}

}  // namespace xensim
