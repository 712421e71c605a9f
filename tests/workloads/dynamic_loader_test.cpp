#include "workloads/dynamic_loader.hpp"

#include <gtest/gtest.h>

#include <set>

namespace xensim {
namespace {

TEST(PlacesInPages, AreInOnePageEachAndInAllLinesEquallyOften) {
  constexpr std::uint32_t first = 0x08048000, line = 64, lines = page_size / line;
  const std::vector<Address> places = places_in_pages({first}, 2 * lines);
  std::multiset<std::uint32_t> used;
  for (std::uint32_t i = 0; i < places.size(); ++i) {
    EXPECT_EQ(places[i].value / page_size, first / page_size + i);
    used.insert(places[i].value % page_size / line);
  }
  for (std::uint32_t i = 0; i < lines; ++i) EXPECT_EQ(used.count(i), 2U) << "line " << i;
}

}  // namespace
}  // namespace xensim
