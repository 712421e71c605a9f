/// The page cache's pages, from the memory of the guest.
#pragma once

#include "models/guest/files/inode.hpp"
#include "models/guest/memory/guest_memory.hpp"

namespace xensim {

class PageCachePages final : public PageSource {
 public:
  explicit PageCachePages(GuestMemory& memory) : memory_(memory) {}

  [[nodiscard]] std::optional<PageNumber> take(MappedFile& file, std::uint32_t index) override {
    const auto page = memory_.pages.allocate_user();
    if (!page) return page;
    memory_.pages[*page].file = &file;
    memory_.pages[*page].index = index;
    memory_.pages.lists().enter(*page);
    ++memory_.file_pages;
    return page;
  }
  void drop(PageNumber page) override {
    --memory_.file_pages;
    memory_.dirty.remove(BufferId::of(page));
    memory_.pages[page].file = nullptr;
    memory_.pages[page].dirty = false;
    memory_.pages.put(page);
  }
  void changed(PageNumber page) override {
    memory_.pages[page].dirty = true;
    memory_.dirty.add(BufferId::of(page));
  }
  void used(PageNumber page) override { memory_.pages.lists().accessed(page); }

 private:
  GuestMemory& memory_;
};

}  // namespace xensim
