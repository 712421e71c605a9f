/// Who is killed for lack of memory, and when.
#include "models/guest/memory/out_of_memory.hpp"

#include <gtest/gtest.h>

namespace xensim {
namespace {

TEST(Badness, IsTheVirtualSizeOfAYoungProcess) {
  EXPECT_EQ(badness({.mapped_pages = 786'432}), 786'432U);
  EXPECT_GT(badness({.mapped_pages = 1000}), badness({.mapped_pages = 999}));
}

TEST(Badness, FallsWithTheRootOfProcessorTimeAndTheFourthRootOfAge) {
  EXPECT_EQ(badness({.mapped_pages = 1200, .ticks = 9 << 10}), 400U) << "92 s of processor time";
  EXPECT_EQ(badness({.mapped_pages = 1200, .age = 16 << 17}), 600U) << "almost six hours";
  EXPECT_EQ(badness({.mapped_pages = 1200, .ticks = 1023}), 1200U) << "less than 10.24 s does not count";
}

TEST(Badness, DoublesForTheNiceAndFallsToASixteenthForRoot) {
  EXPECT_EQ(badness({.mapped_pages = 1600, .nice = 5}), 3200U);
  EXPECT_EQ(badness({.mapped_pages = 1600, .privileged = true}), 100U);
}

TEST(OutOfMemoryRules, NobodyIsKilledWhileSwapIsFree) {
  OutOfMemory rules;
  for (std::uint64_t tick = 0; tick < 2000; tick += 10) EXPECT_FALSE(rules.failed(tick, 1));
}

TEST(OutOfMemoryRules, ItTakesASecondAndTenFailures) {
  OutOfMemory rules;
  std::uint64_t first = 0;
  for (std::uint64_t tick = 1000; first == 0 && tick < 2000; tick += 5) {
    if (rules.failed(tick, 0)) first = tick;
  }
  EXPECT_GE(first, 1100U);
  EXPECT_LE(first, 1150U);
}

TEST(OutOfMemoryRules, FailuresFarApartBeginAnew) {
  OutOfMemory rules;
  for (std::uint64_t tick = 0; tick < 100'000; tick += 501) EXPECT_FALSE(rules.failed(tick, 0));
}

TEST(OutOfMemoryRules, KillsAreFiveSecondsApart) {
  OutOfMemory rules;
  std::uint64_t last = 0;
  for (std::uint64_t tick = 0; tick < 5000; tick += 5) {
    if (!rules.failed(tick, 0)) continue;
    if (last > 0) {
      EXPECT_GE(tick - last, 500U);
    }
    last = tick;
  }
  EXPECT_GT(last, 4000U);
}

}  // namespace
}  // namespace xensim
