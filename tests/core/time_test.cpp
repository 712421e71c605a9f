#include "core/time.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace xensim {
namespace {

TEST(CycleClock, ThreeCyclesAt2400MhzAre1250Picoseconds) {
  CycleClock clock(Frequency{2'400'000});
  EXPECT_EQ(clock.convert(Cycles{3}), Time{1250});
}

TEST(CycleClock, ACycleMayHaveWholePicoseconds) {
  for (const std::int64_t gigahertz_tenths : {1, 10, 20, 25, 40, 50, 100}) {
    CycleClock clock(Frequency{gigahertz_tenths * 100'000});
    EXPECT_EQ(clock.convert(Cycles{3}), Time{30'000 / gigahertz_tenths}) << gigahertz_tenths << "00 MHz";
  }
}

TEST(CycleClock, CarriesWhatAWholePicosecondLeaves) {
  CycleClock clock(Frequency{2'400'000});
  EXPECT_EQ(clock.convert(Cycles{1}), Time{416});
  EXPECT_EQ(clock.convert(Cycles{1}), Time{417});
  EXPECT_EQ(clock.convert(Cycles{1}), Time{417});
}

TEST(CycleClock, NoSequenceOfConversionsDrifts) {
  EXPECT_TRUE(rc::check([] {
    const auto kilohertz = *rc::gen::oneOf(rc::gen::inRange<std::int64_t>(1'000, 100'000'000),
                                           rc::gen::map(rc::gen::inRange<std::int64_t>(10, 1'000'000),
                                                        [](auto ps) { return 1'000'000'000 / ps; }));
    const auto parts = *rc::gen::container<std::vector<std::pair<std::int64_t, int>>>(
        rc::gen::pair(rc::gen::inRange<std::int64_t>(0, 100'000), rc::gen::inRange(0, 20)));
    CycleClock clock(Frequency{kilohertz});
    Time sum{};
    __extension__ __int128 cycles = 0;
    for (const auto& [part, magnitude] : parts) {  // most are short, some take minutes
      const std::int64_t count = magnitude < 16 ? part : part << (4 * (magnitude - 15));
      sum += clock.convert(Cycles{count});
      cycles += count;
    }
    const auto exact = static_cast<std::int64_t>(cycles * 1'000'000'000 / kilohertz);
    RC_ASSERT(sum.count() == exact);
  }));
}

}  // namespace
}  // namespace xensim
