#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "core/json.hpp"
#include "tests/models/host/host_fixture.hpp"

namespace xensim {
namespace {

Json xen(const char* scheduler = "bvt-xen1", const char* ctx_allow = "5 ms") {
  return {{"name", "xen"}, {"scheduler", {{"name", scheduler}, {"ctx_allow", ctx_allow}}}};
}

TEST(Xen, PlacesDomainsOnTheNextProcessorInTurnAfterDomain0) {
  Records records;
  TestHost host(xen(), {.trace = &records});
  for (int i = 0; i < 4; ++i) host.start(host.hog());
  std::vector<std::uint32_t> placed;
  for (const TraceRecord& record : records.all) {
    if (record.kind == TraceKind::domain_created) placed.push_back(record.cpu.value);
  }
  EXPECT_EQ(placed, (std::vector<std::uint32_t>{0, 1, 0, 1, 0}));
}

TEST(Xen, EveryProcessorsTimeGoesSomewhere) {
  TestHost host(xen(), {});
  for (int i = 0; i < 5; ++i) host.start(host.hog());
  host.run_until(2s);
  const Values values = host.read();
  for (const char* cpu : {"cpu0/", "cpu1/"}) {
    double sum = 0;
    for (const char* part : {"idle", "user", "refill", "translation", "kernel", "monitor", "interrupts"}) {
      sum += values.at(std::string(cpu) + "time/" + part);
    }
    EXPECT_NEAR(sum, 2, 1e-4) << "to one step in progress";
    EXPECT_LT(values.at(std::string(cpu) + "time/idle"), 1e-5) << "up to its first domain";
  }
}

TEST(Xen, WorkDoneIsTheTimeOfProgramsAsIfWithWarmCaches) {
  TestHost host(xen(), {});
  for (int i = 0; i < 3; ++i) host.start(host.hog());
  host.run_until(1s);
  const Values values = host.read();
  double work = 0;
  for (std::uint32_t i = 0; i < 3; ++i) work += to_seconds(host.platform->work(i));
  EXPECT_NEAR(work, values.at("cpu0/time/user") + values.at("cpu1/time/user"), 1e-9);
}

TEST(Xen, EqualHogsOnOneProcessorShareItEqually) {
  TestHost host(xen(), {.cpus = 1});
  for (int i = 0; i < 4; ++i) host.start(host.hog());
  host.run_until(4s);
  for (std::uint32_t i = 0; i < 4; ++i) EXPECT_NEAR(to_seconds(host.platform->work(i)), 1, 0.02);
}

TEST(Xen, WeightsDivideTheProcessor) {
  // mcu_advance is 100/weight: 20 and 10 give 5 and 10, hence two slices to one.
  TestHost host(xen(), {.cpus = 1});
  host.start(host.hog(), 20);
  host.start(host.hog(), 10);
  host.run_until(6s);
  EXPECT_NEAR(to_seconds(host.platform->work(0)) / to_seconds(host.platform->work(1)), 2, 0.03);
}

TEST(Xen, TwoHogsChangeEvery5Milliseconds) {
  TestHost host(xen(), {.cpus = 1});
  host.start(host.hog());
  host.start(host.hog());
  host.run_until(1s);
  const double before = host.read().at("cpu0/schedule/switches");
  host.run_until(2s);
  // 200 slices and domain 0's visit every 20 ms; timers fire up to 50 us early.
  EXPECT_NEAR(host.read().at("cpu0/schedule/switches") - before, 250, 12);
}

TEST(Xen, TheTickReachesEveryDomainWhoseKernelMakesUpForTheTimeItMissed) {
  TestHost host(xen(), {.cpus = 1});
  for (int i = 0; i < 10; ++i) host.start(host.interactive(1ms, 90ms));
  host.run_until(2s);
  const Values values = host.read();
  EXPECT_NEAR(values.at("ticks"), 100, 1);
  for (int i = 1; i <= 10; ++i) {
    // Nine ticks of 10 ms and one more, seen at the next 20 ms event: 100 to 120 ms a round.
    const double wakes = values.at("dom" + std::to_string(i) + "/wakes");
    EXPECT_GE(wakes, 2000.0 / 20 * 0.9) << "an idle domain is woken by every tick";
    const double rounds = to_seconds(host.platform->work(static_cast<std::uint32_t>(i - 1))) / 0.001;
    EXPECT_GE(rounds, 2000.0 / 121);
    EXPECT_LE(rounds, 2000.0 / 99 + 1);
  }
}

TEST(Xen, AnIdleDomainCostsAHogTwoSwitchesEveryTick) {
  TestHost alone(xen(), {.cpus = 1}), beside(xen(), {.cpus = 1});
  alone.start(alone.hog());
  beside.start(beside.hog());
  beside.platform->start({}, {});
  alone.run_until(1s);
  beside.run_until(1s);
  // Domain 0 causes two, the second idle domain one more (they follow each other).
  EXPECT_NEAR(beside.read().at("cpu0/schedule/switches") - alone.read().at("cpu0/schedule/switches"), 50, 3);
}

TEST(Xen, WokenByTheTickADomainWaitsNoLongerThanTheAllowanceOfALoneHog) {
  TestHost host(xen(), {.cpus = 1});
  host.start(host.hog());
  host.platform->start({}, {});
  host.run_until(2s);
  EXPECT_LE(host.read().at("cpu0/wake_to_run/maximum"), 5100);
}

/// Everything that a run reports and records.
struct Outcome {
  Values values;
  std::vector<std::tuple<std::int64_t, std::uint32_t, std::uint32_t, int>> records;
  bool operator==(const Outcome&) const = default;
};

TEST(Xen, RunningAheadChangesNothing) {
  EXPECT_TRUE(rc::check([] {
    const auto cpus = *rc::gen::inRange<std::uint32_t>(1, 5);
    const auto domains = *rc::gen::container<std::vector<std::tuple<int, int, int>>>(
        rc::gen::tuple(rc::gen::inRange(10, 20'000), rc::gen::inRange(0, 30'000), rc::gen::inRange(1, 40)));
    const auto scheduler =
        *rc::gen::elementOf(std::vector<std::string>{"bvt-xen1", "bvt-xen2", "bvt", "credit", "credit2"});
    const auto outcome = [&](bool strict) {
      Records records;
      TestHost host({{"name", "xen"}, {"scheduler", scheduler}},
                    {.cpus = cpus, .strict = strict, .trace = &records});
      Time at{};
      for (const auto& [busy_us, rest_us, weight] : domains) {
        at += 1ms;
        host.calendar.run_before(at);
        host.start(rest_us == 0 ? host.hog()
                                : host.interactive(std::chrono::microseconds(busy_us),
                                                   std::chrono::microseconds(rest_us)),
                   weight);
      }
      host.run_until(300ms);
      Outcome result{host.read(), {}};
      for (const TraceRecord& r : records.all) {
        result.records.emplace_back(r.at.count(), r.cpu.value, r.vcpu.value, static_cast<int>(r.kind));
      }
      // Records come in order of time per processor; the interleaving of processors is free.
      std::stable_sort(result.records.begin(), result.records.end(),
                       [](const auto& x, const auto& y) { return std::get<1>(x) < std::get<1>(y); });
      return result;
    };
    RC_ASSERT(outcome(false) == outcome(true));
  }));
}

}  // namespace
}  // namespace xensim
