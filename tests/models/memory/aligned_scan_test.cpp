/// How many lines of aligned blocks displace each other, held against a cache line by line.
#include "models/memory/aligned_scan.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

#include "tests/models/memory/cache_shapes.hpp"

namespace xensim {
namespace {

constexpr std::uint32_t block_frames = 2;

/// Passes over the first line of so many blocks of 8 KB, somewhere in 1 GB, until nothing changes any more.
double missing_of_a_pass(std::uint32_t lines, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<std::uint32_t> blocks((1U << 30) / (block_frames * 4096));
  std::iota(blocks.begin(), blocks.end(), 0U);
  std::shuffle(blocks.begin(), blocks.end(), random);
  DetailedCache cache(l2_shape);
  double missing = 0;
  for (int pass = 0; pass < 3; ++pass) {
    missing = 0;
    for (std::uint32_t i = 0; i < lines; ++i) {
      missing += cache.access({blocks[i] * block_frames}, 0, FootprintId{1}) ? 0 : 1;
    }
  }
  return missing;
}

TEST(AlignedScan, FindsAllLinesThatAreNoMoreThanTheWays) {
  AlignedScan scan(8, 8);
  EXPECT_EQ(scan.missing(0), 0U);
  EXPECT_EQ(scan.missing(8), 0U);
}

TEST(AlignedScan, LosesAllInOneSetWithOneLineMoreThanItsWays) {
  AlignedScan scan(1, 4);
  EXPECT_EQ(scan.missing(4), 0U);
  EXPECT_EQ(scan.missing(5), 5U);
}

TEST(AlignedScan, LosesWhatACacheByAddressesLoses) {
  EXPECT_TRUE(rc::check([] {
    const auto lines = *rc::gen::inRange<std::uint32_t>(1, 300);
    constexpr std::uint32_t draws = 40;
    double sum = 0;
    for (std::uint32_t seed = 0; seed < draws; ++seed) sum += missing_of_a_pass(lines, seed);
    AlignedScan scan(8, 8);
    RC_ASSERT(std::abs(sum / draws - scan.missing(lines)) <= 1 + 0.06 * lines);
  }));
}

}  // namespace
}  // namespace xensim
