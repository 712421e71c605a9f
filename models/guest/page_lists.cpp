#include "models/guest/page_lists.hpp"

#include <fmt/format.h>

namespace xensim {

void PageLists::add(PageNumber number, List list) {
  Ends& ends = ends_[index(list)];
  Page& page = pages_[number.value];
  page.list = list;
  page.previous = Page::none;
  page.next = ends.head;
  (ends.head == Page::none ? ends.tail : pages_[ends.head].previous) = number.value;
  ends.head = number.value;
  ++ends.size;
}

void PageLists::remove(PageNumber number) {
  Page& page = pages_[number.value];
  Ends& ends = ends_[index(page.list)];
  (page.previous == Page::none ? ends.head : pages_[page.previous].next) = page.next;
  (page.next == Page::none ? ends.tail : pages_[page.next].previous) = page.previous;
  page.list = List::none;
  --ends.size;
}

void PageLists::accessed(PageNumber number) {
  Page& page = pages_[number.value];
  if (page.list == List::inactive && page.referenced) {
    move(number, List::active);
    page.referenced = false;
  } else {
    page.referenced = true;
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
