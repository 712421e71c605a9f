/// How pages are taken out of page tables (Linux 2.4.21 mm/vmscan.c, swap_out and what it calls).
#include "models/guest/memory/address_space.hpp"

namespace xensim {

bool AddressSpace::swap_out(PageTables::SwapOut& sweep) {
  std::size_t index = 0;
  while (index < areas_.size() && areas_[index].range.end <= swap_address_) ++index;
  for (; index < areas_.size(); ++index) {
    AddressRange range = areas_[index].range;
    range.start = std::max(range.start, swap_address_);
    const std::uint32_t before = sweep.taken;
    swap_address_ = tables_.swap_out(range, sweep, processors_);
    resident_ -= sweep.taken - before;
    if (sweep.wanted == 0) return true;
  }
  swap_address_ = {};
  return false;
}

Address PageTables::swap_out(AddressRange range, SwapOut& sweep, std::uint32_t processors) {
  const PageAllocator& pages = memory_.pages;
  std::uint32_t looked_at = 0;
  Address at = range.start;
  for (; at < range.end && sweep.wanted > 0; at.value += page_size) {
    const auto found = table(at);
    if (!found) {
      at = {((at.directory_index() + 1) << 22) - page_size};
      continue;
    }
    const PageTableEntry entry = memory_.paging.entry(*found, at.table_index());
    if (!is_resident(entry)) continue;
    ++looked_at;
    const PageNumber page = memory_.paging.page(entry.frame());
    if (!pages.is_counted(page)) continue;
    if (entry.has(PageTableEntry::accessed)) {
      set(at, entry.without(PageTableEntry::accessed));
      memory_.accessed(page);
      continue;
    }
    const Page& looked = pages[page];
    if (looked.list == Page::List::active || looked.locked || page.value >= sweep.end_of_zone) continue;
    if (!swap_out_page(at.table_index(), *found, at, processors)) continue;
    ++sweep.taken;
    --sweep.wanted;
  }
  memory_.kernel.did(KernelPath::swap_scan_entry, looked_at);
  return std::min(at, range.end);
}

bool PageTables::swap_out_page(std::uint32_t index, PageNumber table, Address address,
                               std::uint32_t processors) {
  Paging& paging = memory_.paging;
  SwapCache& swap = *memory_.swap;
  const PageTableEntry entry = paging.entry(table, index);
  const PageNumber number = paging.page(entry.frame());
  Page& page = memory_.pages[number];
  PageTableEntry left{};
  if (page.file == &swap) {
    swap.slots.get(page.index);
    left = swap_entry(page.index);
  } else if (page.file == nullptr && (entry.has(PageTableEntry::dirty) || page.dirty)) {
    const std::uint64_t before = swap.slots.scanned();
    const auto slot = swap.slots.allocate();
    memory_.kernel.did(KernelPath::swap_slot_scan, swap.slots.scanned() - before);
    if (!slot) return false;
    memory_.kernel.did(KernelPath::swap_slot);
    memory_.kernel.did(KernelPath::page_cache_insert);
    swap.add(number, *slot);
    left = swap_entry(*slot);
    page.dirty = true;
  }
  if (page.file == &swap && entry.has(PageTableEntry::dirty)) page.dirty = true;
  (void)this->left(number, entry);
  memory_.kernel.did(KernelPath::swap_unmap_entry);
  memory_.kernel.locked(4);
  paging.set_entry(table, index, left);
  paging.flush_page(directory_, address, processors);
  memory_.pages.put(number);
  return true;
}

}  // namespace xensim
