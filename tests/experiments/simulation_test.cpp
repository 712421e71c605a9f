#include "experiments/runner/simulation.hpp"

#include <gtest/gtest.h>

#include <map>
#include <numeric>
#include <string>

#include "core/json.hpp"
#include "tests/experiments/metric.hpp"

namespace xensim {
namespace {

Json experiment(const char* platform = "xen") {
  return {{"name", "test"},
          {"machine", "dell2650"},
          {"platform", platform},
          {"domains",
           {{{"name", "spec"}, {"count", 3}, {"workload", "spec_cint2000"}},
            {{"name", "sleepy"},
             {"count", 2},
             {"workload", {{"name", "cpu_hog"}, {"burst", "3 ms"}, {"rest", "20 ms"}}}}}},
          {"operator", {{"interval", "10 ms"}, {"jitter", "15 ms"}}},
          {"measure", {{"warm_up", "100 ms"}, {"duration", "1 s"}}}};
}

/// Every metric's name and bits.
std::vector<std::pair<std::string, double>> values(const RunResult& result) {
  std::vector<std::pair<std::string, double>> all;
  for (const Metric& metric : result.metrics) all.emplace_back(metric.name, metric.value);
  return all;
}

class EveryPlatform : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Platforms, EveryPlatform, testing::Values("xen", "native"));

TEST_P(EveryPlatform, GivesTheSameBitsTheTwentiethTimeInAProcess) {
  const Experiment once = interpret(experiment(GetParam()));
  const auto first = values(simulate(once, {.seed = 5}));
  for (int i = 2; i < 20; ++i) (void)simulate(once, {.seed = static_cast<std::uint64_t>(i) + 5});
  EXPECT_EQ(values(simulate(once, {.seed = 5})), first);
}

TEST_P(EveryPlatform, GivesTheSameBitsStrictlyAndAudited) {
  const Experiment once = interpret(experiment(GetParam()));
  const auto ahead = values(simulate(once));
  EXPECT_EQ(values(simulate(once, {.strict = true})), ahead);
  EXPECT_EQ(values(simulate(once, {.audit = true})), ahead);
}

TEST_P(EveryPlatform, DependsOnTheSeed) {
  const Experiment once = interpret(experiment(GetParam()));
  EXPECT_NE(values(simulate(once, {.seed = 1})), values(simulate(once, {.seed = 2})));
}

TEST_P(EveryPlatform, AddsTheThroughputOfTheTemplatesUp) {
  const RunResult result = simulate(interpret(experiment(GetParam())));
  EXPECT_NEAR(metric(result, "throughput"),
              metric(result, "spec/throughput") + metric(result, "sleepy/throughput"), 1e-12);
  EXPECT_LT(metric(result, "throughput"), 2);
  EXPECT_GT(metric(result, "spec/throughput"), 1.5);
}

/// Domains with memory, disks and interfaces move between processors.
TEST(Simulation, MovingDomainsPassTheAudit) {
  const Json document{
      {"name", "test"},
      {"machine", "dell2650"},
      {"platform",
       {{"name", "xen"},
        {"scheduler", "credit2"},
        {"memory", "16 MiB"},
        {"swap", "16 MiB"},
        {"file_system", "16 MiB"}}},
      {"domains",
       {{{"name", "hog"}, {"count", 1}, {"workload", "cpu_hog"}},
        {{"name", "disk"}, {"count", 1}, {"workload", "small_files"}},
        {{"name", "other"}, {"count", 1}, {"workload", "cpu_hog"}},
        {{"name", "net"}, {"count", 1}, {"workload", {{"name", "ttcp"}, {"repeat", true}}}}}},
      {"clients",
       {{{"name", "sink"}, {"count", 1}, {"behaviour", {{"name", "ttcp_peer"}, {"role", "sink"}}}}}},
      {"measure", {{"warm_up", "10 ms"}, {"duration", "20 ms"}}}};
  const Experiment once = interpret(document);
  const RunResult audited = simulate(once, {.audit = true});
  EXPECT_GT(metric(audited, "host0/cpu0/schedule/migrations"), 0);
  EXPECT_EQ(values(simulate(once, {.strict = true})), values(audited));
}

TEST(Simulation, SamplesTheThroughputWhereAsked) {
  Json document = experiment();
  document["measure"]["sample"] = "100 ms";
  const RunResult result = simulate(interpret(document));
  ASSERT_EQ(result.series.size(), 1U);
  const TimeSeries& series = result.series.front();
  EXPECT_EQ(series.name, "throughput");
  EXPECT_EQ(series.unit, "s/s");
  ASSERT_EQ(series.samples.size(), 10U);
  EXPECT_EQ(series.samples.front().at, Time{100ms});
  const double sum = std::accumulate(series.samples.begin(), series.samples.end(), 0.0,
                                     [](double s, const TimeSeries::Sample& x) { return s + x.value; });
  EXPECT_NEAR(sum / 10, metric(result, "throughput"), 1e-9);
}

TEST(Simulation, SamplesWhatSingleDomainsDidWhereAsked) {
  Json document = experiment();
  document["measure"]["sample"] = "100 ms";
  document["measure"]["series"] = {"throughput", "sleepy/"};
  const RunResult result = simulate(interpret(document));
  std::map<std::string, double> sums;
  for (const TimeSeries& series : result.series) {
    if (series.name.find("/elapsed/") != std::string::npos) continue;
    ASSERT_EQ(series.samples.size(), 10U) << series.name;
    for (const TimeSeries::Sample& sample : series.samples) sums[series.name] += sample.value / 10;
  }
  ASSERT_EQ(sums.size(), 4U);
  for (const char* name : {"throughput", "sleepy/throughput", "sleepy/0/work_rate", "sleepy/1/work_rate"}) {
    EXPECT_NEAR(sums[name], metric(result, name), 1e-9) << name;
  }
}

TEST(Simulation, TheCourseOfACounterAddsUpToTheMetricAndChangesNothing) {
  Json document = experiment();
  const RunResult whole = simulate(interpret(document));
  document["measure"]["sample"] = "100 ms";
  document["measure"]["series"] = Json::array();
  const RunResult result = simulate(interpret(document));
  EXPECT_EQ(values(result), values(whole));
  std::size_t counters = 0;
  for (const TimeSeries& series : result.series) {
    ASSERT_EQ(series.samples.size(), 10U) << series.name;
    if (!series.unit.ends_with("/s") || series.name.ends_with("throughput")) continue;
    if (series.name.ends_with("work_rate")) continue;
    double sum = 0;
    for (const TimeSeries::Sample& sample : series.samples) sum += sample.value / 10;
    EXPECT_NEAR(sum, metric(result, series.name), 1e-9 * std::max(1.0, sum)) << series.name;
    ++counters;
  }
  EXPECT_GT(counters, 20U);
}

TEST(Simulation, InEachIntervalThePartsOfADomainsTimeAddUpToIt) {
  Json document = experiment();
  document["measure"]["sample"] = "10 ms";
  document["measure"]["series"] = {"sleepy/elapsed/"};
  const RunResult result = simulate(interpret(document));
  std::map<Time, double> sums;
  double asleep = 0;
  for (const TimeSeries& series : result.series) {
    for (const TimeSeries::Sample& sample : series.samples) {
      EXPECT_GE(sample.value, 0) << series.name;
      sums[sample.at] += sample.value;
      if (series.name == "sleepy/elapsed/timer") asleep += sample.value;
    }
  }
  ASSERT_EQ(sums.size(), 100U);
  for (const auto& [at, sum] : sums) EXPECT_NEAR(sum, 2, 1e-9) << "two instances at " << to_seconds(at);
  EXPECT_NEAR(asleep / 100, metric(result, "sleepy/elapsed/timer"), 1e-9);
}

TEST(Simulation, KeepsOnlyTheMetricsAskedFor) {
  Json document = experiment();
  document["measure"]["metrics"] = {"throughput", "host0/cpu1/time"};
  const RunResult result = simulate(interpret(document));
  ASSERT_EQ(result.metrics.size(), 8U) << "throughput and where the time of one processor went";
  EXPECT_EQ(result.metrics[0].name, "throughput");
  for (std::size_t i = 1; i < 6; ++i) EXPECT_TRUE(result.metrics[i].name.starts_with("host0/cpu1/time/"));
}

TEST(Simulation, RunsWithoutAnyInstance) {
  Json document = experiment();
  document["domains"] = Json::array();
  EXPECT_EQ(metric(simulate(interpret(document)), "throughput"), 0);
}

}  // namespace
}  // namespace xensim
