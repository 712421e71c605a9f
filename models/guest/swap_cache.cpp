#include "models/guest/swap_cache.hpp"

namespace xensim {

SwapCache::~SwapCache() {
  for (const PageNumber page : cached_) {
    if (page.valid()) drop(page);
  }
}

void SwapCache::add(PageNumber number, std::uint32_t slot) {
  pages_.get(number);
  slots.get(slot);
  pages_[number].file = this;
  pages_[number].index = slot;
  cached_[slot] = number;
  ++size_;
}

void SwapCache::forget(std::uint32_t slot) {
  pages_[cached_[slot]].file = nullptr;
  cached_[slot] = {};
  --size_;
}

void SwapCache::drop(PageNumber number) {
  const std::uint32_t slot = pages_[number].index;
  forget(slot);
  slots.put(slot);
  pages_.put(number);
}

bool SwapCache::exclusive(PageNumber number) const {
  const Page& page = pages_[number];
  return page.file == this && !page.locked && page.count == 2 && slots.count(page.index) == 1;
}

bool SwapCache::leave_to_process(PageNumber number) {
  if (!exclusive(number)) return false;
  drop(number);
  // What is on the disk counts no more.
  pages_[number].dirty = true;
  return true;
}

void SwapCache::put_entry(std::uint32_t slot) {
  if (slots.put(slot) || slots.count(slot) > 1 || !cached_[slot].valid()) return;
  const Page& page = pages_[cached_[slot]];
  if (!page.locked && page.count == 1) drop(cached_[slot]);
}

}  // namespace xensim
