/// Victims beside aggressors: what is lost is accounted for, and hostile neighbours pay for themselves.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "results/attribution.hpp"
#include "tests/experiments/metric.hpp"

namespace xensim {
namespace {

const std::string xen = R"({"name": "xen", "memory": "240 MiB", "swap": "64 MiB"})";
const std::string native = R"({"name": "native", "swap": "64 MiB"})";

RunResult run(const std::string& platform, const std::string& domains, const std::string& duration = "1 s",
              const std::string& others = "", const std::string& warm_up = "300 ms") {
  const Experiment experiment = interpret(Json::parse(fmt::format(
      R"({{"name": "isolation", "machine": {{"base": "dell2650", "cpus": 1, "memory": "560 MiB"}},
           "platform": {}, "domains": [{}], "operator": {{"jitter": "0 s"}}{},
           "measure": {{"warm_up": "{}", "duration": "{}"}}}})",
      platform, domains, others, warm_up, duration)));
  return simulate(experiment, {.audit = false});
}
std::string domain(const std::string& name, const std::string& workload) {
  return fmt::format(R"({{"name": "{}", "count": 1, "workload": {}}})", name, workload);
}
double part(const Attribution& attribution, const std::string& name) {
  for (const Attribution::Part& found : attribution.parts) {
    if (found.name == name) return found.share;
  }
  ADD_FAILURE() << "no part " << name;
  return 0;
}

const std::string database = domain("victim", R"({"name": "osdb_ir", "counted": "60 s"})");
const std::string files = domain("victim", R"({"name": "small_files", "directories": 2, "files": 500})");

struct Case {
  const char* name;
  std::string platform, victim, score, aggressor;
};
class Losses : public testing::TestWithParam<Case> {};

TEST_P(Losses, AddUpToTheWholeWithinAHundredth) {
  const Case& its = GetParam();
  const RunResult alone = run(its.platform, its.victim);
  const RunResult beside = run(its.platform, its.victim + ", " + its.aggressor);
  const Attribution loss = attribute(alone, beside, "victim", its.score);
  EXPECT_GT(loss.loss, 0.02) << describe(loss);
  EXPECT_LT(std::abs(loss.unexplained()), 0.01 * loss.loss) << describe(loss);
}

TEST(Bombs, BeginInTheOrderThatTheyAreGiven) {
  const auto touched = [](const char* bombs) {
    return metric(run(native, domain("bombs", fmt::format(R"({{"name": "mix", "workloads": [{}]}})", bombs))),
                  "bombs/memory_bomb/touched");
  };
  const double together = touched(R"("fork_bomb", "memory_bomb")");
  EXPECT_GT(touched(R"({"name": "fork_bomb", "delay": "10 s"}, "memory_bomb")"), 2 * together);
  EXPECT_EQ(touched(R"("fork_bomb", {"name": "memory_bomb", "delay": "10 s"})"), 0);
}

const std::string hog = domain("hog", R"("cpu_hog")");
const std::string bombs = domain("bombs", R"({"name": "mix", "workloads": ["fork_bomb", "memory_bomb"]})");
const std::string writer = domain("writer", R"({"name": "dd", "rounds": 0, "count": 512, "sync": true})");
INSTANTIATE_TEST_SUITE_P(
    Isolation, Losses,
    testing::Values(Case{"ADatabaseBesideAHogOnXen", xen, database, "victim/completed", hog},
                    Case{"ADatabaseBesideAHogNatively", native, database, "victim/completed", hog},
                    Case{"ADatabaseBesideBombsOnXen", xen, database, "victim/completed", bombs},
                    Case{"ADatabaseBesideBombsNatively", native, database, "victim/completed", bombs},
                    Case{"FilesBesideAWriterOnXen", xen, files, "victim/created", writer},
                    Case{"FilesBesideAWriterNatively", native, files, "victim/created", writer}),
    [](const auto& its) { return std::string(its.param.name); });

TEST(Isolation, NoPartOfAMeasurementIsNegativeAndTheyAddUpToIt) {
  const std::string others = domain("others", R"({"name": "mix", "workloads": ["udp_ping",
      {"name": "dd", "rounds": 0, "count": 512, "sync": true}]})");
  for (const std::string& platform : {xen, native}) {
    for (const char* warm_up : {"300 ms", "303 ms"}) {
      const RunResult result = run(platform, files + ", " + others, "100 ms", "", warm_up);
      double elapsed = 0;
      for (const Metric& found : result.metrics) {
        const bool whole = found.name.starts_with("victim/elapsed/");
        if (whole) elapsed += found.value;
        if (whole || found.name.find("/life/") != std::string::npos ||
            found.name.find("/elapsed/") != std::string::npos) {
          EXPECT_GE(found.value, 0) << platform << ' ' << warm_up << ' ' << found.name;
        }
      }
      EXPECT_NEAR(elapsed, 0.1, 1e-9) << platform << ' ' << warm_up;
    }
  }
}

