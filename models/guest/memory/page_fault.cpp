/// do_page_fault and handle_mm_fault of Linux 2.4.21 (arch/i386/mm/fault.c, mm/memory.c).
#include "models/guest/memory/address_space.hpp"
#include "models/guest/memory/fault_result.hpp"

namespace xensim {
namespace {

using Entry = PageTableEntry;
using enum FaultResult::Outcome;

/// A program may push this far below its stack pointer before it moves that.
constexpr std::uint32_t below_stack_pointer = 32;

/// A private page that was just written.
constexpr std::uint32_t written =
    Entry::present | Entry::user | Entry::accessed | Entry::writable | Entry::dirty;

}  // namespace

FaultResult AddressSpace::fault(const PageFault& fault, Address stack_pointer) {
  const bool write = (fault.error_code & PageFault::write) != 0;
  memory_.kernel.did(KernelPath::fault);
  if (memory_.paging.commit()) return {retry};
  memory_.kernel.locked(2);  // the semaphore of the areas, down and up
  uses_areas(1);
  const Area* area = area_for(fault, stack_pointer);
  if (area == nullptr) return {bad_address};
  memory_.kernel.locked(2);  // the lock of the tables
  if (!tables_.make_table(fault.address)) return {no_memory};
  memory_.kernel.uses(KernelObject::page, tables_.table(fault.address)->value);
  const Entry entry = tables_.entry(fault.address);
  if (is_swapped(entry)) return swapped_page(*area, fault.address, entry, write);
  if (!is_resident(entry)) {
    return area->file ? file_page(*area, fault.address, write) : anonymous_page(*area, fault.address, write);
  }
  if (write && !entry.has(Entry::writable)) return write_protected(fault.address, entry);
  // Another processor was faster, or the area grants more than it did.
  memory_.kernel.did(KernelPath::fault_mark);
  tables_.set(fault.address, entry.with(write ? Entry::accessed | Entry::dirty : Entry::accessed));
  memory_.paging.flush_page(directory(), fault.address, processors_);
  return {minor};
}

const Area* AddressSpace::area_for(const PageFault& fault, Address stack_pointer) {
  const AreaList::Found found = areas_.find(fault.address);
  if (found.searched) memory_.kernel.did(KernelPath::area_find);
  if (found.index == areas_.size()) return nullptr;
  const Area& area = areas_[found.index];
  if (fault.address < area.range.start) {
    if (!area.has(AreaFlags::grows_down)) return nullptr;
    const bool far_below = std::uint64_t{fault.address.value} + below_stack_pointer < stack_pointer.value;
    if ((fault.error_code & PageFault::user) != 0 && far_below) return nullptr;
    if (!grow_stack(found.index, page_floor(fault.address))) return nullptr;
  }
  const bool denied = (fault.error_code & PageFault::present) != 0;
  const bool allowed = (fault.error_code & PageFault::write) != 0
                           ? area.has(AreaFlags::write)
                           : !denied && area.has_any(AreaFlags::read | AreaFlags::execute);
  return allowed ? &area : nullptr;
}

bool AddressSpace::grow_stack(std::size_t index, Address start) {
  const AddressRange range = areas_[index].range;
  if (range.end.value - start.value > stack_limit) return false;
  memory_.kernel.did(KernelPath::area_grow);
  mapped_ += range.start.page() - start.page();
  areas_.grow_down(index, start);
  return true;
}

bool AddressSpace::install(Address address, PageNumber page) {
  if (!tables_.make_table(address)) return false;
  tables_.set(address, Entry::to(memory_.paging.frame(page), written));
  memory_.pages.lists().enter(page);
  ++resident_;
  return true;
}

FaultResult AddressSpace::anonymous_page(const Area& area, Address address, bool write) {
  Paging& paging = memory_.paging;
  if (!write) {
    memory_.kernel.did(KernelPath::fault_zero);
    const FrameNumber zero = paging.frame(PageAllocator::zero_page());
    tables_.set(address, Entry::to(zero, entry_bits(area.flags) & ~Entry::writable));
  } else {
    const auto page = memory_.pages.allocate_user();
    if (!page) return {no_memory};
    memory_.kernel.zeroed(page->value);
    memory_.kernel.did(KernelPath::fault_anonymous);
    memory_.kernel.locked(3);
    paging.zero(*page);
    tables_.set(address, Entry::to(paging.frame(*page), written));
    memory_.enter_referenced(*page);
    ++resident_;
  }
  paging.commit();
  return {minor};
}

FaultResult AddressSpace::file_page(const Area& area, Address address, bool write) {
  Paging& paging = memory_.paging;
  const std::uint32_t index = area.file_page_of(address);
  if (index >= area.file->pages()) return {bus_error};
  const auto cached = area.file->page(index);
  if (!cached) return {read_page, area.file.get(), index};
  if (memory_.pages[*cached].reading) return {wait_page, nullptr, cached->value};
  memory_.kernel.did(KernelPath::fault_file);
  memory_.kernel.uses(KernelObject::page_descriptor, cached->value);
  memory_.kernel.locked(4);
  PageNumber page = *cached;
  std::uint32_t bits = entry_bits(area.flags);
  if (write) bits |= Entry::writable | Entry::dirty;
  if (write && area.copies_on_write()) {
    const auto copy = memory_.pages.allocate_user();
    if (!copy) return {no_memory};
    memory_.kernel.copied_page(page.value, copy->value);
    memory_.kernel.locked(3);
    paging.copy(page, *copy);
    page = *copy;
    memory_.pages.lists().enter(page);
  } else {
    memory_.pages.get(page);
  }
  memory_.accessed(*cached);
  tables_.set(address, Entry::to(paging.frame(page), bits));
  ++resident_;
  paging.commit();
  return {major};
}

FaultResult AddressSpace::swapped_page(const Area& area, Address address, PageTableEntry entry, bool write) {
  SwapCache& swap = *memory_.swap;
  const std::uint32_t slot = slot_of(entry);
  const auto page = swap.page(slot);
  if (!page) return {read_slot, nullptr, slot};
  if (memory_.pages[*page].locked) return {wait_page, nullptr, page->value};
  memory_.kernel.did(KernelPath::page_cache_lookup);
  memory_.kernel.did(KernelPath::fault_swap);
  memory_.kernel.locked(6);
  memory_.pages.lists().accessed(*page);
  memory_.pages.get(*page);
  swap.slots.put(slot);
  if (swap.slots.more_than_half_full()) swap.leave_to_process(*page);
  // Even an area that is written is read-only in memory as long as others may use the page.
  std::uint32_t bits = entry_bits(area.flags);
  if (write && memory_.only_user(*page)) bits |= Entry::writable | Entry::dirty;
  tables_.set(address, Entry::to(memory_.paging.frame(*page), bits));
  ++resident_;
  memory_.paging.commit();
  return {major};
}

FaultResult AddressSpace::write_protected(Address address, PageTableEntry entry) {
  Paging& paging = memory_.paging;
  PageAllocator& pages = memory_.pages;
  const PageNumber old = paging.page(entry.frame());
  const bool counted = pages.is_counted(old);
  if (counted) memory_.kernel.uses(KernelObject::page_descriptor, old.value);
  if (counted && memory_.only_user(old)) {
    memory_.kernel.did(KernelPath::fault_reuse);
    memory_.kernel.locked(2);
    tables_.set(address, entry.with(written));
    paging.flush_page(directory(), address, processors_);
    return {minor};
  }
  const auto page = pages.allocate_user();
  if (!page) return {no_memory};
  memory_.kernel.did(KernelPath::fault_copy);
  memory_.kernel.locked(8);
  if (old == PageAllocator::zero_page()) {
    memory_.kernel.zeroed(page->value);
    paging.zero(*page);
  } else {
    memory_.kernel.copied_page(old.value, page->value);
    paging.copy(old, *page);
  }
  tables_.set(address, Entry::to(paging.frame(*page), written));
  pages.lists().enter(*page);
  paging.flush_page(directory(), address, processors_);
  if (counted) {
    memory_.put(old);
  } else {
    ++resident_;
  }
  return {minor};
}

}  // namespace xensim
