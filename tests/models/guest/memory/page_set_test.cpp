#include "models/guest/memory/page_set.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>

namespace xensim {
namespace {

std::set<std::uint32_t> pages_of(const PageSet& pages) {
  std::set<std::uint32_t> all;
  for (auto page = pages.next(0); page; page = pages.next(*page + 1)) all.insert(*page);
  return all;
}

TEST(PageSetProperty, HoldsWhatAnOrderedSetHolds) {
  EXPECT_TRUE(rc::check("any changes", [] {
    PageSet pages;
    std::set<std::uint32_t> reference;
    const auto steps = *rc::gen::container<std::vector<std::pair<int, std::uint32_t>>>(
        rc::gen::pair(rc::gen::inRange(0, 8), rc::gen::inRange<std::uint32_t>(0, 300)));
    for (const auto& [what, page] : steps) {
      if (what == 0) {
        pages.erase_from(page);
        reference.erase(reference.lower_bound(page), reference.end());
      } else if (what < 3) {
        pages.erase(page);
        reference.erase(page);
      } else {
        pages.insert(page);
        reference.insert(page);
      }
      RC_ASSERT(pages_of(pages) == reference);
      const auto from = reference.lower_bound(page);
      RC_ASSERT(pages.next(page) == (from == reference.end() ? std::nullopt : std::optional(*from)));
    }
  }));
}

TEST(PageSetProperty, MergesAsAnOrderedSetDoes) {
  EXPECT_TRUE(rc::check("any two", [](const std::set<std::uint8_t>& a, const std::set<std::uint8_t>& b) {
    PageSet to, from;
    for (const std::uint8_t page : a) to.insert(page);
    for (const std::uint8_t page : b) from.insert(page);
    std::set<std::uint32_t> wanted(a.begin(), a.end()), rest(b.begin(), b.end());
    wanted.merge(rest);
    to.merge(from);
    RC_ASSERT(pages_of(to) == wanted);
    RC_ASSERT(pages_of(from) == rest);
  }));
}

}  // namespace
}  // namespace xensim
