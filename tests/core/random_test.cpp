#include "core/random.hpp"

#include <gtest/gtest.h>

#include <array>

namespace xensim {
namespace {

TEST(RandomStream, IsAFunctionOfSeedAndName) {
  RandomStream a(1, "host0/dom3"), same(1, "host0/dom3"), other_name(1, "host0/dom4"),
      other_seed(2, "host0/dom3");
  const std::uint64_t first = a.next();
  EXPECT_EQ(first, same.next());
  EXPECT_NE(first, other_name.next());
  EXPECT_NE(first, other_seed.next());
}

TEST(RandomStream, GivesTheSameNumbersForEver) {
  // Results are compared across versions: a change here is a change of every result.
  RandomStream stream(2003, "operator");
  EXPECT_EQ(stream.next(), 0x7E8103BCD83717CDU);
  EXPECT_EQ(stream.next(), 0x68DD273D3D5034A4U);
}

TEST(RandomStream, IsUniformBelowABound) {
  // Chi-square with 9 degrees of freedom: 27.9 is exceeded once in a thousand seeds; the seed is fixed.
  RandomStream stream(7, "uniform");
  std::array<int, 10> counts{};
  constexpr int draws = 100'000;
  for (int i = 0; i < draws; ++i) ++counts[stream.below(10)];
  double chi_square = 0;
  for (const int count : counts) {
    const double difference = count - draws / 10.0;
    chi_square += difference * difference / (draws / 10.0);
  }
  EXPECT_LT(chi_square, 27.9);
}

TEST(RandomStream, TimesLieBetweenTheirBoundsInclusive) {
  RandomStream stream(1, "times");
  bool low = false, high = false;
  for (int i = 0; i < 1000; ++i) {
    const Time time = stream.between(Time{3}, Time{6});
    EXPECT_GE(time, Time{3});
    EXPECT_LE(time, Time{6});
    low |= time == Time{3};
    high |= time == Time{6};
  }
  EXPECT_TRUE(low && high);
}

}  // namespace
}  // namespace xensim