TEST(Isolation, BesideAHogADatabaseWaitsForTheProcessorWhicheverKernelOrMonitorHasTheQueue) {
  for (const auto& [platform, queue] : {std::pair{xen, "stolen"}, std::pair{native, "runnable"}}) {
    const Attribution loss = attribute(run(platform, database), run(platform, database + ", " + hog),
                                       "victim", "victim/completed");
    EXPECT_GT(part(loss, queue), 0.7 * loss.loss) << describe(loss);
  }
}

TEST(Isolation, ARingOfNonsenseIsRefusedAndItsDomainPaysForThat) {
  const std::string probe = domain("victim", R"("cpu_hog")"), abuser = domain("abuser", R"("ring_abuser")");
  const RunResult beside = run(xen, probe + ", " + abuser), besides_hog = run(xen, probe + ", " + hog);
  const double made = metric(beside, "abuser/made_up");
  EXPECT_GT(made, 1000);
  EXPECT_NEAR(metric(beside, "host0/block/refused"), made, 200);
  EXPECT_EQ(metric(beside, "host0/disk0/reads"), 0);
  EXPECT_GT(metric(beside, "abuser/elapsed/monitor"), 0.05);
  // A victim that computes has what it has beside a hog, to a hundredth.
  EXPECT_NEAR(metric(beside, "victim/throughput") / metric(besides_hog, "victim/throughput"), 1, 0.01);
  EXPECT_LT(metric(beside, "victim/elapsed/monitor"), 0.01);
}

TEST(Isolation, ThereIsNoRingToMisuseNatively) {
  const RunResult alone = run(native, domain("abuser", R"("ring_abuser")"), "100 ms");
  EXPECT_EQ(metric(alone, "abuser/made_up"), 0);
}

const std::string outside =
    R"(, "clients": [{"name": "sink", "count": 1, "behaviour": {"name": "ttcp_peer", "role": "sink"}},
         {"name": "flood", "count": 1, "behaviour": {"name": "udp_flood", "instance": 1, "rate": 5000}}])";

TEST(Isolation, ASenderSendsThousandsOfPacketsASecond) {
  const std::string sender = domain("sender", R"("packet_sender")");
  for (const std::string& platform : {xen, native}) {
    const RunResult alone = run(platform, sender, "300 ms", outside);
    EXPECT_GT(metric(alone, "sender/packets_sent"), 5000) << platform;
    EXPECT_EQ(metric(alone, "flood/flood_sent"), 0) << "there is no second instance";
  }
}

TEST(Isolation, AFloodComesAtItsRateAndItsTargetPaysOnXen) {
  const std::string two = domain("first", R"("udp_ping")") + ", " + domain("second", R"("udp_ping")");
  const RunResult flooded = run(xen, two, "300 ms", outside);
  EXPECT_NEAR(metric(flooded, "flood/flood_sent"), 1500, 5);
  EXPECT_GT(metric(flooded, "host0/dom2/cpu_time"), 5 * metric(flooded, "host0/dom1/cpu_time"));
}

TEST(Isolation, AMixTakesWorkloadsWithTheirParameters) {
  const RunResult result =
      run(native, domain("both", R"({"name": "mix", "workloads": [{"name": "dd", "count": 7}, "cpu_hog"]})"));
  EXPECT_EQ(metric(result, "both/dd/rounds"), 1);
  EXPECT_GT(metric(result, "both/throughput"), 0.9);
  EXPECT_THROW(
      (void)run(native, domain("both", R"({"name": "mix", "workloads": [{"name": "dd", "cuont": 7}]})")),
      InputError);
}

TEST(Isolation, WhatAWorkloadCountsIsOfTheMeasurementOnly) {
  const RunResult one = run(native, database, "1 s"), two = run(native, database, "2 s");
  EXPECT_NEAR(metric(two, "victim/completed") / metric(one, "victim/completed"), 2, 0.05);
}

}  // namespace
}  // namespace xensim
