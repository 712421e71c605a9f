/// The second credit scheduler of Xen, as of 4.17.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "core/json.hpp"
#include "tests/models/cpu/schedulers/random_operations.hpp"

namespace xensim::test {
namespace {

/// Two that wait with all their credit when the processor becomes free: the heavy one stands first.
struct HeavyAndLight {
  explicit HeavyAndLight(const Json& config) : bench(config) {
    const VcpuId before = bench.add_hog();
    heavy = bench.add_hog({.weight = 512});
    light = bench.add_hog({.weight = 256});
    bench.block(before);
    bench.remove(before);
  }
  /// Who ran for how many us.
  [[nodiscard]] std::string turns() const {
    std::string turns;
    Time since{};
    VcpuId runs = heavy;
    for (const Bench::Pass& pass : bench.passes()) {
      if (pass.at == Time{} || pass.next == runs) continue;
      turns += fmt::format("{}{} ", runs == heavy ? 'H' : 'L', (pass.at - since) / 1us);
      since = pass.at;
      runs = pass.next;
    }
    return turns;
  }
  Bench bench;
  VcpuId heavy, light;
};

/// By hand, credits in ms: H10 L10. H runs for 1 ms, the rate limit (9). L has a lead of 1, half a ms for it,
/// raised to the limit (8). H has a lead of 1 (8), and keeps the processor in a tie, for the least turn
/// (7.5). L (6). H has a lead of 1.5 (6), and the tie (5.5). So on, 2 ms and 1, until after L (0) H has 1.5,
/// and the tie at 0 begins another round: all get 10, H has the least turn (9.5).
TEST(Credit2, TwiceTheWeightIsTwiceTheTimeInShortTurnsIfTheDisplacedOneJoinsFirst) {
  HeavyAndLight two{Json{{"name", "credit2"}, {"displaced_first", true}}};
  two.bench.run_until(19ms);
  EXPECT_EQ(two.turns(), "H1000 L1000 H1500 L1000 H2000 L1000 H2000 L1000 H2000 L1000 H2000 L1000 H2000 ");
  EXPECT_EQ(two.bench.violation(), "");
}

/// By hand: H10 L10. H runs for 1 ms, as L waits with as much (9). When L's turn is set nobody stands in the
/// queue: 10 of credit, 5 ms (0). H the same: 9 ms (0). A tie at 0, kept: all get 10, and H has the least
/// turn (9.5). L: 5 ms (0). H: 9.5 ms (0), and so on.
TEST(Credit2, TheTurnOfTheNextIsNotCutByTheOneItDisplaces) {
  HeavyAndLight two{Json("credit2")};
  two.bench.run_until(37ms);
  EXPECT_EQ(two.turns(), "H1000 L5000 H9500 L5000 H10000 L5000 ");
  EXPECT_EQ(two.bench.violation(), "");
}

TEST(Credit2, AWakingVcpuPreemptsWhoHasLessAfterTheRateLimit) {
  Bench bench{Json("credit2")};
  const VcpuId sleeper = bench.add(), hog = bench.add_hog();
  bench.run_until(900us);
  bench.wake(sleeper);
  EXPECT_EQ(bench.running(), hog);  // in the first 0.95 ms
  bench.block(sleeper);
  bench.run_until(3ms);
  bench.wake(sleeper);
  EXPECT_EQ(bench.running(), sleeper);
}

TEST(Credit2, AWakingVcpuTakesAnIdleProcessor) {
  Bench bench{Json("credit2"), 2};
  const VcpuId first = bench.add_hog(), second = bench.add_hog();
  EXPECT_EQ(bench.running(0), first);
  EXPECT_EQ(bench.running(1), second);
  bench.run_until(1s);
  EXPECT_EQ(bench.service(first) + bench.service(second), Time{2s});
}

TEST(Credit2, ThreeEqualHogsGetTwoThirdsOfTwoProcessorsEach) {
  Bench bench{Json("credit2"), 2};
  for (int i = 0; i < 3; ++i) bench.add_hog();
  bench.run_until(30s);
  for (std::uint32_t i = 0; i < 3; ++i) EXPECT_NEAR(to_seconds(bench.service(VcpuId{i})), 20, 0.1);
}

TEST(Credit2, QueuesOfTheirOwnKeepVcpusWhereTheyAre) {
  Bench bench{Json{{"name", "credit2"}, {"processors_per_queue", 1}}, 2};
  bench.may_idle = true;
  const VcpuId first = bench.add_hog({}, 0), second = bench.add_hog({}, 0);
  bench.run_until(1s);
  EXPECT_FALSE(bench.running(1).valid());
  EXPECT_EQ(bench.service(first) + bench.service(second), Time{1s});
  EXPECT_EQ(bench.violation(), "");
}

TEST(Credit2, HogsGetSharesByWeight) {
  EXPECT_TRUE(rc::check([] {
    // Up to four to one: who is lighter falls to the floor in a turn of the rate limit, and so pays too
    // little.
    const auto weights =
        *rc::gen::container<std::vector<std::int64_t>>(4, rc::gen::inRange<std::int64_t>(10, 41));
    Bench bench{Json("credit2")};
    double sum = 0;
    for (const std::int64_t weight : weights) {
      bench.add_hog({.weight = weight});
      sum += static_cast<double>(weight);
    }
    bench.run_until(60s);
    for (std::uint32_t i = 0; i < weights.size(); ++i) {
      const double share = static_cast<double>(weights[i]) / sum;
      const double got = to_seconds(bench.service(VcpuId{i})) / 60;
      RC_ASSERT(got > share * 0.95);
      RC_ASSERT(got < share * 1.05);
    }
    RC_ASSERT(bench.violation() == "");
  }));
}

TEST(Credit2, CapsHoldInEachPeriod) {
  EXPECT_TRUE(rc::check([] {
    const auto cap = *rc::gen::inRange<std::int64_t>(1, 100);
    const auto cpus = *rc::gen::inRange<std::uint32_t>(1, 3);
    Bench bench{Json("credit2"), cpus};
    bench.may_idle = true;
    const VcpuId capped = bench.add_hog({.weight = 10, .cap = cap});
    const VcpuId hog = bench.add_hog();
    bench.run_until(10s);
    // A budget and a turn of 1 ms more, from the beginning.
    const double allowed = 0.01 * static_cast<double>(cap) * 10;
    RC_ASSERT(to_seconds(bench.service(capped)) <= allowed + 0.012);
    if (cpus > 1) RC_ASSERT(to_seconds(bench.service(capped)) >= allowed * 0.98 - 0.02);
    RC_ASSERT(bench.service(hog) >= 5s - 100ms);
    RC_ASSERT(bench.violation() == "");
  }));
}

TEST(Credit2, SurvivesAnyHistoryWithCapsAndQueues) {
  EXPECT_TRUE(rc::check([] {
    const auto cpus = *rc::gen::inRange<std::uint32_t>(1, 5);
    const Json config{{"name", "credit2"},
                      {"processors_per_queue", *rc::gen::inRange(1, 5)},
                      {"displaced_first", *rc::gen::arbitrary<bool>()},
                      {"ratelimit", *rc::gen::elementOf(std::vector<std::string>{"0 s", "1 ms", "20 ms"})}};
    Bench bench{config, cpus};
    bench.may_idle = true;
    for (std::uint32_t i = 0; i < 6; ++i) bench.add({.weight = 1 + 2000 * i, .cap = i * 15}, i % cpus);
    for (const Operation& operation : *any_history(all_operations)) {
      perform(bench, operation);
      RC_ASSERT(bench.violation() == "");
    }
  }));
}

/// The longest run with the greatest weights, and a processor that nobody looked after for hours.
TEST(Credit2, NothingOverflows) {
  Bench bench{Json("credit2")};
  const VcpuId light = bench.add({.weight = 1}), heavy = bench.add({.weight = 10'000'000});
  bench.wake(light);
  bench.stall(10h);
  bench.wake(heavy);
  EXPECT_EQ(bench.running(), heavy);
  bench.run_for(1s);
  EXPECT_EQ(bench.violation(), "");
}

}  // namespace
}  // namespace xensim::test
