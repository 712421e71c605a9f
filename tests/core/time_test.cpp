#include "core/time.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace xensim {
namespace {

TEST(CycleClock, ThreeCyclesAt2400MhzAre1250Picoseconds) {
  CycleClock clock(Frequency{2'400'000});
  EXPECT_EQ(clock.convert(Cycles{3}), Time{1250});
}

TEST(CycleClock, CarriesWhatAWholePicosecondLeaves) {
  CycleClock clock(Frequency{2'400'000});
  EXPECT_EQ(clock.convert(Cycles{1}), Time{416});
  EXPECT_EQ(clock.convert(Cycles{1}), Time{417});
  EXPECT_EQ(clock.convert(Cycles{1}), Time{417});
}

TEST(CycleClock, NoSequenceOfConversionsDrifts) {
  EXPECT_TRUE(rc::check([] {
    const auto kilohertz = *rc::gen::inRange<std::int64_t>(1'000, 5'000'000);
    const auto parts =
        *rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(0, 100'000));
    CycleClock clock(Frequency{kilohertz});
    Time sum{};
    std::int64_t cycles = 0;
    for (const std::int64_t part : parts) {
      sum += clock.convert(Cycles{part});
      cycles += part;
    }
    const std::int64_t exact = cycles * 1'000'000'000 / kilohertz;
    RC_ASSERT(sum.count() == exact);
  }));
}

}  // namespace
}  // namespace xensim
