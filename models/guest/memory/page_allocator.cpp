#include "models/guest/memory/page_allocator.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace xensim {
namespace {

/// A multiple of the largest block, as is the end of low memory: buddies never lie in different zones.
constexpr std::uint32_t dma_end = 16 << 20 >> 12;

}  // namespace

PageAllocator::PageAllocator(const KernelContext& kernel, std::uint32_t pages, std::uint32_t low,
                             std::uint32_t reserved)
    : kernel_(kernel), pages_(pages), blocks_(pages) {
  const std::array<std::uint32_t, 4> bounds{0, std::min(pages, dma_end), std::min(pages, low), pages};
  for (std::size_t i = 0; i < zones_.size(); ++i) {
    Zone& zone = zones_[i];
    zone.begin = bounds[i];
    zone.end = bounds[i + 1];
    zone.lists.fill(none);
    if (zone.begin == zone.end) continue;
    zone.minimum = std::clamp((zone.end - zone.begin) / 128, 20u, 255u);
    zone.low = zone.minimum * 2;
    zone.high = zone.minimum * 3;
  }
  for (std::uint32_t page = 0; page < reserved; ++page) pages_[page].reserved = true;
  // From the end, so that what is freed last, and given out first, lies low.
  for (std::uint32_t end = pages; end > reserved;) {
    unsigned order = orders - 1;
    while (end % (1u << order) != 0 || end - reserved < 1u << order) --order;
    end -= 1u << order;
    Zone& zone = zone_of(end);
    insert(zone, end, order);
    zone.free += 1u << order;
  }
}

std::optional<PageNumber> PageAllocator::allocate(unsigned order, Need need, Use use) {
  kernel_.did(KernelPath::page_allocate);
  kernel_.locked(1);
  const std::uint32_t size = 1u << order;
  const auto pass = [&](auto mark_of) -> std::optional<PageNumber> {
    std::uint32_t mark = size;
    for (std::size_t i = highest_zone(use) + 1; i-- > 0;) {
      Zone& zone = zones_[i];
      if (zone.begin == zone.end) continue;
      mark += mark_of(zone);
      if (zone.free <= mark) continue;
      if (const auto page = take(zone, order)) {
        kernel_.uses(KernelObject::page_descriptor, page->value);
        return page;
      }
    }
    return {};
  };
  if (const auto page = pass([](const Zone& zone) { return zone.low; })) return page;
  ask_for_balance(use);
  const unsigned share = need == Need::atomic ? 4 : 1;
  if (const auto page = pass([&](const Zone& zone) { return zone.minimum / share; })) return page;
  if (need == Need::reserve) {
    for (std::size_t i = highest_zone(use) + 1; i-- > 0;) {
      if (const auto page = take(zones_[i], order)) return page;
    }
  }
  return {};
}

std::optional<PageNumber> PageAllocator::take(Zone& zone, unsigned order) {
  unsigned found = order;
  while (found < orders && zone.lists[found] == none) ++found;
  if (found == orders) return {};
  const std::uint32_t first = zone.lists[found];
  remove(zone, first);
  // The lower half is split on; upper halves go back.
  while (found > order) {
    --found;
    insert(zone, first + (1u << found), found);
  }
  zone.free -= 1u << order;
  Page& page = pages_[first];
  page = {};
  page.count = 1;
  return PageNumber{first};
}

void PageAllocator::free(PageNumber first, unsigned order) {
  kernel_.did(KernelPath::page_free);
  kernel_.locked(1);
  kernel_.uses(KernelObject::page_descriptor, first.value);
  pages_[first.value].count = 0;
  if (pages_[first.value].list != Page::List::none) lists_.remove(first);
  merge(zone_of(first.value), first.value, order);
}

void PageAllocator::merge(Zone& zone, std::uint32_t first, unsigned order) {
  zone.free += 1u << order;
  while (order + 1 < orders) {
    const std::uint32_t buddy = first ^ 1u << order;
    if (buddy >= blocks_.size() || blocks_[buddy].order != order) break;
    remove(zone, buddy);
    first = std::min(first, buddy);
    ++order;
  }
  insert(zone, first, order);
}

