#include "models/guest/memory/address_space.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace xensim {
namespace {

constexpr std::size_t gather = 508;  ///< entries that an SMP kernel clears before it flushes

/// Whole pages that hold `length` bytes; 0 if `start` does not begin a page or they leave the user's part.
std::uint32_t pages_of(Address start, std::uint32_t length) {
  if (page_floor(start) != start || start > AddressSpace::user_end) return 0;
  if (length > AddressSpace::user_end.value - start.value) return 0;
  return page_ceiling({length}).page();
}

AddressRange range_of(Address start, std::uint32_t pages) {
  return {start, {start.value + pages * page_size}};
}

}  // namespace

std::unique_ptr<AddressSpace> AddressSpace::create(GuestMemory& memory) {
  memory.kernel.did(KernelPath::space_create);
  const auto directory = memory.tables.take_directory();
  if (!directory) return nullptr;
  return std::unique_ptr<AddressSpace>(new AddressSpace(memory, *directory));
}

AddressSpace::~AddressSpace() {
  memory_.spaces.remove(place_);
  if (!areas_.empty()) clear();
}

std::unique_ptr<AddressSpace> AddressSpace::fork() {
  std::unique_ptr<AddressSpace> child = create(memory_);
  if (!child) return nullptr;
  memory_.spaces.move_after(child->place_, place_);
  child->heap_start_ = heap_start_;
  child->heap_end_ = heap_end_;
  child->areas_.reserve(areas_.size());
  uses_areas(areas_.size());
  child->uses_areas(areas_.size());
  bool complete = true;
  for (const Area& area : areas_) {
    if (area.has(AreaFlags::not_forked)) continue;
    memory_.kernel.did(KernelPath::area_copy);
    memory_.kernel.locked(4);
    child->areas_.append(area);
    child->mapped_ += area.range.pages();
    complete = tables_.copy_to(child->tables_, area, child->resident_);
    if (!complete) break;
  }
  flush();
  return complete ? std::move(child) : nullptr;
}

void AddressSpace::clear() {
  uses_areas(areas_.size());
  for (const Area& area : areas_) {
    memory_.kernel.did(KernelPath::area_remove);
    memory_.kernel.locked(5);
    zap(area.range);
  }
  areas_.clear();
  mapped_ = 0;
  tables_.free_tables(0, PageTables::regions);
  flush();
}

void AddressSpace::zap(AddressRange range) {
  if (!memory_.kernel.build.smp || users <= 1) {
    resident_ -= tables_.zap(range).resident;
    flush();
    return;
  }
  std::vector<PageNumber> detached;
  while (range.start < range.end) {
    const PageTables::Zapped zapped = tables_.zap(range, gather, &detached);
    range.start = zapped.reached;
    resident_ -= zapped.resident;
    flush();
    for (const PageNumber page : detached) {
      if (memory_.put(page)) memory_.kernel.locked(2);
    }
    detached.clear();
  }
}

bool AddressSpace::may_add(const Mapping& mapping, std::uint32_t pages) const {
  if (areas_.size() >= AreaList::maximum) return false;
  const bool takes_memory =
      (mapping.flags & AreaFlags::write) != 0 && (mapping.flags & AreaFlags::shared) == 0;
  return !takes_memory || mapping.no_reserve || memory_.enough(pages);
}

void AddressSpace::add(Area area) {
  mapped_ += area.range.pages();
  if (areas_.add(std::move(area))) {
    memory_.kernel.did(KernelPath::area_create);
    memory_.kernel.locked(2);
  }
}

std::optional<Address> AddressSpace::map(Mapping mapping) {
  memory_.kernel.did(KernelPath::area_map);
  memory_.kernel.locked(2);
  if ((mapping.flags & AreaFlags::shared) != 0 && !mapping.file) return {};
  const std::uint32_t pages = pages_of({}, mapping.length);
  if (pages == 0) return {};
  const std::optional<Address> start = place_for(mapping, pages);
  if (!start || (mapping.fixed && !remove(range_of(*start, pages)))) return {};
  if (!may_add(mapping, pages)) return {};
  add({.range = range_of(*start, pages),
       .flags = mapping.flags,
       .file = std::move(mapping.file),
       .file_page = mapping.file_page});
  return start;
}

std::optional<Address> AddressSpace::place_for(const Mapping& mapping, std::uint32_t pages) {
  if (mapping.fixed) {
    const bool sensible = mapping.address && pages_of(*mapping.address, mapping.length) > 0;
    return sensible ? mapping.address : std::nullopt;
  }
  std::uint32_t passed = 0;
  std::optional<Address> place;
  const Address hint = mapping.address.value_or(Address{});
  if (hint.value != 0 && hint < user_end) {
    const Address wished = page_ceiling(hint);
    place = areas_.hole(wished, pages, user_end, passed);
    if (place != wished) place.reset();
  }
  if (!place) place = areas_.hole(mapping_base, pages, user_end, passed);
  memory_.kernel.did(KernelPath::area_scan, passed);
  return place;
}

bool AddressSpace::unmap(Address start, std::uint32_t length) {
  memory_.kernel.locked(2);
  const std::uint32_t pages = pages_of(start, length);
  return pages > 0 && remove(range_of(start, pages));
}

