#include "core/flat_map.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>

#include "core/ids.hpp"

namespace xensim {
namespace {

TEST(FlatMap, KeepsTheFirstValueOfAKey) {
  FlatMap<FrameNumber, int> map;
  EXPECT_EQ(map.find({7}), nullptr);
  EXPECT_TRUE(map.try_emplace({7}, 1).second);
  const auto [value, added] = map.try_emplace({7}, 2);
  EXPECT_FALSE(added);
  EXPECT_EQ(*value, 1);
  EXPECT_EQ(map.size(), 1U);
}

TEST(FlatMap, IsEmptyAfterClear) {
  FlatMap<FrameNumber, int> map;
  for (std::uint32_t i = 0; i < 1000; ++i) map.try_emplace({i}, 1);
  map.clear();
  EXPECT_TRUE(map.empty());
  EXPECT_FALSE(map.contains({7}));
  EXPECT_TRUE(map.try_emplace({7}, 2).second);
}

/// All keys of a group belong to one place: chains wrap around and close gaps.
struct Crowded {
  std::size_t operator()(std::uint8_t key) const { return key % 4; }
};

TEST(FlatMapProperty, HoldsWhatAnOrderedMapHolds) {
  EXPECT_TRUE(rc::check("any insertions and removals", [] {
    FlatMap<std::uint8_t, int, Crowded> map;
    std::map<std::uint8_t, int> reference;
    const auto steps = *rc::gen::container<std::vector<std::pair<bool, std::uint8_t>>>(
        rc::gen::pair(rc::gen::arbitrary<bool>(), rc::gen::inRange<std::uint8_t>(0, 40)));
    int value = 0;
    for (const auto& [add, key] : steps) {
      if (add) {
        ++value;
        RC_ASSERT(map.try_emplace(key, value).second == reference.try_emplace(key, value).second);
      } else {
        RC_ASSERT(map.erase(key) == (reference.erase(key) > 0));
      }
      RC_ASSERT(map.size() == reference.size());
      for (std::uint8_t other = 0; other < 40; ++other) {
        const auto found = reference.find(other);
        const int* held = map.find(other);
        RC_ASSERT((held != nullptr) == (found != reference.end()));
        if (held != nullptr) RC_ASSERT(*held == found->second);
      }
    }
    std::map<std::uint8_t, int> visited;
    map.for_each([&](std::uint8_t key, int its) { visited[key] = its; });
    RC_ASSERT(visited == reference);
  }));
}

}  // namespace
}  // namespace xensim
