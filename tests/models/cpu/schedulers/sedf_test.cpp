/// Xen 3.0's simple earliest deadline first: reservations, and who gets what they leave.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <numeric>

#include "core/json.hpp"
#include "tests/models/cpu/schedulers/random_operations.hpp"

namespace xensim::test {
namespace {

constexpr Time quantum = 500us;

SchedulingShare reservation(Time slice, Time period, bool extra_time = false) {
  return {.period = period, .slice = slice, .extra_time = extra_time};
}

/// A bench whose domain 0, which has a reservation of its own, sleeps for ever.
Bench bench_without_domain0() {
  Bench bench{"sedf"};
  bench.add();
  return bench;
}

TEST(Sedf, DomainZeroHasFifteenMillisecondsInTwentyAndAlmostAllExtraTime) {
  Bench bench{"sedf"};
  const VcpuId domain0 = bench.add_hog(), guest = bench.add_hog();
  // The guest's first wake-up puts it first: scores 0 and 1024 x 20/15 = 1365. After a quantum it has
  // 131072, which falls by 1365 with each of domain 0's: below that after 96.
  EXPECT_EQ(bench.running(), guest);
  bench.run_until(15ms);
  EXPECT_EQ(bench.running(), domain0);
  EXPECT_EQ(bench.last().slice, 15ms);  // its first period
  bench.run_until(2s);
  std::vector<int> between;
  int quanta = 0;
  bool first = true;
  for (const Bench::Pass& pass : bench.passes()) {
    if (pass.next == domain0 && pass.slice == quantum && pass.at > Time{}) ++quanta;
    if (pass.next != guest) continue;
    EXPECT_EQ(pass.slice, quantum);
    if (!std::exchange(first, false)) between.push_back(quanta);
    quanta = 0;
  }
  ASSERT_GE(between.size(), 5U);
  EXPECT_EQ((std::vector<int>(between.begin(), between.begin() + 5)), (std::vector<int>(5, 96)));
  EXPECT_EQ(bench.violation(), "");
}

TEST(Sedf, DomainZeroHasItsReservationInEveryPeriodAndAGuestAllElseWhenItBlocks) {
  Bench bench{"sedf"};
  const VcpuId domain0 = bench.add_hog(), guest = bench.add_hog();
  bench.run_until(15ms);
  for (int period = 0; period < 20; ++period) {
    const Time before = bench.service(domain0);
    bench.run_for(20ms);
    EXPECT_GE(bench.service(domain0) - before, 15ms);
  }
  bench.run_until(420ms);
  bench.block(domain0);
  const Time before = bench.service(guest);
  bench.run_for(1s);  // less what is idle before each of its ten periods of 100 ms
  EXPECT_GE(bench.service(guest) - before, 1s - 10 * quantum);
}

TEST(Sedf, ExtraTimeGoesByWeight) {
  Bench bench = bench_without_domain0();
  const VcpuId light = bench.add_hog({.weight = 10}), heavy = bench.add_hog({.weight = 40});
  bench.run_for(10s);
  EXPECT_NEAR(to_seconds(bench.service(heavy)) / to_seconds(bench.service(light)), 4, 0.02);
}

TEST(Sedf, LeavesLessThanAQuantumBeforeAPeriodIdle) {
  Bench bench = bench_without_domain0();
  const VcpuId reserved = bench.add_hog(reservation(1ms, 4700us)), guest = bench.add_hog();
  bench.run_until(1ms);  // its first period begins a slice after it woke
  EXPECT_EQ(bench.running(), reserved);
  bench.run_until(2ms);
  EXPECT_EQ(bench.running(), guest);
  bench.run_until(5500us);  // seven quanta of 3.7 ms
  EXPECT_FALSE(bench.running().valid());
  bench.run_until(5700us);
  EXPECT_EQ(bench.running(), reserved);
}

TEST(Sedf, WithoutExtraTimeAndPeriodASliceGoesByWeight) {
  Bench bench{"sedf"};
  const VcpuId domain0 = bench.add();  // 15 ms in 20 reserved: 20 of 95 ms are left
  const VcpuId one = bench.add_hog({.weight = 1, .extra_time = false});
  const VcpuId three = bench.add_hog({.weight = 3, .extra_time = false});
  bench.run_for(10s);
  EXPECT_NEAR(to_seconds(bench.service(one)), 0.5, 0.01);
  EXPECT_NEAR(to_seconds(bench.service(three)), 1.5, 0.02);
  EXPECT_EQ(bench.service(domain0), Time{});
}

TEST(Sedf, AShortSleepEndsInTheNextPeriodAndIsMadeGoodFromExtraTime) {
  Bench bench = bench_without_domain0();
  const VcpuId sleeper = bench.add_hog(reservation(4ms, 20ms)), hog = bench.add_hog();
  bench.run_until(5ms);  // 1 ms into its first slice
  ASSERT_EQ(bench.running(), sleeper);
  bench.block(sleeper);
  EXPECT_EQ(bench.running(), hog);
  bench.run_until(8ms);
  bench.wake(sleeper);  // it lost 3 ms: six quanta before any other's
  EXPECT_EQ(bench.running(), sleeper);
  bench.run_for(3ms);
  EXPECT_EQ(bench.service(sleeper), Time{4ms});
  EXPECT_EQ(bench.running(), hog);
  bench.run_until(24ms);  // the next period
  EXPECT_EQ(bench.running(), sleeper);
  EXPECT_EQ(bench.last().slice, 4ms);
}

TEST(Sedf, ALongSleepEndsInANewPeriodAtOnce) {
  Bench bench = bench_without_domain0();
  const VcpuId sleeper = bench.add_hog(reservation(4ms, 20ms)), hog = bench.add_hog();
  bench.run_until(5ms);
  bench.block(sleeper);
  bench.run_until(60ms);
  ASSERT_EQ(bench.running(), hog);
  bench.wake(sleeper);
  EXPECT_EQ(bench.running(), sleeper);
  EXPECT_EQ(bench.last().slice, 4ms);
  bench.run_for(4ms);
  EXPECT_EQ(bench.running(), hog);
}

TEST(Sedf, ANewReservationHoldsFromTheNextPassOn) {
  Bench bench = bench_without_domain0();
  const VcpuId changed = bench.add_hog(reservation(2ms, 10ms)), hog = bench.add_hog();
  bench.run_until(1s);
  bench.adjust(changed, reservation(5ms, 10ms));
  const Time before = bench.service(changed);
  bench.run_for(1s);
  EXPECT_NEAR(to_seconds(bench.service(changed) - before), 0.5, 0.006);
  EXPECT_GT(bench.service(hog), 1200ms);
  EXPECT_EQ(bench.violation(), "");
}

/// Slices of a percentage of their periods, in all at most so many percent.
std::vector<SchedulingShare> reservations_of_at_most(int percent) {
  std::vector<SchedulingShare> shares;
  for (const auto& [tenths, part] : *rc::gen::nonEmpty(rc::gen::container<std::vector<std::pair<int, int>>>(
           rc::gen::pair(rc::gen::inRange(1, 1001), rc::gen::inRange(1, 61))))) {
    if (part > percent) continue;
    percent -= part;
    const Time period = Time{100us} * tenths;
    shares.push_back(reservation(period * part / 100, period, *rc::gen::arbitrary<bool>()));
  }
  return shares;
}

/// Earliest deadline first meets all deadlines if there is time for all, and extra time takes none of it.
TEST(Sedf, EveryReservationThatFitsIsMetInEveryPeriodAndExceededOnlyInExtraTime) {
  EXPECT_TRUE(rc::check([] {
    Bench bench = bench_without_domain0();
    const std::vector<SchedulingShare> shares = reservations_of_at_most(100);
    for (const SchedulingShare& share : shares) bench.add_hog(share);
    for (int hog = *rc::gen::inRange(0, 3); hog > 0; --hog) bench.add_hog();
    // The first period begins a slice after the wake-up, here at 0.
    struct Account {
      Time ends, had;
    };
    std::vector<Account> accounts;
    for (const SchedulingShare& share : shares) accounts.push_back({share.slice, {}});
    for (int step = 0; step < 300 && !shares.empty(); ++step) {
      const auto first = std::ranges::min_element(accounts, {}, &Account::ends);
      bench.run_until(first->ends);
      const auto i = static_cast<std::uint32_t>(first - accounts.begin());
      const Time had = bench.service(VcpuId{i + 1});
      if (first->ends > shares[i].slice) RC_ASSERT(had - first->had >= shares[i].slice);
      if (!shares[i].extra_time) RC_ASSERT(had - first->had <= shares[i].slice);
      first->had = had;
      first->ends += shares[i].period;
    }
    RC_ASSERT(bench.violation() == "");
  }));
}

/// Whoever sleeps and wakes: at most a slice in each period begun, and a quantum for each slice that a sleep
/// cut.
TEST(Sedf, NobodyWithoutExtraTimeGetsMoreThanItsSlicesAndWhatItLost) {
  EXPECT_TRUE(rc::check([] {
    Bench bench = bench_without_domain0();
    const std::vector<SchedulingShare> shares = reservations_of_at_most(300);
    for (const SchedulingShare& share : shares) bench.add(share);
    bench.add_hog();
    std::vector<int> blocks(bench.size());
    for (const Operation& operation : *any_history(ordinary_operations)) {
      const auto [kind, who, delay] = operation;
      if (kind >= 2 && kind <= 4) ++blocks[who % bench.size()];
      perform(bench, operation);
    }
    for (std::uint32_t i = 0; i < shares.size(); ++i) {
      if (shares[i].extra_time) continue;
      const auto periods = bench.now() / shares[i].period + 2;
      RC_ASSERT(bench.service(VcpuId{i + 1}) <= shares[i].slice * periods + quantum * blocks[i + 1]);
    }
    RC_ASSERT(bench.violation() == "");
  }));
}

}  // namespace
}  // namespace xensim::test
