#include "models/guest/network/packet_pages.hpp"

#include <utility>

namespace xensim {

std::optional<PageNumber> PacketPages::allocate() {
  if (free_.empty()) {
    const std::optional<PageNumber> page = pages_.allocate(0, PageAllocator::Need::atomic);
    if (!page) return {};
    owned_[page->value] = grown_ = true;
    return page;
  }
  const PageNumber page = free_.back();
  free_.pop_back();
  return page;
}

void PacketPages::free(PageNumber page) {
  kernel_.uses(KernelObject::page_descriptor, page.value);  // which says whose slab it is
  free_.push_back(page);
}

std::uint32_t PacketPages::reap() {
  if (std::exchange(grown_, false)) return 0;
  const auto count = static_cast<std::uint32_t>(free_.size() * 4 / 5);
  // Those that were free for longest, which are not in the caches.
  for (std::uint32_t i = 0; i < count; ++i) {
    owned_[free_[i].value] = false;
    (void)pages_.put(free_[i]);
  }
  free_.erase(free_.begin(), free_.begin() + count);
  return count;
}

}  // namespace xensim
