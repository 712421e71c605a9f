/// What Xen 2.0 changed: wake-ups compare virtual times, and warping is real.
#include <gtest/gtest.h>

#include "tests/models/cpu/schedulers/bench.hpp"

namespace xensim::test {
namespace {

TEST(BvtXen2, AWakeUpPreemptsAtOnceUnlessTheCurrentOneIsDueFirst) {
  Bench bench{"bvt-xen2"};
  const VcpuId sleeper = bench.add();
  const VcpuId hog = bench.add_hog();
  bench.run_until(1ms);
  bench.wake(sleeper);  // evt 0, the hog's is 100
  EXPECT_EQ(bench.running(), sleeper);
  bench.run_until(3ms);
  bench.block(sleeper);  // at avt 200
  EXPECT_EQ(bench.running(), hog);
  bench.run_until(3500us);
  bench.wake(sleeper);  // the hog, at 150, has 5 ms from its choice, and (200-150)/10 ns
  bench.run_until(8ms + 4ns);
  EXPECT_EQ(bench.running(), hog);
  bench.run_until(8ms + 5ns);
  EXPECT_EQ(bench.running(), sleeper);
}

TEST(BvtXen2, AnEqualVirtualTimePreempts) {
  Bench bench{"bvt-xen2"};
  const VcpuId sleeper = bench.add();
  bench.add_hog();
  bench.wake(sleeper);
  EXPECT_EQ(bench.running(), sleeper);
}

TEST(BvtXen2, EventsForAWaitingVcpuChangeNothing) {
  Bench bench{"bvt-xen2"};
  const VcpuId a = bench.add_hog();
  bench.add_hog();
  const auto passes = bench.passes().size();
  bench.mark_event(a);
  EXPECT_EQ(bench.passes().size(), passes);
}

TEST(BvtXen2, AWarpIsWorthTheVirtualTimeOfRunningThatLong) {
  Bench bench{"bvt-xen2"};
  const VcpuId warper = bench.add({.warp = 20ms});  // 200 MCUs of 10
  const VcpuId hog = bench.add_hog();
  bench.run_until(5ms);
  bench.wake(warper);
  // E from -2000 rises by 51 MCUs a slice and passes the hog's 500 with the fifth. The slices have
  // (500 - E)/10 = 250, 199, 148, 97 and 46 ns more than 5 ms.
  bench.run_until(30ms + 740ns - Time{1});
  EXPECT_EQ(bench.service(hog), Time{5ms});
  bench.run_until(30ms + 740ns);
  EXPECT_EQ(bench.running(), hog);
  EXPECT_EQ(bench.violation(), "");
}

TEST(BvtXen2, AWarpEndsAfterItsLimitWithinASliceAndResumesAfterThePause) {
  Bench bench{"bvt-xen2"};
  const VcpuId warper = bench.add({.warp = 1s, .warp_limit = 2ms, .unwarp_requirement = 40ms});
  const VcpuId hog = bench.add_hog();
  bench.run_until(10ms);
  bench.wake(warper);  // at A = 0, the hog's being 1000
  EXPECT_EQ(bench.running(), warper);
  EXPECT_EQ(bench.last().slice, 5ms + 10100ns);  // the warp is worth 100,000
  // At 12 ms the warp ends, which nobody notices before the end of the slice. Then A = 510 and 1020.
  bench.run_until(20ms + 10149ns - Time{1});
  EXPECT_EQ(bench.service(hog), Time{10ms});
  bench.run_until(20ms + 10149ns);
  EXPECT_EQ(bench.running(), hog);
  bench.run_until(52ms);  // 12 ms + 40 ms: warped again, and a pass is forced
  EXPECT_EQ(bench.last().at, Time{52ms});
  EXPECT_EQ(bench.violation(), "");
}

TEST(BvtXen2, AWarpLimitLongerThanASliceNeverBinds) {
  Bench bench{"bvt-xen2"};
  const VcpuId warper = bench.add({.warp = 1s, .warp_limit = 51ms, .unwarp_requirement = 1s});
  const VcpuId hog = bench.add_hog();
  bench.wake(warper);
  bench.run_until(900ms);
  EXPECT_EQ(bench.service(hog), Time{});
}

TEST(BvtXen2, AWarpThatNeedsNoPauseIsNotFollowedByAnother) {
  Bench bench{"bvt-xen2"};
  const VcpuId warper = bench.add({.warp = 1s, .warp_limit = 2ms});
  const VcpuId hog = bench.add_hog();
  bench.run_until(5ms);
  bench.wake(warper);
  bench.run_until(7ms);
  EXPECT_EQ(bench.last().at, Time{7ms});
  bench.run_until(2s);
  // In turns from then on: at most two slices of some 5 ms apart, and what the rounding of the two costs.
  EXPECT_LT(bench.service(hog), 1s + 30ms);
  EXPECT_GT(bench.service(hog), 1s - 30ms);
}

}  // namespace
}  // namespace xensim::test
