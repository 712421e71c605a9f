#include "models/guest/memory/swap_cache.hpp"

namespace xensim {

SwapCache::~SwapCache() {
  for (const PageNumber page : cached_) {
    if (page.valid()) drop(page);
  }
}

void SwapCache::add(PageNumber page, std::uint32_t slot) {
  pages_.get(page);
  slots.get(slot);
  pages_[page].file = this;
  pages_[page].index = slot;
  cached_[slot] = page;
  ++size_;
}

void SwapCache::forget(std::uint32_t slot) {
  pages_[cached_[slot]].file = nullptr;
  cached_[slot] = {};
  --size_;
}

void SwapCache::drop(PageNumber page) {
  const std::uint32_t slot = pages_[page].index;
  forget(slot);
  slots.put(slot);
  pages_.put(page);
}

bool SwapCache::exclusive(PageNumber page) const {
  const Page& state = pages_[page];
  return state.file == this && !state.locked && state.count == 2 && slots.count(state.index) == 1;
}

bool SwapCache::leave_to_process(PageNumber page) {
  if (!exclusive(page)) return false;
  drop(page);
  // What is on the disk counts no more.
  pages_[page].dirty = true;
  return true;
}

void SwapCache::put_entry(std::uint32_t slot) {
  if (slots.put(slot) || slots.count(slot) > 1 || !cached_[slot].valid()) return;
  const Page& page = pages_[cached_[slot]];
  if (!page.locked && page.count == 1) drop(cached_[slot]);
}

}  // namespace xensim