bool AddressSpace::remove(AddressRange range) {
  const auto overlapping = [&](const Area& area) { return area.range.overlaps(range); };
  auto area = std::find_if(areas_.begin(), areas_.end(), overlapping);
  if (area == areas_.end()) return true;
  memory_.kernel.did(KernelPath::area_unmap);
  const bool splits = area->range.start < range.start && range.end < area->range.end;
  if (splits && areas_.size() >= AreaList::maximum) return false;
  for (; area != areas_.end() && overlapping(*area); ++area) {
    const AddressRange part = area->range.within(range);
    zap(part);
    mapped_ -= part.pages();
  }
  memory_.kernel.did(KernelPath::area_remove, areas_.remove(range));
  free_tables_around(range);
  return true;
}

void AddressSpace::free_tables_around(AddressRange range) {
  const auto begun_in = [](Address address) { return address.directory_index(); };
  const auto ended_in = [](Address end) { return ((end.value - 1) >> 22) + 1; };
  std::uint32_t first = begun_in(range.start), end = ended_in(range.end);
  for (const Area& area : areas_) {
    if (area.range.end <= range.start) first = std::max(first, ended_in(area.range.end));
    if (area.range.start >= range.end) {
      end = std::min(end, begun_in(area.range.start));
      break;
    }
  }
  if (first >= end) return;
  tables_.free_tables(first, end);
  flush();
}

bool AddressSpace::synchronize(Address start, std::uint32_t length,
                               std::vector<std::shared_ptr<MappedFile>>& files) {
  memory_.kernel.locked(2);
  const std::uint32_t pages = pages_of(start, length);
  if (length == 0) return true;
  if (pages == 0) return false;
  const AddressRange range = range_of(start, pages);
  Address covered = range.start;
  for (const Area& area : areas_) {
    if (!area.range.overlaps(range)) continue;
    if (area.range.start <= covered) covered = std::min(area.range.end, range.end);
    if (!area.file || !area.has(AreaFlags::shared)) continue;
    tables_.clean(area.range.within(range), processors_);
    flush();
    files.push_back(area.file);
  }
  return covered == range.end;
}

bool AddressSpace::protect(Address start, std::uint32_t length, std::uint8_t protection) {
  memory_.kernel.did(KernelPath::area_protect);
  memory_.kernel.locked(2);
  const std::uint32_t pages = pages_of(start, length);
  if (pages == 0 || (protection & ~AreaFlags::protection) != 0) return false;
  Address covered = start;
  for (const Area& area : areas_) {
    if (area.range.holds(covered)) covered = area.range.end;
  }
  const AddressRange wanted = range_of(start, pages), range{start, std::min(covered, wanted.end)};
  if (range.start == range.end || areas_.size() + 2 > AreaList::maximum) return false;
  const std::size_t before = areas_.size();
  for (const Area& area : areas_) {
    if (!area.range.overlaps(range) || (area.flags & AreaFlags::protection) == protection) continue;
    const auto shared = static_cast<std::uint8_t>(area.flags & AreaFlags::shared);
    tables_.protect(area.range.within(range), static_cast<std::uint8_t>(protection | shared));
    flush();
  }
  areas_.set_protection(range, protection);
  if (areas_.size() > before) memory_.kernel.did(KernelPath::area_create, areas_.size() - before);
  return range == wanted;
}

Address AddressSpace::set_heap_end(Address end) {
  if (end < heap_start_ || end >= user_end) return heap_end_;
  const AddressRange old_pages{page_ceiling(heap_start_), page_ceiling(heap_end_)};
  const Address new_end = page_ceiling(end);
  if (new_end < old_pages.end) {
    if (!remove({new_end, old_pages.end})) return heap_end_;
  } else if (old_pages.end < new_end) {
    memory_.kernel.did(KernelPath::area_map);
    const AddressRange added{old_pages.end, new_end};
    const bool taken = std::any_of(areas_.begin(), areas_.end(),
                                   [&](const Area& area) { return area.range.overlaps(added); });
    const Mapping heap{.flags = AreaFlags::protection};
    if (taken || !may_add(heap, added.pages())) return heap_end_;
    add({.range = added, .flags = heap.flags});
  }
  return heap_end_ = end;
}

std::string AddressSpace::audit(std::vector<std::uint32_t>& references) const {
  if (std::string fault = areas_.audit(); !fault.empty()) return fault;
  std::uint32_t mapped = 0;
  for (const Area& area : areas_) mapped += area.range.pages();
  if (mapped != mapped_) return fmt::format("{} pages mapped, {} accounted", mapped, mapped_);
  const std::uint32_t resident = tables_.count_references(references);
  if (resident != resident_) return fmt::format("{} pages resident, {} accounted", resident, resident_);
  for (std::uint32_t page = 0; page < user_end.page(); ++page) {
    const Address address{page << 12};
    if (!tables_.table(address)) {
      page |= entries_per_table - 1;
      continue;
    }
    if (!is_resident(tables_.entry(address))) continue;
    const auto owner = std::find_if(areas_.begin(), areas_.end(),
                                    [&](const Area& area) { return area.range.holds(address); });
    if (owner == areas_.end()) return fmt::format("{:#x} is resident outside all areas", address.value);
  }
  return {};
}

}  // namespace xensim