PageAllocator::Zone& PageAllocator::zone_of(std::uint32_t page) {
  return *std::find_if(zones_.begin(), zones_.end(), [&](const Zone& zone) { return page < zone.end; });
}

void PageAllocator::insert(Zone& zone, std::uint32_t first, unsigned order) {
  std::uint32_t& head = zone.lists[order];
  blocks_[first] = {.next = head, .previous = none, .order = static_cast<std::uint8_t>(order)};
  if (head != none) blocks_[head].previous = first;
  head = first;
}

void PageAllocator::remove(Zone& zone, std::uint32_t first) {
  const Block block = blocks_[first];
  (block.previous == none ? zone.lists[block.order] : blocks_[block.previous].next) = block.next;
  if (block.next != none) blocks_[block.next].previous = block.previous;
  blocks_[first].order = not_free;
}

std::uint32_t PageAllocator::free_pages() const {
  std::uint32_t sum = 0;
  for (const Zone& zone : zones_) sum += zone.free;
  return sum;
}

bool PageAllocator::take_need_for_balance() {
  bool needed = false;
  for (Zone& zone : zones_) {
    needed = needed || zone.needs_balance;
    zone.needs_balance = false;
  }
  balance_wanted_ = false;
  return needed;
}

std::size_t PageAllocator::highest_zone(Use use) const {
  std::size_t zone = use == Use::user ? 2 : 1;
  while (zones_[zone].begin == zones_[zone].end) --zone;
  return zone;
}

void PageAllocator::ask_for_balance(Use use) {
  zones_[highest_zone(use)].needs_balance = true;
  balance_wanted_ = true;
}

void PageAllocator::balanced(std::size_t zone) {
  zones_[zone].needs_balance = false;
  balance_wanted_ = std::any_of(zones_.begin(), zones_.end(), [](const Zone& z) { return z.needs_balance; });
}

bool PageAllocator::above_high(std::size_t zone) const {
  return std::any_of(zones_.begin(), zones_.begin() + static_cast<std::ptrdiff_t>(zone) + 1,
                     [](const Zone& z) { return z.begin != z.end && z.free > z.high; });
}

bool PageAllocator::free_above(std::uint32_t Zone::*mark, std::uint32_t wanted, Use use) const {
  std::uint32_t sum = wanted;
  for (std::size_t zone = highest_zone(use) + 1; zone-- > 0;) {
    if (zones_[zone].begin == zones_[zone].end) continue;
    sum += zones_[zone].*mark;
    if (zones_[zone].free > sum) return true;
  }
  return false;
}

std::optional<PageAllocator::Use> PageAllocator::short_of(std::uint32_t wanted,
                                                          std::uint32_t Zone::*mark) const {
  for (const Use use : {Use::user, Use::kernel}) {
    if (!free_above(mark, wanted, use)) return use;
  }
  return {};
}

std::string PageAllocator::audit(std::span<const std::uint32_t> references) const {
  if (std::string fault = lists_.audit(); !fault.empty()) return fault;
  std::vector<bool> listed(pages_.size());
  for (const Zone& zone : zones_) {
    std::uint32_t free = 0;
    for (unsigned order = 0; order < orders; ++order) {
      for (std::uint32_t first = zone.lists[order]; first != none; first = blocks_[first].next) {
        for (std::uint32_t page = first; page < first + (1u << order); ++page) {
          if (listed[page]) return fmt::format("page {} is on two free lists", page);
          listed[page] = true;
        }
        free += 1u << order;
      }
    }
    if (free != zone.free) return fmt::format("{} pages on the free lists, {} counted free", free, zone.free);
  }
  for (std::uint32_t page = 0; page < pages_.size(); ++page) {
    if (pages_[page].reserved) continue;
    if (pages_[page].count != references[page]) {
      return fmt::format("page {} has count {}, but {} references", page, pages_[page].count,
                         references[page]);
    }
    if (listed[page] && pages_[page].count != 0) return fmt::format("page {} is free and in use", page);
  }
  return {};
}

}  // namespace xensim
