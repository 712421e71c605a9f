/// Pages in the order in which reclaim looks at them (Linux 2.4.21 mm/swap.c).
#pragma once

#include <string>
#include <vector>

#include "models/guest/memory/page.hpp"
#include "models/guest/memory/paging.hpp"

namespace xensim {

/// The active and the inactive list, of all zones together. Pages come to the head and leave at the tail; all
/// operations are O(1). Linked through the pages themselves.
class PageLists {
 public:
  using List = Page::List;

  explicit PageLists(std::vector<Page>& pages) : pages_(pages) {}

  /// At the head. The page must be in none.
  void add(PageNumber page, List list);
  void remove(PageNumber page);
  void move(PageNumber page, List list) {
    remove(page);
    add(page, list);
  }
  /// A page enters as new: inactive.
  void enter(PageNumber page) { add(page, List::inactive); }
  /// mark_page_accessed: the first use is noted, the second makes an inactive page active.
  void accessed(PageNumber page);

  /// Invalid if the list is empty.
  [[nodiscard]] PageNumber tail(List list) const { return {ends_[index(list)].tail}; }
  [[nodiscard]] std::uint32_t size(List list) const { return ends_[index(list)].size; }
  [[nodiscard]] std::string audit() const;

 private:
  struct Ends {
    std::uint32_t head = Page::none, tail = Page::none, size = 0;
  };
  static std::size_t index(List list) { return list == List::active ? 1 : 0; }

  std::vector<Page>& pages_;
  Ends ends_[2];
};

}  // namespace xensim
