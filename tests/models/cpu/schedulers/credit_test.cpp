/// The credit scheduler of Xen, by version.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <list>

#include "core/json.hpp"
#include "tests/models/cpu/schedulers/random_operations.hpp"

namespace xensim::test {
namespace {

Json credit(const std::string& version) { return {{"name", "credit"}, {"version", version}}; }
const std::vector<std::string> all_versions{"3.0.3", "3.0.4", "4.0", "4.17"};

/// Who began to run when, repetitions of the same left out.
std::vector<std::pair<Time, std::uint32_t>> turns(const Bench& bench) {
  std::vector<std::pair<Time, std::uint32_t>> turns;
  for (const Bench::Pass& pass : bench.passes()) {
    if (turns.empty() || turns.back().second != pass.next.value) turns.emplace_back(pass.at, pass.next.value);
  }
  return turns;
}

/// Both active with nothing: each accounting gives 15 of 30; the one that ran has paid 30.
TEST(Credit, TwoEqualHogsTakeTurnsOfASliceInEveryVersion) {
  for (const std::string& version : all_versions) {
    Bench bench{credit(version)};
    bench.add_hog({.weight = 256});
    bench.add_hog({.weight = 256});
    bench.run_until(180ms - Time{1});
    const std::vector<std::pair<Time, std::uint32_t>> expected{{0ms, 0},  {30ms, 1},  {60ms, 0},
                                                               {90ms, 1}, {120ms, 0}, {150ms, 1}};
    EXPECT_EQ(turns(bench), expected) << version;
    EXPECT_EQ(bench.violation(), "");
  }
}

/// By hand, credits in ms. Who has run at a tick is active. At 30 ms A has paid 30 and gets 30; B is active
/// from 40 ms. At 60 ms both get 15: A has 15, B -15, OVER. C, which has run at no tick, has 0 and is UNDER:
/// it wakes at 65 ms and goes before B, which has waited longer.
TEST(Credit, WhoOwesWaitsForWhoDoesNot) {
  Bench bench{credit("3.0.3")};
  const VcpuId a = bench.add_hog(), b = bench.add_hog();
  const VcpuId c = bench.add();
  bench.run_until(65ms);
  ASSERT_EQ(bench.running(), a);
  bench.wake(c);
  EXPECT_EQ(bench.running(), a);  // UNDER, too
  bench.run_until(90ms);
  EXPECT_EQ(bench.running(), c);
  bench.run_until(120ms);
  EXPECT_EQ(bench.running(), b);
}

/// From then on each slice takes 30 of the one that runs and gives both 15: A 15 and B -15, then both 0, and
/// so on. So B is OVER in every second slice of A, and goes behind C then only.
TEST(Credit, TwoHogsOweInTurns) {
  for (const bool owes : {true, false}) {
    Bench bench{credit("3.0.3")};
    const VcpuId a = bench.add_hog(), b = bench.add_hog();
    const VcpuId c = bench.add();
    bench.run_until(owes ? 65ms : 95ms);
    bench.wake(c);
    bench.run_until(owes ? 90ms : 120ms);
    EXPECT_EQ(bench.running(), owes ? c : a);
    EXPECT_EQ(bench.state(b), Bench::State::waiting);
  }
}

TEST(Credit, WeightsDivideTheProcessor) {
  for (const std::string& version : all_versions) {
    Bench bench{credit(version)};
    const VcpuId light = bench.add_hog({.weight = 256}), heavy = bench.add_hog({.weight = 512});
    bench.run_until(30s);
    EXPECT_NEAR(to_seconds(bench.service(light)), 10, 0.3) << version;
    EXPECT_NEAR(to_seconds(bench.service(heavy)), 20, 0.3) << version;
  }
}

TEST(Credit, AWakingVcpuWithoutDebtIsBoostedPastAHogFrom304On) {
  for (const std::string& version : all_versions) {
    Bench bench{credit(version)};
    const VcpuId sleeper = bench.add();
    const VcpuId hog = bench.add_hog();
    bench.run_until(15ms);  // the tick at 10 ms has found the hog boosted, as it woke: it is UNDER now
    ASSERT_EQ(bench.running(), hog);
    bench.wake(sleeper);
    EXPECT_EQ(bench.running() == sleeper, version != "3.0.3") << version;
  }
}

TEST(Credit, ABoostLastsThroughSleepUntilATickCatchesItRunning) {
  Bench bench{credit("3.0.4")};
  const VcpuId sleeper = bench.add();
  const VcpuId other = bench.add();
  bench.add_hog();
  bench.run_until(12ms);
  bench.wake(sleeper);
  bench.run_until(18ms);
  bench.block(sleeper);
  bench.run_until(19ms);
  bench.wake(sleeper);
  EXPECT_EQ(bench.running(), sleeper);
  bench.wake(other);  // boosted, too: not above it
  EXPECT_EQ(bench.running(), sleeper);
  bench.run_until(20ms);  // the tick makes it UNDER, below the other
  EXPECT_EQ(bench.running(), sleeper);
  const VcpuId third = bench.add();
  bench.wake(third);
  EXPECT_EQ(bench.running(), other);  // a pass, and the first of the boosted
  EXPECT_EQ(bench.violation(), "");
}

/// Once a tick has caught it, its debts count where all time is paid for. Who is never caught is never
/// active, and stays UNDER in all versions.
TEST(Credit, WhoSleepsAtTicksPaysNothingUntilTimeIsPaidForAsItIsUsed) {
  for (const bool caught : {true, false}) {
    for (const std::string version : {"3.0.4", "4.0"}) {
      Bench bench{credit(version)};
      const VcpuId dodger = bench.add();
      if (caught) bench.wake(dodger);
      const VcpuId hog = bench.add_hog();
      bench.run_until(10ms);
      for (int tick = 0; tick < 300; ++tick) {
        bench.run_for(500us);
        if (!bench.runnable(dodger)) bench.wake(dodger);
        bench.run_for(9ms);
        if (bench.runnable(dodger)) bench.block(dodger);
        bench.run_for(500us);
      }
      const double share = to_seconds(bench.service(dodger)) / to_seconds(bench.now());
      if (caught && version == "4.0") {
        EXPECT_LT(share, 0.6);
      } else {
        EXPECT_GT(share, 0.88);  // 9 ms of each 10
      }
      EXPECT_GT(bench.service(hog), Time{});
    }
  }
}

TEST(Credit, TheRateLimitOf417LetsATurnLastAMillisecond) {
  Bench bench{credit("4.17")};
  const VcpuId sleeper = bench.add(), hog = bench.add_hog();
  bench.run_until(29ms);
  bench.wake(sleeper);  // boosted; the hog has run for 29 ms
  ASSERT_EQ(bench.running(), sleeper);
  bench.block(sleeper);
  bench.run_for(300us);
  bench.wake(sleeper);
  EXPECT_EQ(bench.running(), hog);
  EXPECT_EQ(bench.last().slice, Time{700us});
  bench.run_for(700us);
  EXPECT_EQ(bench.running(), sleeper);
}

TEST(Credit, AYieldIn417LetsOneOfLowerPriorityRun) {
  for (const std::string version : {"4.0", "4.17"}) {
    Bench bench{credit(version)};
    const VcpuId first = bench.add_hog(), second = bench.add_hog();
    bench.run_until(75ms);  // the second is OVER since the accounting at 60 ms
    ASSERT_EQ(bench.running(), first);
    bench.yield(first);
    EXPECT_EQ(bench.running() == second, version == "4.17");
  }
}

TEST(Credit, AnIdleProcessorStealsFromABusyOne) {
  for (const std::string& version : all_versions) {
    Bench bench{credit(version), 2};
    const VcpuId first = bench.add_hog(), second = bench.add_hog();
    EXPECT_EQ(bench.running(0), first);
    EXPECT_EQ(bench.running(1), second);
    bench.run_until(1s);
    EXPECT_EQ(bench.service(first) + bench.service(second), Time{2s});
    EXPECT_EQ(bench.violation(), "");
  }
}

TEST(Credit, CapsHoldOnAnOtherwiseIdleMachine) {
  EXPECT_TRUE(rc::check([] {
    const auto cap = *rc::gen::inRange<std::int64_t>(1, 100);
    const std::string version = *rc::gen::elementOf(all_versions);
    const auto cpus = *rc::gen::inRange<std::uint32_t>(1, 3);
    Bench bench{credit(version), cpus};
    bench.may_idle = true;
    const VcpuId capped = bench.add_hog({.weight = 10, .cap = cap});
    const VcpuId hog = bench.add_hog();
    bench.run_until(60s);
    // In whole credits, of which 3.0.3 has 30 to a slice. Two slices more, from the beginning.
    const double allowed = 60 * (version == "3.0.3" ? static_cast<double>((cap * 30 + 99) / 100) / 30
                                                    : static_cast<double>(cap) / 100);
    RC_ASSERT(to_seconds(bench.service(capped)) <= allowed + 0.06);
    if (cpus > 1) RC_ASSERT(to_seconds(bench.service(capped)) >= allowed * 0.9 - 0.1);
    RC_ASSERT(bench.service(hog) >= bench.now() / 2 - 100ms);
    RC_ASSERT(bench.violation() == "");
  }));
}

/// Only in 4.17: what an active one loses that has saved too much, and what is handed out to make up for it,
/// keeps weights far apart from being shares before that.
TEST(Credit, TwoHogsGetSharesByWeightIn417) {
  EXPECT_TRUE(rc::check([] {
    const auto one = *rc::gen::inRange<std::int64_t>(10, 41), other = *rc::gen::inRange<std::int64_t>(10, 41);
    Bench bench{credit("4.17")};
    const VcpuId first = bench.add_hog({.weight = one});
    bench.add_hog({.weight = other});
    bench.run_until(60s);
    const double share = static_cast<double>(one) / static_cast<double>(one + other);
    RC_ASSERT(to_seconds(bench.service(first)) / 60 > share * 0.95);
    RC_ASSERT(to_seconds(bench.service(first)) / 60 < share * 1.05);
    RC_ASSERT(bench.violation() == "");
  }));
}

/// How many slices each of these hogs gets of so many, by 3.0.4's accounting and nothing else of the
/// scheduler.
std::vector<int> slices_of(const std::vector<std::int64_t>& weights, int slices) {
  const auto up = [](std::int64_t a, std::int64_t b) { return (a + b - 1) / b; };
  struct Hog {
    std::int64_t credit = 0;
    bool over = false;
  };
  std::vector<Hog> hogs(weights.size());
  std::vector<int> got(weights.size());
  std::list<std::size_t> queue, active;
  for (std::size_t i = 0; i < weights.size(); ++i) queue.push_back(i);
  std::int64_t balance = 0;
  for (int slice = 0; slice < slices; ++slice) {
    const std::size_t current = queue.front();
    queue.pop_front();
    ++got[current];
    hogs[current].credit -= 300;
    if (std::ranges::find(active, current) == active.end()) active.push_back(current);
    std::int64_t sum = 0;
    for (const std::size_t i : active) sum += weights[i];
    const std::int64_t owed = std::max<std::int64_t>(0, -balance);
    std::int64_t total = 300 + owed, left = sum;
    bool extra = false;
    balance = 0;
    for (const std::size_t i : std::list(active)) {
      left -= weights[i];
      const std::int64_t peak = 300 + up(owed * weights[i], sum);
      std::int64_t fair = up(total * weights[i], sum);
      if (fair < peak) {
        extra = true;
      } else {
        if (left > 0) total += up((fair - peak) * sum, left);
        if (extra) active.remove(i), active.push_front(i);
        fair = peak;
      }
      Hog& hog = hogs[i];
      hog.credit += fair;
      hog.over = hog.credit < 0;
      hog.credit = std::max<std::int64_t>(hog.credit, -300);
      balance += hog.credit;
      if (hog.credit > 300) active.remove(i), hog.credit = 0;
    }
    std::list<std::size_t> over;
    over.splice(over.end(), queue);
    for (auto next = over.begin(); next != over.end();) {
      const auto here = next++;
      if (!hogs[*here].over) queue.splice(queue.end(), over, here);
    }
    if (!hogs[current].over) queue.push_back(current);
    queue.splice(queue.end(), over);
    if (hogs[current].over) queue.push_back(current);
  }
  return got;
}

TEST(Credit, HogsGetTheSlicesThatTheAccountingAloneGives) {
  EXPECT_TRUE(rc::check([] {
    const auto weights = *rc::gen::nonEmpty(
        rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(1, 101)));
    Bench bench{credit("3.0.4")};
    for (const std::int64_t weight : weights) bench.add_hog({.weight = weight});
    bench.run_until(500 * Time{30ms} - Time{1});
    const std::vector<int> expected = slices_of(weights, 500);
    for (std::uint32_t i = 0; i < weights.size(); ++i) {
      const Time got = bench.service(VcpuId{i});
      RC_ASSERT((got + 1ns) / Time{30ms} == expected[i]);
    }
  }));
}

TEST(Credit, EveryVersionSurvivesAnyHistoryWithCaps) {
  EXPECT_TRUE(rc::check([] {
    const auto cpus = *rc::gen::inRange<std::uint32_t>(1, 5);
    Bench bench{credit(*rc::gen::elementOf(all_versions)), cpus};
    bench.may_idle = true;
    for (std::uint32_t i = 0; i < 6; ++i) bench.add({.weight = 1 + 50 * i, .cap = i * 15}, i % cpus);
    for (const Operation& operation : *any_history(all_operations)) {
      perform(bench, operation);
      RC_ASSERT(bench.violation() == "");
    }
  }));
}

TEST(Credit, EveryVersionKeepsAllProcessorsBusy) {
  EXPECT_TRUE(rc::check([] {
    const auto cpus = *rc::gen::inRange<std::uint32_t>(1, 5);
    Bench bench{credit(*rc::gen::elementOf(all_versions)), cpus};
    for (std::uint32_t i = 0; i < 8; ++i) bench.add({.weight = 1 + 50 * i}, i % cpus);
    for (const Operation& operation : *any_history(all_operations)) {
      perform(bench, operation);
      RC_ASSERT(bench.violation() == "");
    }
  }));
}

TEST(Credit, RefusesAVersionThatThereIsNot) { EXPECT_THROW(Bench{credit("3.0.2")}, InputError); }

}  // namespace
}  // namespace xensim::test
