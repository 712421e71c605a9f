/// What an operation does, counted: held against what is known of Linux 2.4 on a uniprocessor.
#include "experiments/runner/explanation.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "core/json.hpp"
#include "experiments/runner/simulation.hpp"

namespace xensim {
namespace {

using testing::HasSubstr;
using testing::Not;
using Counts = std::map<std::string, double>;

RunResult run_on(const std::string& platform, const std::string& workload, bool explain) {
  const Experiment experiment = interpret(Json::parse(fmt::format(
      R"({{"name": "counted", "machine": "dell2650", "platform": {},
           "domains": [{{"name": "lmbench", "count": 1, "workload": {}}}],
           "measure": {{"warm_up": "0 s", "duration": "300 ms", "metrics": ["lmbench/latency"]}}}})",
      platform, workload)));
  return simulate(experiment, {.explain = explain});
}
RunResult result_of(const std::string& workload, bool smp, bool explain) {
  return run_on(fmt::format(R"({{"name": "native", "smp": {}}})", smp), workload, explain);
}

/// Those that are not 0.
Counts counts_in(const RunResult& result) {
  Counts counts;
  for (const Metric& metric : result.metrics) {
    constexpr std::string_view prefix = "lmbench/count/";
    if (metric.name.starts_with(prefix) && metric.value > 0)
      counts[metric.name.substr(prefix.size())] = metric.value;
  }
  return counts;
}
Counts counts_of(const std::string& workload, bool smp = false) {
  return counts_in(result_of(workload, smp, true));
}

std::string few(const char* name, const char* more = "") {
  return fmt::format(R"({{"name": "lmbench_{}", "iterations": 20, "repetitions": 3{}}})", name, more);
}

constexpr const char* no_interval = R"(, "interval": "0 s")";

TEST(Explanation, OfSimpleCallsIsTheirTrapsAlone) {
  EXPECT_EQ(counts_of(few("null_call")), (Counts{{"system_calls", 1}}));
  EXPECT_EQ(counts_of(few("null_io")), (Counts{{"system_calls", 1}}));
  EXPECT_EQ(counts_of(few("stat")), (Counts{{"system_calls", 1}}));
  EXPECT_EQ(counts_of(few("open_close")), (Counts{{"system_calls", 2}}));
  EXPECT_EQ(counts_of(few("select_tcp")), (Counts{{"system_calls", 1}}));
  EXPECT_EQ(counts_of(few("signal_handle")), (Counts{{"system_calls", 2}}));
}

TEST(Explanation, OfAMessageThereAndBackIsTwoSwitchesAndFourCalls) {
  for (const char* channel : {"pipe", "unix", "udp", "tcp"}) {
    const Counts counts = counts_of(few(channel));
    EXPECT_EQ(counts.at("system_calls"), 4) << channel;
    EXPECT_EQ(counts.at("context_switches"), 2) << channel;
  }
}

TEST(Explanation, OfAFaultThatIsCaughtIsTheFaultAndTheReturnFromItsHandler) {
  const Counts counts = counts_of(few("protection_fault"));
  EXPECT_EQ(counts.at("faults"), 1);
  EXPECT_EQ(counts.at("system_calls"), 1);
  EXPECT_FALSE(counts.contains("entries_written"));
}

TEST(Explanation, OfMappingAFileIsTwoCallsAndTheEntriesOfWhatIsTouched) {
  const Counts counts = counts_of(few("mmap"));
  EXPECT_EQ(counts.at("system_calls"), 2);
  EXPECT_EQ(counts.at("faults"), 52);
  EXPECT_NEAR(counts.at("entries_written"), 104, 4) << "52 installed and taken away, and directory entries";
  EXPECT_FALSE(counts.contains("pages_copied"));
}

TEST(Explanation, OfAPageFaultCountsMappingAndUnmappingToo) {
  const Counts counts = counts_of(R"({"name": "lmbench_page_fault", "iterations": 2, "repetitions": 2})");
  EXPECT_EQ(counts.at("faults"), 1);
  EXPECT_NEAR(counts.at("entries_written"), 2, 0.01);
  EXPECT_NEAR(counts.at("system_calls"), 2.0 / 2048, 1e-9);
}

