#include "models/memory/tlb.hpp"

#include <algorithm>
#include <bit>
#include <cassert>

namespace xensim {
namespace {

/// Of a set, to find a place in its ring.
constexpr std::uint32_t looked_at = 8;

}  // namespace

Tlb::Tlb(const TlbShape& shape)
    : sets_(shape.entries / shape.ways),
      none_(static_cast<std::uint16_t>(shape.entries)),
      tagged_(shape.tagged),
      unusual_flags_(PageTableEntry::large | (shape.tagged ? PageTableEntry::global : 0)),
      hash_shift_(64 - static_cast<unsigned>(std::bit_width(16 * shape.entries - 1))),
      slots_(std::size_t{none_} + 1),
      listed_(slots_.size()),
      oldest_(sets_),
      buckets_(std::size_t{1} << (64 - hash_shift_), none_),
      filled_(none_ / 64 + 1) {
  assert(shape.entries <= 32767 && shape.entries == sets_ * shape.ways && std::has_single_bit(sets_));
  slots_[none_].next = none_;
  for (std::uint32_t set = 0; set < sets_; ++set) {
    const std::uint32_t first = set * shape.ways;
    oldest_[set] = static_cast<std::uint16_t>(first);
    for (std::uint32_t way = 0; way < shape.ways; ++way) {
      slots_[first + way].newer = static_cast<std::uint16_t>(first + (way + 1) % shape.ways);
      slots_[first + way].older = static_cast<std::uint16_t>(first + (way + shape.ways - 1) % shape.ways);
    }
  }
}

std::uint16_t Tlb::find_unusual(Address address) const {
  std::uint16_t slot = find(key(address, true, space_));
  if (!tagged_) return slot;
  if (slot == none_) slot = find(key(address, false, every_space));
  if (slot == none_) slot = find(key(address, true, every_space));
  return slot;
}

void Tlb::settle(std::uint16_t& oldest) {
  const std::uint32_t ways = none_ / sets_;
  const std::uint32_t first = oldest - oldest % ways, stride = std::max(ways / looked_at, 1U);
  while (listed_[oldest] != slots_[oldest].used) {
    const std::uint16_t slot = oldest;
    const std::uint64_t used = listed_[slot] = slots_[slot].used;
    oldest = slots_[slot].newer;
    if (listed_[slots_[slot].older] <= used) continue;  // it is the newest now
    unlink(slot);
    if (listed_[oldest] > used) {
      make_oldest(oldest, slot);
      continue;
    }
    // It comes right after the last that is listed with an earlier time. To follow the ring all the way there
    // would be a chain of reads, so a look here and there finds where to begin.
    std::uint16_t older = oldest;
    for (std::uint32_t i = first; i < first + ways; i += stride) {
      if (i != slot && listed_[i] <= used && listed_[i] > listed_[older])
        older = static_cast<std::uint16_t>(i);
    }
    while (listed_[slots_[older].newer] <= used) older = slots_[older].newer;
    link_between(older, slots_[older].newer, slot);
  }
}

void Tlb::drop(Address address) {
  if (const std::uint16_t slot = find(key(address, false, space_)); slot != none_) forget(slot);
  while (unusual_ > 0) {
    const std::uint16_t slot = find_unusual(address);
    if (slot == none_) return;
    forget(slot);
  }
}

void Tlb::flush(FlushScope scope) {
  ++counts_.flushes;
  if (size_ == 0) return;
  const auto kept = [&](const Slot& slot) {
    if (scope == FlushScope::everything) return false;
    if (slot.translation.has(PageTableEntry::global)) return true;
    return scope == FlushScope::space && slot.key >> 32 != space_.value;
  };
  bool keeps_some = false;
  for_each_filled([&](std::uint16_t slot) { keeps_some = keeps_some || kept(slots_[slot]); });
  if (!keeps_some) return forget_everything();
  for_each_filled([&](std::uint16_t slot) {
    if (!kept(slots_[slot])) forget(slot);
  });
}

void Tlb::forget_everything() {
  for_each_filled([&](std::uint16_t slot) {
    Slot& gone = slots_[slot];
    buckets_[gone.bucket] = none_;
    gone.key = no_key;
    gone.used = listed_[slot] = 0;
  });
  std::fill(filled_.begin(), filled_.end(), 0);
  size_ = unusual_ = 0;
}

void Tlb::switch_to(AddressSpaceId space) {
  if (tagged_) {
    space_ = space;
    forget_found();
  } else {
    flush(FlushScope::all_but_global);
  }
}

std::vector<Tlb::Entry> Tlb::visible() const {
  std::vector<Entry> entries;
  for (const Slot& slot : slots_) {
    if (slot.key == no_key || (slot.key >> 32 != space_.value && slot.key >> 32 != every_space.value))
      continue;
    const std::uint32_t number = static_cast<std::uint32_t>(slot.key) >> 1;
    entries.push_back({.page = {number << ((slot.key & 1) != 0 ? 22 : 12)}, .translation = slot.translation});
  }
  return entries;
}

void Tlb::forget(std::uint16_t slot) {
  leave(slot);
  if (std::uint16_t& oldest = oldest_[set_of(slots_[slot].key)]; slot != oldest) {
    unlink(slot);
    make_oldest(oldest, slot);
  }
  filled_[slot / 64] &= ~(std::uint64_t{1} << slot % 64);
  --size_;
  slots_[slot].key = no_key;
  slots_[slot].used = listed_[slot] = 0;
}

void Tlb::unlink(std::uint16_t slot) {
  const Slot& gone = slots_[slot];
  slots_[gone.newer].older = gone.older;
  slots_[gone.older].newer = gone.newer;
}

void Tlb::link_between(std::uint16_t older, std::uint16_t newer, std::uint16_t slot) {
  slots_[slot].newer = newer;
  slots_[slot].older = older;
  slots_[newer].older = slot;
  slots_[older].newer = slot;
}

void Tlb::make_oldest(std::uint16_t& oldest, std::uint16_t slot) {
  link_between(slots_[oldest].older, oldest, slot);
  oldest = slot;
}

}  // namespace xensim
