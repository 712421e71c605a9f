/// Worked traces of Xen 1.0's scheduler: exact slices, derived by hand from how it is coded.
#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "tests/models/cpu/schedulers/random_operations.hpp"

namespace xensim::test {
namespace {

using testing::ElementsAre;

/// (start, slice) of the passes from number `first` on.
std::vector<std::pair<Time, Time>> slices(const Bench& bench, std::size_t first) {
  std::vector<std::pair<Time, Time>> result;
  for (std::size_t i = first; i < bench.passes().size(); ++i) {
    result.emplace_back(bench.passes()[i].at, bench.passes()[i].slice);
  }
  return result;
}
std::string names(const Bench& bench, std::size_t first) {
  std::string result;
  for (std::size_t i = first; i < bench.passes().size(); ++i) {
    const VcpuId next = bench.passes()[i].next;
    result += next.valid() ? static_cast<char>('A' + next.value) : '-';
  }
  return result;
}

TEST(BvtXen1, GivesAVcpuAloneTenAllowancesAndIdlesForOne) {
  Bench bench{"bvt-xen1"};
  const VcpuId a = bench.add_hog();
  EXPECT_EQ(bench.last(), (Bench::Pass{0ms, CpuId{0}, a, 50ms, 2}));
  bench.run_until(50ms);
  EXPECT_EQ(bench.last(), (Bench::Pass{50ms, CpuId{0}, a, 50ms, 2}));
  bench.block(a);
  EXPECT_EQ(bench.last(), (Bench::Pass{50ms, CpuId{0}, VcpuId{}, 5ms, 1}));
}

TEST(BvtXen1, AlternatesTwoHogsAndAddsTheLeadInMcusAsIfItWereNanoseconds) {
  Bench bench{"bvt-xen1"};
  bench.add_hog();
  bench.run_until(1ms);
  bench.add_hog();  // A is granted its allowance of 5 ms
  bench.run_until(10ms + 50ns);
  // t=5 ms: avt(A) = 50 MCUs of 10 = 500, avt(B) = 0, so B's slice is 5 ms and (500-0)/10 ns. Then that
  // is rounded up to 51 MCUs, so avt(B) = 510, and A's slice is 5 ms and (510-500)/10 ns.
  EXPECT_THAT(slices(bench, 1), ElementsAre(std::pair<Time, Time>{5ms, 5ms + 50ns},
                                            std::pair<Time, Time>{10ms + 50ns, 5ms + 1ns}));
  EXPECT_EQ(names(bench, 0), "ABA");
  EXPECT_EQ(bench.last().scanned, 3u);
  // A's 5.000001 ms cost 51 MCUs too: avt(A) = 1010, which is 50 MCUs before B.
  bench.run_until(15ms + 51ns);
  EXPECT_EQ(bench.last(), (Bench::Pass{15ms + 51ns, CpuId{0}, VcpuId{1}, 5ms + 50ns, 3}));
}

TEST(BvtXen1, GivesTwiceTheWeightTwoTurnsOfThree) {
  Bench bench{"bvt-xen1"};
  bench.add_hog({.weight = 20});  // mcu_advance 5
  bench.add_hog({.weight = 10});
  bench.run_until(1s);
  const std::string turns = names(bench, 0);
  const std::size_t settled = turns.find("AAB");
  ASSERT_NE(settled, std::string::npos);
  for (std::size_t i = settled; i + 3 <= turns.size(); i += 3) EXPECT_EQ(turns.substr(i, 3), "AAB") << i;
}

class BvtXen1Wake : public testing::Test {
 protected:
  Bench bench{"bvt-xen1"};
  VcpuId sleeper = bench.add();
  VcpuId hog = bench.add_hog();
};

TEST_F(BvtXen1Wake, BeforeTheAllowanceIsUsedForcesAPassAtItsEnd) {
  bench.run_until(3ms);
  bench.wake(sleeper);
  bench.run_until(5ms - Time{1});
  EXPECT_EQ(bench.running(), hog);
  bench.run_until(5ms);
  EXPECT_EQ(bench.running(), sleeper);
}

TEST_F(BvtXen1Wake, AfterTheAllowanceForcesAPassAtOnce) {
  bench.run_until(37ms);
  bench.wake(sleeper);
  EXPECT_EQ(bench.running(), sleeper);
  EXPECT_EQ(bench.last().at, Time{37ms});
}

TEST_F(BvtXen1Wake, ForcesAPassEvenForOneThatThePassWillNotChoose) {
  bench.run_until(5ms);
  bench.wake(sleeper);
  bench.run_until(15ms);  // the sleeper has run for one slice and is ahead
  bench.block(sleeper);
  bench.run_until(21ms);  // a lone hog again, past its allowance, but behind the sleeper
  const auto passes = bench.passes().size();
  bench.wake(sleeper);
  EXPECT_EQ(bench.passes().size(), passes + 1);
  EXPECT_EQ(bench.last().at, Time{21ms});
}

TEST_F(BvtXen1Wake, LeavesAloneASliceThatEndsWithin50MicrosecondsOfTheAllowance) {
  bench.run_until(5ms);
  bench.wake(sleeper);  // runs at once, for 5 ms + 50 ns
  EXPECT_EQ(bench.last().slice, 5ms + 50ns);
  const VcpuId third = bench.add();
  bench.run_until(6ms);
  bench.wake(third);
  bench.run_until(10ms + 49ns);
  EXPECT_EQ(bench.running(), sleeper);
  bench.run_until(10ms + 50ns);
  EXPECT_EQ(bench.running(), third);
}

TEST_F(BvtXen1Wake, AnEventForAVcpuThatWaitsAlreadyCountsAsAWakeUp) {
  bench.run_until(1ms);
  bench.wake(sleeper);
  bench.run_until(5ms);
  ASSERT_EQ(bench.running(), sleeper);
  bench.run_until(10ms);  // the allowance is used, the slice has 50 ns to go
  const auto passes = bench.passes().size();
  bench.mark_event(hog);
  EXPECT_EQ(bench.passes().size(), passes + 1);
  EXPECT_EQ(bench.last().at, Time{10ms});
}

TEST_F(BvtXen1Wake, TheLatestOfEqualsGoesFirst) {
  const VcpuId third = bench.add();
  bench.run_until(1ms);
  bench.wake(sleeper);
  bench.wake(third);
  bench.run_until(5ms);
  EXPECT_EQ(bench.running(), third);
}

TEST(BvtXen1, ATickForAnIdleVcpuEvery20msCostsTwoSwitchesEach) {
  Bench bench{"bvt-xen1"};
  const VcpuId idle = bench.add();
  bench.add_hog();
  for (int tick = 1; tick <= 50; ++tick) {
    bench.run_until(20ms * tick);
    bench.wake(idle);
    ASSERT_EQ(bench.running(), idle);
    bench.run_for(10us);
    bench.block(idle);
  }
  int switches = 0;
  for (std::size_t i = 1; i < bench.passes().size(); ++i) {
    if (bench.passes()[i].next != bench.passes()[i - 1].next) ++switches;
  }
  EXPECT_EQ(switches, 100);
}

TEST(BvtXen1, BlockingPassesTheProcessorOnAtOnceAndChargesWholeMcus) {
  Bench bench{"bvt-xen1"};
  const VcpuId a = bench.add_hog();
  const VcpuId b = bench.add_hog();
  bench.run_until(10us);
  bench.block(a);
  EXPECT_EQ(bench.running(), b);
  EXPECT_EQ(bench.last(), (Bench::Pass{10us, CpuId{0}, b, 50ms, 2}));
  bench.run_until(5ms + 10us);
  bench.wake(a);  // 10 us cost a whole MCU: avt(A) = 10; avt(B) = 500
  EXPECT_EQ(bench.last(), (Bench::Pass{5ms + 10us, CpuId{0}, a, 5ms + 49ns, 3}));
}

TEST(BvtXen1, ANewWeightCountsForTheRunInProgress) {
  Bench bench{"bvt-xen1"};
  const VcpuId a = bench.add_hog();
  bench.add_hog();
  bench.adjust(a, {.weight = 100});
  bench.run_until(5ms);  // A: 50 MCUs of 1, B: 0
  EXPECT_EQ(bench.last().slice, 5ms + 5ns);
}

TEST(BvtXen1, ClampsTheAdvanceOfAnMcuTo1To100) {
  for (const auto& [weight, lead] :
       std::vector<std::pair<std::int64_t, Time>>{{0, 500ns}, {1, 500ns}, {51, 5ns}, {1000, 5ns}}) {
    Bench bench{"bvt-xen1"};
    const VcpuId a = bench.add_hog({.weight = weight});
    bench.add_hog({.weight = 10});
    bench.run_until(5ms);
    EXPECT_EQ(bench.service(a), Time{5ms});
    EXPECT_EQ(bench.last().slice, 5ms + lead) << weight;
  }
}

/// Virtual times are 32 bits wide. When SVT reaches 0xf0000000 all of a processor's are reduced by
/// 0xe0000000, and that of a vCPU asleep since before wraps round to 0x20000000, far ahead of the others.
TEST(BvtXen1, OvertakesASleeperWhenVirtualTimeOverflows) {
  Bench bench{"bvt-xen1"};
  const VcpuId sleeper = bench.add({.weight = 1});
  const VcpuId hog = bench.add_hog({.weight = 1});
  bench.stall(4026s);  // 40,260,000 MCUs of 100: 0xeff8c940
  bench.run_for(1s);   // brings SVT past 0xf0000000 = 4,026,531,840
  bench.wake(sleeper);
  bench.run_for(100s);
  EXPECT_EQ(bench.service(sleeper), Time{});
  // 0x20000000 - 0x10000000 units are 268 s at weight 1.
  bench.run_for(168s);
  EXPECT_GT(bench.service(sleeper), Time{});
  EXPECT_GT(bench.service(hog), 4026s + 260s);
  EXPECT_EQ(bench.violation(), "");
}

/// Each run of s takes at least one MCU a slice too many, and a slice is at least C = 5 ms, so
///   s/MCU*advance <= avt <= advance*(s/MCU + s/C + 1);
/// and nobody is ahead of the least avt by more than one slice: C, the slip (under 1 MCU), rounded up.
RC_GTEST_PROP(BvtXen1Hogs, ShareTheProcessorInInverseProportionToTheirMcuAdvances, ()) {
  const auto weights = *rc::gen::nonEmpty(
      rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(1, 101)));
  Bench bench{"bvt-xen1"};
  for (const std::int64_t weight : weights) bench.add_hog({.weight = weight});
  bench.run_for(10s);
  for (std::uint32_t i = 0; i < weights.size(); ++i) {
    for (std::uint32_t j = 0; j < weights.size(); ++j) {
      const std::int64_t advance_i = 100 / weights[i], advance_j = 100 / weights[j];
      const Time si = bench.service(VcpuId{i}), sj = bench.service(VcpuId{j});
      const std::int64_t least_i = si / 100us * advance_i;
      const std::int64_t most_j = advance_j * (sj / 100us + 1 + sj / 5ms + 1);
      RC_ASSERT(least_i <= most_j + 52 * advance_i);
    }
  }
}

}  // namespace
}  // namespace xensim::test