TEST(Explanation, OfAHopBetweenProcessesIsTwoCallsAndOneLoadOfThePageTableBase) {
  const Counts counts = counts_of(few("context_switch", no_interval));
  EXPECT_NEAR(counts.at("system_calls"), 2, 0.1);
  EXPECT_NEAR(counts.at("context_switches"), 1, 0.1);
  EXPECT_NEAR(counts.at("address_space_loads"), 1, 0.1);
  EXPECT_FALSE(counts.contains("faults"));
  EXPECT_GE(counts.at("tlb_walks"), 8) << "the pages of program, library and stack, found again";
}

TEST(Explanation, OfAHopUnderTheMonitorHasTheKernelsPagesFoundAgain) {
  const std::string hop = few("context_switch", no_interval);
  const double natively = counts_of(hop).at("tlb_walks");
  const double under_monitor = counts_in(run_on(R"("xen")", hop, true)).at("tlb_walks");
  // Code of seven source files and of the port, data of six of them, the port's four pages, the process's
  // object and its memory's; task and stack of who runs and of who is woken, who is also who was left; the
  // rings of two pipes, and the pages of their dentries and inodes.
  EXPECT_NEAR(under_monitor - natively, 8 + 6 + 4 + 2 + 2 * 2 + 2 + 2, 0.5);
}

TEST(Explanation, OfForkCountsWhatParentAndChildDo) {
  const Counts counts = counts_of(few("fork"));
  EXPECT_EQ(counts.at("system_calls"), 3) << "fork, wait and exit";
  EXPECT_EQ(counts.at("context_switches"), 2);
  EXPECT_GE(counts.at("faults"), 6);
  EXPECT_LE(counts.at("faults"), 9);
  EXPECT_GT(counts.at("pages_copied"), 3);
}

TEST(Explanation, OfAnSmpKernelCountsLocksAndInterruptsBetweenProcessors) {
  EXPECT_GE(counts_of(few("null_io"), true).at("locked_operations"), 4);
  EXPECT_GT(counts_of(few("context_switch", no_interval), true).at("interrupts_sent"), 0);
  EXPECT_FALSE(counts_of(few("context_switch", no_interval)).contains("interrupts_sent"));
}

TEST(Explanation, IsReportedOnlyWhenAskedForAndChangesNoTime) {
  for (const std::string& workload :
       {few("fork"), few("context_switch", no_interval), few("signal_handle")}) {
    const RunResult plain = result_of(workload, true, false), explained = result_of(workload, true, true);
    ASSERT_EQ(plain.metrics.size(), 1U);
    EXPECT_EQ(plain.metrics[0].name, "lmbench/latency");
    EXPECT_EQ(explained.metrics[0].value, plain.metrics[0].value);
    EXPECT_GT(explained.metrics.size(), plain.metrics.size());
  }
}

TEST(Explanation, IsWrittenOnceForAllRunsOfATitle) {
  std::vector<xensim::Run> runs(3);
  runs[0].point = runs[2].point = {{"platform", "L-UP"}};
  runs[1].point = {{"platform", "L-SMP"}};
  const std::vector<RunResult> results{
      {.metrics = {{"a/latency", "us", 9}, {"a/count/faults", "per operation", 1}}, .series = {}},
      {.metrics = {{"a/count/faults", "per operation", 4}, {"a/count/pins", "per operation", 0}},
       .series = {}},
      {.metrics = {{"a/count/faults", "per operation", 2}}, .series = {}}};
  const std::string text = explanation(runs, results, describe_point);
  EXPECT_THAT(text, HasSubstr("platform=L-UP\n  faults                       1.5\nplatform=L-SMP\n"));
  EXPECT_THAT(text, Not(HasSubstr("pins")));
  EXPECT_THAT(text, Not(HasSubstr("latency")));
  EXPECT_EQ(explanation({}, {}, describe_point), "no workload here counts its operations\n");
}

}  // namespace
}  // namespace xensim
