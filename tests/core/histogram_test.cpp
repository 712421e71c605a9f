#include "core/histogram.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>

namespace xensim {
namespace {

TEST(Histogram, IsEmptyAtFirst) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.mean(), 0);
  EXPECT_EQ(histogram.quantile(0.5), 0U);
}

TEST(Histogram, QuantilesAreWithinOneSixtyFourth) {
  EXPECT_TRUE(rc::check([] {
    auto values = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::uint64_t>>(
        rc::gen::inRange<std::uint64_t>(0, 1'000'000'000'000)));
    Histogram histogram;
    for (const std::uint64_t value : values) histogram.add(value);
    std::sort(values.begin(), values.end());
    for (const double q : {0.01, 0.5, 0.99, 1.0}) {
      const auto rank = static_cast<std::size_t>(std::ceil(q * static_cast<double>(values.size())));
      const auto exact = static_cast<double>(values[std::max<std::size_t>(rank, 1) - 1]);
      const auto found = static_cast<double>(histogram.quantile(q));
      RC_ASSERT(found <= exact);
      RC_ASSERT(found >= exact * (1 - 1.0 / 64) - 1);
    }
    RC_ASSERT(histogram.maximum() == values.back());
  }));
}

}  // namespace
}  // namespace xensim
