/// Xen 2.0's reservations: traces by hand, and that they are met without extra time.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "core/json.hpp"
#include "tests/models/cpu/schedulers/random_operations.hpp"

namespace xensim::test {
namespace {

constexpr Time quantum = 5ms;

SchedulingShare reservation(Time slice, Time period, Time latency = {}, bool extra_time = false) {
  return {.period = period, .slice = slice, .latency = latency, .extra_time = extra_time};
}

/// A bench whose domain 0, which has a reservation of its own, sleeps for ever.
Bench bench_without_domain0(bool as_coded = false) {
  Bench bench{Json{{"name", "atropos"}, {"as_coded", as_coded}}};
  bench.add();
  return bench;
}

TEST(Atropos, DomainZeroHasFifteenMillisecondsInTwentyAndPaysForExtraTime) {
  Bench bench{"atropos"};
  const VcpuId domain0 = bench.add_hog();
  EXPECT_EQ(bench.running(), domain0);
  EXPECT_EQ(bench.last().slice, 15ms);
  bench.run_until(15ms);  // extra time, as nobody else is there
  EXPECT_EQ(bench.last().slice, quantum);
  bench.run_until(20ms);  // of the new 15 ms it has had 5
  EXPECT_EQ(bench.last().slice, 10ms);
}

TEST(Atropos, AReservationIsServedInItsPeriodsAndExtraTimeGoesInTurns) {
  Bench bench = bench_without_domain0();
  const VcpuId reserved = bench.add_hog(reservation(10ms, 40ms));
  const VcpuId a = bench.add_hog({.period = 10s, .slice = 10us}),
               b = bench.add_hog({.period = 10s, .slice = 10us});
  bench.run_until(1s);
  EXPECT_NEAR(to_seconds(bench.service(reserved)), 0.25, 0.015);
  EXPECT_NEAR(to_seconds(bench.service(a) + bench.service(b)), 0.75, 0.015);
  EXPECT_GT(bench.service(a), 200ms);
  EXPECT_GT(bench.service(b), 200ms);
}

TEST(Atropos, AsCodedInXenTwoAReservationIsNotServedOnceItHasBeenWaitedFor) {
  Bench bench = bench_without_domain0(true);
  const VcpuId reserved = bench.add_hog(reservation(10ms, 40ms)), other = bench.add_hog();
  bench.run_until(1s);
  EXPECT_EQ(bench.service(reserved), Time{});
  EXPECT_EQ(bench.service(other), 995ms);  // it woke after the first look at the processor
  EXPECT_EQ(bench.violation(), "");
}

TEST(Atropos, AfterALongSleepThePeriodIsTheLatencyAndDoublesUntilItIsItsOwn) {
  Bench bench = bench_without_domain0();
  const VcpuId sleeper = bench.add(reservation(40ms, 160ms, 40ms));
  const VcpuId hog = bench.add_hog({.period = 10s, .slice = 10us});
  bench.run_until(1002ms);
  ASSERT_EQ(bench.running(), hog);
  bench.wake(sleeper);  // 40 ms x 40/160 by 1042 ms; nobody looks before the hog's turn ends
  EXPECT_EQ(bench.running(), hog);
  bench.run_until(1005ms);
  EXPECT_EQ(bench.last().next, sleeper);
  EXPECT_EQ(bench.last().slice, 10ms);
  bench.run_until(1015ms);
  EXPECT_EQ(bench.running(), hog);
  bench.run_until(1045ms);  // 20 ms in 80 since 1042 ms
  EXPECT_EQ(bench.running(), sleeper);
  EXPECT_EQ(bench.last().slice, 20ms);
  bench.run_until(1125ms);  // 40 ms in 160 since 1122 ms
  EXPECT_EQ(bench.running(), sleeper);
  EXPECT_EQ(bench.last().slice, 40ms);
}

TEST(Atropos, AShortSleepKeepsWhatIsLeftOfTheSliceForIdleTime) {
  Bench bench = bench_without_domain0();
  const VcpuId sleeper = bench.add_hog(reservation(20ms, 100ms)), hog = bench.add_hog();
  ASSERT_EQ(bench.running(), sleeper);
  bench.run_until(5ms);
  bench.block(sleeper);
  ASSERT_EQ(bench.running(), hog);
  bench.run_until(7ms);
  bench.wake(sleeper);  // its turn was not charged: 20 ms are left, but only where nobody has a slice
  bench.run_until(40ms);
  EXPECT_EQ(bench.service(sleeper), 25ms);
}

/// Reservations of at least a quantum that leave some room, by vCPUs that never sleep.
TEST(Atropos, WithoutExtraTimeEveryoneHasItsSlicesAndNoMore) {
  EXPECT_TRUE(rc::check([] {
    Bench bench = bench_without_domain0();
    std::vector<SchedulingShare> shares;
    int percent = 80;
    for (const auto& [length, part] : *rc::gen::nonEmpty(rc::gen::container<std::vector<std::pair<int, int>>>(
             rc::gen::pair(rc::gen::inRange(50, 201), rc::gen::inRange(10, 61))))) {
      if (part > percent) continue;
      percent -= part;
      const Time period = Time{1ms} * length;
      shares.push_back(reservation(period * part / 100, period));
    }
    for (const SchedulingShare& share : shares) bench.add_hog(share);
    bench.run_for(10s);
    for (std::uint32_t i = 0; i < shares.size(); ++i) {
      const auto periods = bench.now() / shares[i].period;
      const Time service = bench.service(VcpuId{i + 1});
      RC_ASSERT(service >= shares[i].slice * (periods - 2));
      RC_ASSERT(service <= shares[i].slice * (periods + 1) + quantum);
    }
    RC_ASSERT(bench.violation() == "");
  }));
}

}  // namespace
}  // namespace xensim::test
