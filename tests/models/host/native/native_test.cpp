#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "models/guest/processes/self.hpp"
#include "tests/models/host/host_fixture.hpp"

namespace xensim {
namespace {

TEST(Native, AHogHasAProcessorToItselfButForTheTicks) {
  TestHost host("native", {});
  host.start(host.hog());
  host.run_until(1s);
  EXPECT_GT(to_seconds(host.platform->work(0)), 0.998);
  EXPECT_LT(to_seconds(host.platform->work(0)), 1);
}

TEST(Native, TheUniprocessorKernelUsesOneProcessor) {
  TestHost host({{"name", "native"}, {"smp", false}}, {});
  host.start(host.hog());
  host.start(host.hog());
  host.run_until(1200ms);
  const Values values = host.read();
  EXPECT_EQ(values.count("cpu1/time/user"), 0U);
  EXPECT_NEAR(values.at("process_switches"), 10, 2) << "two slices of 60 ms in a row";
}

TEST(Native, TheSmpKernelKeepsEveryProcessorBusy) {
  TestHost host("native", {});
  for (int i = 0; i < 5; ++i) host.start(host.hog());
  host.run_until(3s);
  const Values values = host.read();
  for (const char* cpu : {"cpu0/", "cpu1/"}) {
    EXPECT_LT(values.at(std::string(cpu) + "time/idle"), 0.01) << "up to its first tick";
    EXPECT_EQ(values.at(std::string(cpu) + "time/monitor"), 0);
  }
  for (std::uint32_t i = 0; i < 5; ++i) EXPECT_NEAR(to_seconds(host.platform->work(i)), 1.2, 0.15);
}

TEST(Native, ASleeperIsWokenByTheTickAfterTheNext) {
  TestHost host("native", {.cpus = 1});
  host.start(host.interactive(1us, 10ms));
  host.run_until(2s);
  // 10 ms rounded up and one more: 20 ms a round on average.
  const double rounds = to_seconds(host.platform->work(0)) / 1e-6;
  EXPECT_NEAR(rounds, 100, 3);
}

Program selects(Time timeout, int& rounds) {
  const Self self{};
  for (SelectSets nothing;; ++rounds) co_await self.select(0, nothing, timeout);
}

TEST(Native, ASelectThatTimesOutEndsWithTheTicksItsTimeIsRoundedUpTo) {
  for (const auto& [timeout, expected] : {std::pair{Time{1us}, 200}, {Time{10ms}, 200}, {Time{11ms}, 100}}) {
    TestHost host("native", {.cpus = 1});
    int rounds = 0;
    host.start(selects(timeout, rounds));
    host.run_until(2s);
    EXPECT_NEAR(rounds, expected, 2);
  }
}

TEST(Native, RunningAheadChangesNothing) {
  EXPECT_TRUE(rc::check([] {
    const auto cpus = *rc::gen::inRange<std::uint32_t>(1, 5);
    const auto processes = *rc::gen::container<std::vector<std::pair<int, int>>>(
        rc::gen::pair(rc::gen::inRange(10, 20'000), rc::gen::inRange(0, 30'000)));
    const auto outcome = [&](bool strict) {
      TestHost host("native", {.cpus = cpus, .strict = strict});
      for (const auto& [busy_us, rest_us] : processes) {
        host.start(rest_us == 0 ? host.hog()
                                : host.interactive(std::chrono::microseconds(busy_us),
                                                   std::chrono::microseconds(rest_us)));
      }
      host.run_until(300ms);
      RC_ASSERT(host.platform->audit().empty());
      return host.read();
    };
    RC_ASSERT(outcome(false) == outcome(true));
  }));
}

}  // namespace
}  // namespace xensim
