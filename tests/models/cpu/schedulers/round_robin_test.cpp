/// Xen 2.0's round robin, as coded.
#include <gtest/gtest.h>

#include <utility>

#include "core/json.hpp"
#include "tests/models/cpu/schedulers/bench.hpp"

namespace xensim::test {
namespace {

const Json fast_turns{{"name", "round-robin"}, {"slice", "1 ms"}};

TEST(RoundRobin, RotatesHogsInTurnWhateverTheirWeights) {
  Bench bench{"round-robin"};
  const VcpuId a = bench.add_hog({.weight = 1}), b = bench.add_hog({.weight = 100}), c = bench.add_hog();
  bench.run_until(10ms);  // C woke last, so it stood at the head
  EXPECT_EQ(bench.running(), c);
  bench.run_until(20ms);
  EXPECT_EQ(bench.running(), b);
  bench.run_until(30ms);
  EXPECT_EQ(bench.running(), a);
  bench.run_until(600ms);
  EXPECT_EQ(bench.service(a), Time{200ms});
  EXPECT_EQ(bench.service(b), Time{200ms});
}

TEST(RoundRobin, AWakeUpNeverCutsASliceShortButGoesBeforeAllWhoWait) {
  Bench bench{"round-robin"};
  const VcpuId a = bench.add_hog();
  bench.add_hog();
  const VcpuId sleeper = bench.add();
  bench.run_until(1ms);
  bench.wake(sleeper);
  bench.run_until(10ms - Time{1});
  EXPECT_EQ(bench.running(), a);
  bench.run_until(10ms);
  EXPECT_EQ(bench.running(), sleeper);
}

TEST(RoundRobin, TakesANewSliceFromTheNextTurnOn) {
  const auto policy = make_scheduler(fast_turns);
  policy->add(VcpuId{0}, CpuId{0}, {}, {});
  (void)policy->wake(VcpuId{0}, {});
  EXPECT_EQ(policy->schedule(CpuId{0}, false, {}).slice, Time{1ms});
  EXPECT_TRUE(policy->set_slice(30ms));
  EXPECT_EQ(policy->schedule(CpuId{0}, true, Time{1ms}).slice, Time{30ms});
}

TEST(RoundRobin, TwoThatWakeEachOtherBeforeTheySleepStarveAHog) {
  Bench bench{fast_turns};
  VcpuId self = bench.add_hog(), other = bench.add();
  const VcpuId hog = bench.add_hog();
  for (int round = 0; round < 100; ++round) {
    bench.run_for(500us);
    bench.wake(other);
    bench.block(self);
    std::swap(self, other);
    EXPECT_EQ(bench.running(), self);
  }
  EXPECT_EQ(bench.service(hog), Time{});
}

TEST(RoundRobin, RunsAgainAfterASliceEvenWhenIdleAndLooksAtOneEntry) {
  Bench bench{fast_turns};
  const VcpuId a = bench.add_hog();
  bench.block(a);
  EXPECT_EQ(bench.last(), (Bench::Pass{0ms, CpuId{0}, VcpuId{}, 1ms, 1}));
  bench.run_until(1ms);
  EXPECT_EQ(bench.last().at, Time{1ms});
}

}  // namespace
}  // namespace xensim::test
