#include "models/guest/memory/page_lists.hpp"

#include <fmt/format.h>

namespace xensim {

void PageLists::add(PageNumber page, List list) {
  Ends& ends = ends_[index(list)];
  Page& state = pages_[page.value];
  state.list = list;
  state.previous = Page::none;
  state.next = ends.head;
  (ends.head == Page::none ? ends.tail : pages_[ends.head].previous) = page.value;
  ends.head = page.value;
  ++ends.size;
}

void PageLists::remove(PageNumber page) {
  Page& state = pages_[page.value];
  Ends& ends = ends_[index(state.list)];
  (state.previous == Page::none ? ends.head : pages_[state.previous].next) = state.next;
  (state.next == Page::none ? ends.tail : pages_[state.next].previous) = state.previous;
  state.list = List::none;
  --ends.size;
}

void PageLists::accessed(PageNumber page) {
  Page& state = pages_[page.value];
  if (state.list == List::inactive && state.referenced) {
    move(page, List::active);
    state.referenced = false;
  } else {
    state.referenced = true;
  }
}

std::string PageLists::audit() const {
  for (const List list : {List::inactive, List::active}) {
    std::uint32_t size = 0, before = Page::none;
    for (std::uint32_t at = ends_[index(list)].head; at != Page::none; at = pages_[at].next) {
      const Page& page = pages_[at];
      if (page.list != list) return fmt::format("page {} is in a list that it does not know of", at);
      if (page.previous != before) return fmt::format("page {} has a wrong predecessor", at);
      if (page.count == 0) return fmt::format("page {} is free and in a list", at);
      before = at;
      ++size;
    }
    if (size != ends_[index(list)].size)
      return fmt::format("{} pages in a list, {} counted", size, ends_[index(list)].size);
  }
  return {};
}

}  // namespace xensim
