#include "models/memory/cache_detailed.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <list>
#include <map>
#include <utility>
#include <vector>

#include "tests/models/memory/cache_shapes.hpp"

namespace xensim {
namespace {

constexpr FootprintId a{0}, b{1};

TEST(DetailedCache, HitsWhatWasUsedBefore) {
  DetailedCache l1(l1_data_shape);
  EXPECT_FALSE(l1.access({1}, 0, a));
  EXPECT_TRUE(l1.access({1}, 63, a));
  EXPECT_FALSE(l1.access({1}, 64, a));
  EXPECT_FALSE(l1.access({2}, 0, a));
  EXPECT_EQ(l1.resident(a), 3U);
}

TEST(DetailedCache, TheL1HoldsFourLinesOfASetAndForgetsTheLeastRecentlyUsed) {
  DetailedCache l1(l1_data_shape);
  // 32 sets of 64 B: the same offset within 2 KB.
  for (const std::uint32_t frame : {1U, 2U, 3U, 4U, 1U}) (void)l1.access({frame}, 0, a);
  EXPECT_FALSE(l1.access({5}, 2048, a));
  EXPECT_TRUE(l1.access({1}, 0, a));
  EXPECT_FALSE(l1.access({2}, 0, a));
}

TEST(DetailedCache, ASectorIsFetchedAloneAndItsLineReplacedAsAWhole) {
  DetailedCache l2(l2_shape);
  EXPECT_FALSE(l2.access({1}, 0, a));
  EXPECT_FALSE(l2.access({1}, 64, a));
  EXPECT_EQ(l2.resident(a), 2U);
  // 512 sets of 128 B: every sixteenth frame has the same colour.
  for (std::uint32_t i = 1; i <= 8; ++i) (void)l2.access({1 + 16 * i}, 0, b);
  EXPECT_EQ(l2.resident(a), 0U);
  EXPECT_EQ(l2.resident(b), 8U);
}

TEST(DetailedCache, ALineBelongsToWhoeverUsedItLast) {
  DetailedCache l2(l2_shape);
  (void)l2.access({1}, 0, a);
  EXPECT_TRUE(l2.access({1}, 0, b));
  EXPECT_EQ(l2.resident(a), 0U);
  EXPECT_EQ(l2.resident(b), 1U);
}

TEST(DetailedCache, BehavesLikeAListPerSet) {
  EXPECT_TRUE(rc::check([] {
    const CacheShape shape{.size = {2048}, .ways = 4, .line = 128, .sector = 64};  // 4 sets
    DetailedCache cache(shape);
    std::vector<std::list<std::pair<std::uint32_t, unsigned>>> sets(4);  // line number, sectors; newest first
    const auto steps = *rc::gen::container<std::vector<std::pair<std::uint32_t, std::uint32_t>>>(
        rc::gen::pair(rc::gen::inRange<std::uint32_t>(0, 3), rc::gen::inRange<std::uint32_t>(0, 1024)));
    for (const auto& [frame, offset] : steps) {
      const std::uint32_t number = frame * 32 + offset / 128;
      const unsigned sector = 1U << (offset / 64 % 2);
      auto& set = sets[number % 4];
      unsigned sectors = 0;
      for (const auto& line : set) sectors |= line.first == number ? line.second : 0;
      std::erase_if(set, [&](const auto& line) { return line.first == number; });
      set.emplace_front(number, sectors | sector);
      if (set.size() > 4) set.pop_back();
      RC_ASSERT(cache.access({frame}, offset, a) == ((sectors & sector) != 0));
      std::uint32_t present = 0;
      for (const auto& each : sets) {
        for (const auto& line : each) present += line.second == 3 ? 2U : 1U;
      }
      RC_ASSERT(cache.resident(a) == present);
    }
  }));
}

}  // namespace
}  // namespace xensim
