/// The page cache's pages, from the memory of the guest.
#pragma once

#include "models/guest/guest_memory.hpp"
#include "models/guest/inode.hpp"

namespace xensim {

class PageCachePages final : public PageSource {
 public:
  explicit PageCachePages(GuestMemory& memory) : memory_(memory) {}

  [[nodiscard]] std::optional<PageNumber> take(MappedFile& file, std::uint32_t index) override {
    const auto page = memory_.pages.allocate();
    if (!page) return page;
    memory_.pages[*page].file = &file;
    memory_.pages[*page].index = index;
    ++held_;
    return page;
  }
  void drop(PageNumber page) override {
    --held_;
    memory_.pages[page].file = nullptr;
    memory_.pages.put(page);
  }
  [[nodiscard]] std::uint32_t held() const { return held_; }

 private:
  GuestMemory& memory_;
  std::uint32_t held_ = 0;
};

}  // namespace xensim
