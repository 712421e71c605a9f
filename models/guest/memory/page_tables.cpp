#include "models/guest/memory/page_tables.hpp"

#include <algorithm>
#include <utility>

namespace xensim {
namespace {

using Entry = PageTableEntry;

constexpr std::uint32_t table_bits =
    Entry::present | Entry::writable | Entry::user | Entry::accessed | Entry::dirty;

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

}  // namespace

/// The tables of a range, one after another, with the part of the range that lies in each.
class PageTables::Walk {
 public:
  Walk(const PageTables& tables, AddressRange range) : tables_(tables), range_(range) {}

  /// Goes to the next region that has a table in which an entry was ever set. False: there is none.
  [[nodiscard]] bool next() {
    while (range_.start < range_.end) {
      region_ = range_.start.directory_index();
      first = range_.start.table_index();
      const Address last{range_.end.value - 1};
      end = last.directory_index() == region_ ? last.table_index() + 1 : entries_per_table;
      range_.start = address(end);
      const auto found = tables_.table_of(region_);
      if (!found) continue;
      table = *found;
      entries_ = tables_.memory_.paging.entries(table);
      if (entries_ != nullptr) return true;
    }
    return false;
  }

  [[nodiscard]] PageTableEntry entry(std::uint32_t index) const { return {(*entries_)[index]}; }
  /// What an entry of this table maps.
  [[nodiscard]] Address address(std::uint32_t index) const { return {((region_ << 10) + index) << 12}; }
  [[nodiscard]] std::uint32_t size() const { return end - first; }

  PageNumber table;
  std::uint32_t first = 0, end = 0;  ///< entries of the table that map the range

 private:
  const PageTables& tables_;
  AddressRange range_;  ///< what is left
  std::uint32_t region_ = 0;
  const PhysicalMemory::Words* entries_ = nullptr;
};

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
  for (Walk source(*this, area.range); source.next();) {
    const auto target = child.make_table(source.address(source.first));
    if (!target) return false;
    copies.clear();
    protections.clear();
    memory_.named.clear();
    for (std::uint32_t i = source.first; i < source.end; ++i) {
      Entry entry = source.entry(i);
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
    memory_.kernel.did(KernelPath::scan_entry, source.size() - copies.size());
    memory_.kernel.uses(KernelObject::page, source.table.value, lines_of(source.size()),
                        lines_with(protections));
    memory_.kernel.uses(KernelObject::page, target->value, lines_of(copies.size()));
    memory_.kernel.did(KernelPath::copy_entry, copies.size());
    memory_.kernel.did(KernelPath::write_protect_entry, protections.size());
    memory_.kernel.locked(copies.size() + protections.size());
    if (!protections.empty()) paging.set_entries(source.table, protections);
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
  Walk walk(*this, range);
  while (limit > 0 && walk.next()) {
    cleared.clear();
    named.clear();
    std::uint32_t freed = 0;
    std::uint32_t i = walk.first;
    for (; i < walk.end && limit > 0; ++i) {
      const Entry entry = walk.entry(i);
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
    zapped.reached = walk.address(i);
    memory_.kernel.did(KernelPath::scan_entry, i - walk.first - cleared.size());
    memory_.kernel.uses(KernelObject::page, walk.table.value, lines_of(i - walk.first), lines_with(cleared));
    memory_.kernel.did(KernelPath::zap_entry, cleared.size());
    memory_.kernel.took_out(cleared.size());
    memory_.kernel.did(KernelPath::lru_remove, freed);
    memory_.kernel.locked(cleared.size() + std::uint64_t{freed} * 2);
    if (!cleared.empty()) memory_.paging.set_entries(walk.table, cleared);
  }
  if (limit > 0) zapped.reached = range.end;
  return zapped;
}

void PageTables::set_dirty(Page& page) const {
  memory_.kernel.locked(page.dirty ? 1 : 2);  // the page's bit; its place in the file's lists
  if (!std::exchange(page.dirty, true)) page.file->dirtied(page.index);
}

void PageTables::clean(AddressRange range, std::uint32_t processors) {
  for (Walk walk(*this, range); walk.next();) {
    std::uint32_t cleaned = 0;
    for (std::uint32_t i = walk.first; i < walk.end; ++i) {
      const Entry entry = walk.entry(i);
      if (!is_resident(entry) || !entry.has(Entry::dirty)) continue;
      const PageNumber number = memory_.paging.page(entry.frame());
      if (!left(number, entry)) continue;
      memory_.kernel.uses(KernelObject::page_descriptor, number.value);
      memory_.paging.set_entry(walk.table, i, Entry::to(entry.frame(), entry.bits & 0xfff & ~Entry::dirty));
      memory_.paging.flush_page(directory_, walk.address(i), processors);
      ++cleaned;
    }
    memory_.kernel.did(KernelPath::scan_entry, walk.size() - cleaned);
    const std::uint32_t lines = lines_of(walk.size());
    memory_.kernel.uses(KernelObject::page, walk.table.value, lines, std::min(cleaned, lines));
    memory_.kernel.did(KernelPath::protect_entry, cleaned);
    memory_.kernel.took_out(cleaned);
    memory_.kernel.locked(cleaned);
  }
}

void PageTables::protect(AddressRange range, std::uint8_t flags) {
  std::vector<EntryUpdate>& changed = memory_.updates;
  const std::uint32_t bits = entry_bits(flags);
  for (Walk walk(*this, range); walk.next();) {
    changed.clear();
    for (std::uint32_t i = walk.first; i < walk.end; ++i) {
      const Entry entry = walk.entry(i);
      if (!is_resident(entry)) continue;
      changed.push_back(
          {i, Entry::to(entry.frame(), bits | (entry.bits & (Entry::accessed | Entry::dirty)))});
    }
    memory_.kernel.did(KernelPath::scan_entry, walk.size() - changed.size());
    memory_.kernel.uses(KernelObject::page, walk.table.value, lines_of(walk.size()), lines_with(changed));
    memory_.kernel.did(KernelPath::protect_entry, changed.size());
    memory_.kernel.took_out(changed.size());
    if (!changed.empty()) memory_.paging.set_entries(walk.table, changed);
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
  for (Walk walk(*this, {{}, {regions << 22}}); walk.next();) {
    for (std::uint32_t i = walk.first; i < walk.end; ++i) {
      const Entry entry = walk.entry(i);
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
