/// What every scheduling policy owes, whatever its aims: run over all that are registered.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "core/json.hpp"
#include "core/parameter_info.hpp"
#include "tests/models/cpu/schedulers/random_operations.hpp"

namespace xensim::test {
namespace {

class EverySchedulingPolicy : public testing::TestWithParam<std::string> {};

std::string test_name(const testing::TestParamInfo<std::string>& info) {
  std::string name = info.param;
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return !std::isalnum(c); }, '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(Registered, EverySchedulingPolicy,
                         testing::ValuesIn(SchedulerRegistry::instance().names()), test_name);

/// A bench with some vCPUs on one to three processors, all asleep.
Bench any_bench(const std::string& policy, bool with_warp = true) {
  const auto cpus = *rc::gen::inRange<std::uint32_t>(1, 4);
  const auto shares =
      *rc::gen::nonEmpty(rc::gen::container<std::vector<SchedulingShare>>(any_share(with_warp)));
  Bench bench(Json(policy), cpus);
  for (std::uint32_t i = 0; i < shares.size(); ++i) bench.add(shares[i], i % cpus);
  return bench;
}

TEST_P(EverySchedulingPolicy, RunsOnlyRunnableVcpusNeverIdlesWhileOneWaitsAndPassesItsOwnAudit) {
  EXPECT_TRUE(rc::check([] {
    Bench bench = any_bench(GetParam());
    for (const Operation& operation : *any_history(all_operations)) {
      perform(bench, operation);
      RC_ASSERT(bench.violation() == "");
    }
  }));
}

TEST_P(EverySchedulingPolicy, SurvivesSharesThatChangeAtAnyTime) {
  EXPECT_TRUE(rc::check([] {
    Bench bench = any_bench(GetParam());
    for (const Operation& operation : *any_history(all_operations)) {
      perform(bench, operation);
      const VcpuId id{static_cast<std::uint32_t>(std::get<1>(operation) % bench.size())};
      if (bench.state(id) != Bench::State::gone) bench.adjust(id, *any_share(true));
      RC_ASSERT(bench.violation() == "");
    }
  }));
}

TEST_P(EverySchedulingPolicy, DecidesTheSameWhenTheSameHappens) {
  EXPECT_TRUE(rc::check([] {
    const auto shares = *rc::gen::nonEmpty(rc::gen::container<std::vector<SchedulingShare>>(any_share(true)));
    const auto history = *any_history(all_operations);
    const auto decisions = [&] {
      Bench bench{Json(GetParam())};
      for (const SchedulingShare& share : shares) bench.add(share);
      for (const Operation& operation : history) perform(bench, operation);
      return bench.passes();
    };
    RC_ASSERT(decisions() == decisions());
  }));
}

/// A processor hog waits at most while every other one takes a turn for each multiple of its own weight
/// that the other has (twice as many, as Xen's BVT rounds 100/weight down), and one more. No policy here
/// gives a turn longer than 50 ms when others wait.
TEST_P(EverySchedulingPolicy, LetsEveryProcessorHogRunWithinABoundedTime) {
  EXPECT_TRUE(rc::check([] {
    constexpr Time turn = 50ms;
    const auto weights = *rc::gen::nonEmpty(
        rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(1, 101)));
    const auto bound = [&](std::int64_t own) {
      Time sum{};
      for (const std::int64_t weight : weights) sum += turn * (2 * ((weight + own - 1) / own) + 1);
      return sum;
    };
    Bench bench{Json(GetParam())};
    bench.add();  // domain 0, whose reservation may be any policy's own
    for (const std::int64_t weight : weights) bench.add_hog({.weight = weight});
    const std::int64_t least = *std::min_element(weights.begin(), weights.end());
    bench.run_for(std::min<Time>(2 * bound(least), 300s));
    for (std::uint32_t i = 0; i < weights.size(); ++i) {
      RC_ASSERT(bench.longest_wait(VcpuId{i + 1}) <= bound(weights[i]));
    }
    RC_ASSERT(bench.violation() == "");
  }));
}

TEST_P(EverySchedulingPolicy, KeepsAProcessorBusyWhileAnyVcpuOnItIsRunnable) {
  if (!make_scheduler(Json(GetParam()))->work_conserving()) GTEST_SKIP() << "is not to";
  EXPECT_TRUE(rc::check([] {
    Bench bench{Json(GetParam())};
    const VcpuId hog = bench.add_hog();
    for (const SchedulingShare& share : *rc::gen::container<std::vector<SchedulingShare>>(any_share(true))) {
      bench.add(share);
    }
    for (Operation operation : *any_history(ordinary_operations)) {
      if (std::get<1>(operation) % bench.size() != hog.value) perform(bench, operation);
    }
    Time total{};
    for (std::uint32_t i = 0; i < bench.size(); ++i) total += bench.service(VcpuId{i});
    RC_ASSERT(total == bench.now());
  }));
}

/// What can be set for a run can be set in a run.
TEST_P(EverySchedulingPolicy, TakesASliceFromTheOperatorIfItHasOne) {
  const auto& parameters = SchedulerRegistry::instance().entries().at(GetParam()).parameters;
  if (std::ranges::none_of(parameters, [](const auto& p) { return p.name == "slice"; })) {
    GTEST_SKIP() << "has no slice";
  }
  EXPECT_TRUE(make_scheduler(Json(GetParam()))->set_slice(30ms));
}

TEST_P(EverySchedulingPolicy, IdlesOnlyUntilTheFirstWakeUp) {
  if (!make_scheduler(Json(GetParam()))->work_conserving()) GTEST_SKIP() << "may go on idling";
  Bench bench{Json(GetParam())};
  const VcpuId sleeper = bench.add();
  bench.run_for(70ms);
  EXPECT_FALSE(bench.running().valid());
  bench.wake(sleeper);
  EXPECT_EQ(bench.running(), sleeper);
  bench.run_for(30ms);
  EXPECT_EQ(bench.service(sleeper), Time{30ms});
  bench.block(sleeper);
  EXPECT_FALSE(bench.running().valid());
  EXPECT_EQ(bench.violation(), "");
}

}  // namespace
}  // namespace xensim::test
