#include "models/memory/cache_footprint.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <random>
#include <utility>
#include <vector>

namespace xensim {
namespace {

constexpr FootprintId a{0}, b{1}, c{2};

class L2 : public testing::Test {
 protected:
  SurvivalTable table{8192, 8};
  CacheFootprint cache{table};
};

TEST_F(L2, IsColdAtFirst) {
  EXPECT_EQ(cache.resident(a), 0U);
  EXPECT_EQ(cache.touch(a, 60), 60U);
}

TEST_F(L2, KeepsWhatNobodyDisplaced) {
  cache.touch(a, 60);
  EXPECT_EQ(cache.touch(a, 60), 0U);
  cache.touch(b, 100);
  EXPECT_EQ(cache.touch(a, 60), 0U);
  EXPECT_EQ(cache.resident(b), 100U);
}

TEST_F(L2, AProgramAloneKeepsUpToTheCapacity) {
  cache.ran(a, 5000);
  EXPECT_EQ(cache.resident(a), 5000U);
  cache.ran(a, 20000);
  EXPECT_EQ(cache.resident(a), 8192U);
}

TEST_F(L2, ALargeForeignFootprintLeavesNothing) {
  cache.ran(a, 8000);
  cache.ran(b, 24000);
  EXPECT_LE(cache.resident(a), 8U);
}

TEST_F(L2, SmallFootprintsFitTogether) {
  cache.ran(a, 2000);
  cache.ran(b, 2000);
  EXPECT_GE(cache.resident(a), 1960U);
  EXPECT_EQ(cache.resident(b), 2000U);
}

TEST_F(L2, MoreForeignLinesNeverLeaveMore) {
  std::uint32_t before = 8192;
  for (std::uint32_t foreign = 0; foreign < 40000; foreign += 100) {
    CacheFootprint fresh(table);
    fresh.ran(a, 8192);
    fresh.ran(b, foreign);
    EXPECT_LE(fresh.resident(a), before) << foreign;
    before = fresh.resident(a);
  }
  EXPECT_EQ(before, 0U);
}

TEST_F(L2, ForgetsAnOwnerThatIsGone) {
  cache.ran(a, 1000);
  cache.release(a);
  EXPECT_EQ(cache.resident(a), 0U);
}

TEST_F(L2, StaysConsistentWhenAnOwnerWithSeveralStretchesIsForgotten) {
  cache.ran(a, 1000);
  cache.ran(b, 500);
  cache.ran(a, 300);
  cache.ran(b, 100);
  cache.touch(a, 300);
  cache.release(a);
  EXPECT_EQ(cache.audit(), "");
  EXPECT_EQ(cache.resident(a), 0U);
  EXPECT_GE(cache.resident(b), 490U);
}

TEST_F(L2, NoOwnerEverHasMoreThanItUsedOrTheCacheHolds) {
  EXPECT_TRUE(rc::check([this] {
    CacheFootprint fresh(table);
    std::vector<std::uint64_t> used(3);
    const auto steps = *rc::gen::container<std::vector<std::pair<int, std::uint32_t>>>(
        rc::gen::pair(rc::gen::inRange(0, 3), rc::gen::inRange<std::uint32_t>(1, 30000)));
    for (const auto& [owner, lines] : steps) {
      const FootprintId id{static_cast<std::uint32_t>(owner)};
      if (lines < 200) {
        RC_ASSERT(fresh.touch(id, lines) <= lines);
      } else {
        fresh.ran(id, lines);
      }
      used[id.value] += lines;
      for (const FootprintId each : {a, b, c}) {
        RC_ASSERT(fresh.resident(each) <= std::min<std::uint64_t>(used[each.value], 8192));
      }
      RC_ASSERT(fresh.audit().empty());
    }
  }));
}

TEST(SurvivalTable, OfOneSetKeepsExactlyWhatWasUsedLast) {
  constexpr std::uint32_t ways = 8;
  const SurvivalTable table(ways, ways);
  for (std::uint32_t own = 0; own <= ways; ++own) {
    for (std::uint32_t foreign = 0; foreign <= 2 * ways; ++foreign) {
      const std::uint32_t room = ways - std::min(ways, foreign);
      EXPECT_EQ(SurvivalTable::whole(table.survivors(own, foreign)), std::min(own, room))
          << own << ", " << foreign;
    }
  }
}

TEST(SurvivalTable, OfAnyShapeKeepsEverythingFromNobodyAndNothingBeyondItsHorizon) {
  for (const std::uint32_t ways : {1U, 2U, 8U, 64U}) {
    for (const std::uint32_t sets : {1U, 2U, 3U, 128U}) {
      const SurvivalTable table(ways * sets, ways);
      EXPECT_EQ(table.lost(ways * sets, 0), 0U) << ways << " ways, " << sets << " sets";
      EXPECT_EQ(table.survivors(ways * sets, table.horizon()), 0U) << ways << " ways, " << sets << " sets";
    }
  }
}

TEST(CacheFootprint, OwnersThatUseALineEachMissAtOnceWhatTheyMissOneByOne) {
  // An L1 and an L2, long enough that both tidy up.
  for (const auto& [lines, ways] : {std::pair{128U, 4U}, std::pair{8192U, 8U}}) {
    const SurvivalTable table(lines, ways);
    CacheFootprint at_once(table), one_by_one(table);
    std::mt19937 random(1);
    const auto below = [&](std::uint32_t bound) { return static_cast<std::uint32_t>(random()) % bound; };
    for (int round = 0; round < 1000; ++round) {
      // In order, as pages of a process are, with others in between.
      std::vector<FootprintId> owners(below(60)), missing;
      const std::uint32_t first = below(2000);
      for (std::uint32_t i = 0; i < owners.size(); ++i) {
        owners[i] = {below(4) > 0 ? first + i : below(2000)};
        if (one_by_one.touch(owners[i], 1) > 0) missing.push_back(owners[i]);
      }
      owners.resize(at_once.touch_each(owners));
      ASSERT_EQ(owners, missing) << round;
      const FootprintId other{below(2000)};
      const std::uint32_t some = below(40);
      for (CacheFootprint* cache : {&at_once, &one_by_one}) {
        if (some % 4 == 0) cache->ran(other, some);
        if (some % 8 == 1) cache->invalidate(other, 1);
        if (some % 8 == 3) cache->release(other);
      }
      ASSERT_EQ(at_once.touch(other, some), one_by_one.touch(other, some)) << round;
    }
    EXPECT_EQ(at_once.audit(), "");
  }
}

/// The thing itself: sets, ways, addresses, least-recently-used replacement.
class DetailedCache {
 public:
  DetailedCache(std::uint32_t lines, std::uint32_t ways) : ways_(ways), sets_(lines / ways) {}
  void access(std::uint64_t line) {
    auto& set = sets_[line % sets_.size()];
    std::erase(set, line);
    set.insert(set.begin(), line);
    if (set.size() > ways_) set.pop_back();
  }
  [[nodiscard]] std::size_t count(const std::vector<std::uint64_t>& lines) const {
    return static_cast<std::size_t>(std::count_if(lines.begin(), lines.end(), [this](std::uint64_t line) {
      const auto& set = sets_[line % sets_.size()];
      return std::find(set.begin(), set.end(), line) != set.end();
    }));
  }

 private:
  std::uint32_t ways_;
  std::vector<std::vector<std::uint64_t>> sets_;
};

TEST_F(L2, SurvivalIsThatOfASetAssociativeCacheWithRandomAddresses) {
  std::mt19937_64 random(1);
  for (const std::uint32_t own : {500U, 3000U, 6000U}) {
    for (const std::uint32_t foreign : {1000U, 4000U, 8000U, 12000U, 20000U}) {
      DetailedCache detailed(8192, 8);
      std::vector<std::uint64_t> lines(own);
      for (auto& line : lines) line = random();
      for (const auto line : lines) detailed.access(line);
      // Alone, some of its own lines crowd each other out: survival is judged among those that stay.
      const auto alone = static_cast<double>(detailed.count(lines));
      for (std::uint32_t i = 0; i < foreign; ++i) detailed.access(random());
      const auto kept = static_cast<double>(detailed.count(lines));

      CacheFootprint footprint(table);
      footprint.ran(a, own);
      footprint.ran(b, foreign);
      EXPECT_NEAR(footprint.resident(a), kept * own / alone, 0.03 * own + 20)
          << own << " own, " << foreign << " foreign lines";
    }
  }
}

}  // namespace
}  // namespace xensim
