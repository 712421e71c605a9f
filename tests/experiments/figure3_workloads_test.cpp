/// The workloads of Figure 3 say what they have achieved, on any platform, and always the same.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "core/json.hpp"
#include "tests/experiments/metric.hpp"

namespace xensim {
namespace {

using testing::AllOf;
using testing::Ge;
using testing::Le;

const char* const native = R"({"name": "native", "smp": false})";
const char* const xen = R"({"name": "xen", "memory": "300 MiB"})";
const char* const build = R"({"name": "linux_build", "files": 8, "compiled": 2})";
const char* const retrieval = R"({"name": "osdb_ir", "users": 3, "run_in": "20 ms", "counted": "100 ms"})";
const char* const transactions =
    R"({"name": "osdb_oltp", "users": 3, "run_in": "20 ms", "counted": "100 ms"})";
const char* const suite = R"({"name": "spec_suite", "scale": 20000})";

RunResult run(const char* platform, const char* workload, const SimulationOptions& options = {},
              int milliseconds = 2000) {
  const Experiment experiment = interpret(Json::parse(fmt::format(
      R"({{"name": "figure3", "machine": {{"base": "dell2650", "cpus": 1}}, "platform": {},
           "domains": [{{"name": "guest", "count": 1, "workload": {}}}],
           "measure": {{"warm_up": "0 s", "duration": "{} ms"}}}})",
      platform, workload, milliseconds)));
  return simulate(experiment, options);
}

/// Two instances on one processor, measured from when the second one starts.
RunResult run_two(const char* platform, const char* workload, int milliseconds, int apart = 10) {
  const Experiment experiment = interpret(Json::parse(fmt::format(
      R"({{"name": "two", "machine": {{"base": "dell2650", "cpus": 1}}, "platform": {},
           "domains": [{{"name": "guest", "count": 2, "workload": {}}}], "operator":
           {{"interval": "{} ms", "jitter": "0 s"}},
           "measure": {{"warm_up": "0 s", "duration": "{} ms"}}}})",
      platform, workload, apart, milliseconds)));
  return simulate(experiment, {.explain = true});
}

class Figure3 : public testing::TestWithParam<const char*> {};

TEST_P(Figure3, ScoresTheSameStepByStepAndRunningAhead) {
  for (const char* platform : {native, xen}) {
    const double ahead = metric(run(platform, GetParam()), "guest/score");
    EXPECT_GT(ahead, 0);
    EXPECT_EQ(metric(run(platform, GetParam(), {.strict = true}), "guest/score"), ahead);
  }
}

INSTANTIATE_TEST_SUITE_P(AllWorkloads, Figure3, testing::Values(build, retrieval, transactions, suite));

TEST(SpecSuite, ScoresWhatTheTestbedDidLessTheTicks) {
  EXPECT_THAT(metric(run(native, suite), "guest/score"), AllOf(Ge(560.0), Le(567.0)));
}

TEST(LinuxBuild, TakesTwoThousandFaultsForTheCompilerAndSomeHundredForEachOtherProcess) {
  const RunResult result =
      run(native, R"({"name": "linux_build", "files": 8, "compiled": 8})", {.explain = true}, 5000);
  EXPECT_EQ(metric(result, "guest/compiled"), 8);
  EXPECT_THAT(metric(result, "guest/count/faults"), AllOf(Ge(2000.0), Le(4500.0)));
  EXPECT_THAT(metric(result, "guest/count/context_switches"), AllOf(Ge(75.0), Le(460.0)));
}

TEST(LinuxBuild, APartOfItIsScaledUpToTheWhole) {
  const auto score = [](int compiled) {
    const std::string part =
        fmt::format(R"({{"name": "linux_build", "files": 16, "compiled": {}}})", compiled);
    return metric(run(native, part.c_str(), {}, 10000), "guest/score");
  };
  EXPECT_NEAR(score(8) / score(16), 1, 0.02);
}

/// Each has its own result; that of all is the mean.
class SeveralInstances : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(SeveralInstances, HaveResultsOfTheirOwnAndTheirMean) {
  const auto [workload, result] = GetParam();
  for (const char* platform : {native, xen}) {
    const RunResult two = run_two(platform, workload, 4000);
    const double first = metric(two, fmt::format("guest/0/{}", result));
    const double second = metric(two, fmt::format("guest/1/{}", result));
    const double alone = metric(run(platform, workload), fmt::format("guest/{}", result));
    EXPECT_DOUBLE_EQ(metric(two, fmt::format("guest/{}", result)), (first + second) / 2);
    for (const double one : {first, second}) {
      const double slowdown = std::max(one / alone, alone / one);
      EXPECT_THAT(slowdown, AllOf(Ge(1.5), Le(2.2))) << platform << ": they share a processor";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Workloads, SeveralInstances,
    testing::Values(std::pair{R"({"name": "spec_suite", "scale": 5000})", "score"}, std::pair{build, "score"},
                    std::pair{R"({"name": "lmbench_null_call", "iterations": 1000000, "repetitions": 1})",
                              "latency"}));

TEST(SpecSuite, SeveralHaveNoMeanBeforeAllHaveFinished) {
  const RunResult one_done = run_two(native, suite, 30, 200);
  EXPECT_GT(metric(one_done, "guest/0/score"), 0);
  EXPECT_EQ(std::ranges::count(one_done.metrics, "guest/score", &Metric::name), 0);
}

TEST(LinuxBuild, IsExplainedWhereItIsAlone) {
  const auto counts = [](const RunResult& result) {
    return std::ranges::count(result.metrics, "guest/count/faults", &Metric::name);
  };
  EXPECT_EQ(counts(run(native, build, {.explain = true})), 1);
  EXPECT_EQ(counts(run_two(native, build, 4000)), 0) << "kernels count what both do";
}

TEST(Dbench, ClientsOfSeveralInstancesOnOneKernelDoNotMeet) {
  const RunResult two = run_two(native, R"({"name": "dbench", "version": "2.x", "flush": false})", 20000);
  EXPECT_EQ(metric(two, "guest/passes"), 2);
  EXPECT_EQ(metric(two, "guest/unexpected"), 0);
}

TEST(Osdb, ARetrievalIsSomeThirtySystemCallsTenSwitchesOrMoreAndTwoOrThreeBlocksRead) {
  const RunResult result =
      run(native, R"({"name": "osdb_ir", "run_in": "50 ms", "counted": "200 ms"})", {.explain = true}, 500);
  EXPECT_THAT(metric(result, "guest/count/system_calls"), AllOf(Ge(24.0), Le(60.0)));
  // Ten to be answered; a process that sleeps on a socket also wakes when its peer has read what it sent.
  EXPECT_THAT(metric(result, "guest/count/context_switches"), AllOf(Ge(9.5), Le(20.0)));
  EXPECT_THAT(metric(result, "guest/block_reads"), AllOf(Ge(1.5), Le(5.0)));
  EXPECT_EQ(metric(result, "guest/log_flushes"), 0) << "nothing is changed";
}

TEST(Osdb, IsExplainedWhereItIsAlone) {
  const RunResult two =
      run_two(native, R"({"name": "osdb_ir", "run_in": "50 ms", "counted": "200 ms"})", 2000);
  EXPECT_GT(metric(two, "guest/score"), 0);
  EXPECT_EQ(std::ranges::count(two.metrics, "guest/count/system_calls", &Metric::name), 0);
}

TEST(Osdb, ConcurrentTransactionsShareFlushesOfTheLog) {
  const auto flushes = [](int users) {
    const std::string workload =
        fmt::format(R"({{"name": "osdb_oltp", "users": {}, "run_in": "50 ms", "counted": "300 ms"}})", users);
    return metric(run(native, workload.c_str(), {}, 600), "guest/log_flushes");
  };
  EXPECT_NEAR(flushes(1), 1, 0.1) << "each commits for itself";
  EXPECT_LT(flushes(10), 0.9);
}

TEST(Osdb, WhoeverWaitsForTheLogCommitsWithTheHolder) {
  // All ten get on alike, though whoever wrote the log last is the next to want it again.
  const RunResult result =
      run(native, R"({"name": "osdb_oltp", "run_in": "50 ms", "counted": "1 s"})", {}, 1500);
  EXPECT_THAT(metric(result, "guest/log_flushes"), AllOf(Ge(0.1), Le(0.6)));
}

TEST(Osdb, NothingIsMetForTheFirstTimeWhileItCounts) {
  for (const char* platform : {native, xen}) {
    const RunResult result =
        run(platform, R"({"name": "osdb_oltp", "buffers": 3900, "run_in": "50 ms", "counted": "300 ms"})",
            {.explain = true}, 2000);
    EXPECT_LT(metric(result, "guest/block_reads"), 1.1 / 42) << platform << ": a new block for 42 rows";
    EXPECT_LT(metric(result, "guest/count/faults"), 0.1) << platform << ": of ten servers with 7,800 pages";
    EXPECT_GT(metric(result, "guest/score"), 0);
  }
}

TEST(Osdb, BuffersForTheWholeTableSaveReadsAndWrites) {
  const RunResult result = run(
      native, R"({"name": "osdb_oltp", "buffers": 3900, "run_in": "50 ms", "counted": "300 ms"})", {}, 1500);
  const RunResult usual =
      run(native, R"({"name": "osdb_oltp", "run_in": "50 ms", "counted": "300 ms"})", {}, 600);
  EXPECT_GT(metric(usual, "guest/block_writes"), 3);
  EXPECT_LT(metric(result, "guest/block_writes"), 0.1);
  EXPECT_GT(metric(result, "guest/score"), 1.5 * metric(usual, "guest/score"));
}

TEST(Osdb, SeveralDatabasesOnOneKernelScoreEachForItself) {
  const Experiment experiment = interpret(Json::parse(R"({
      "name": "figure5", "machine": "dell2650", "platform": "native",
      "domains": [{"name": "guest", "count": 2,
                   "workload": {"name": "osdb_ir", "users": 3, "run_in": "20 ms", "counted": "100 ms"}}],
      "measure": {"warm_up": "0 s", "duration": "500 ms"}})"));
  const RunResult result = simulate(experiment, {});
  const double first = metric(result, "guest/0/score"), second = metric(result, "guest/1/score");
  EXPECT_DOUBLE_EQ(metric(result, "guest/score"), first + second);
  EXPECT_NEAR(first / second, 1, 0.2);
}

TEST(Osdb, DatabasesInDomainsOnOneProcessorFetchTheirCodeAgainInEachSlice) {
  const auto rate = [](int domains) {
    const Experiment experiment = interpret(Json::parse(fmt::format(
        R"({{"name": "figure5", "machine": {{"base": "dell2650", "cpus": 1}}, "platform": "xen",
            "domains": [{{"name": "guest", "count": {}, "workload":
                          {{"name": "osdb_ir", "run_in": "200 ms", "counted": "5 s"}}}}],
            "measure": {{"warm_up": "0 s", "duration": "1200 ms"}}}})",
        domains)));
    return metric(simulate(experiment, {}), "guest/score");
  };
  const double of_two = rate(2) / rate(1);
  EXPECT_LT(of_two, 0.98);
  EXPECT_GT(of_two, 0.85) << "a slice lasts ten times as long";
}

TEST(Osdb, TheReportFactorOnlyDividesTheScore) {
  const auto score = [](int factor) {
    const std::string workload = fmt::format(
        R"({{"name": "osdb_ir", "run_in": "20 ms", "counted": "50 ms", "report_factor": {}}})", factor);
    return metric(run(native, workload.c_str(), {}, 300), "guest/score");
  };
  EXPECT_DOUBLE_EQ(score(1), 10 * score(10));
}

TEST(Osdb, ADriveThatDoesNotAcknowledgeFromItsCacheSlowsTransactions) {
  const char* const uncached = R"({"name": "native", "smp": false, "write_cache": false})";
  const double with = metric(run(native, transactions), "guest/score");
  EXPECT_LT(metric(run(uncached, transactions), "guest/score"), 0.5 * with);
}

}  // namespace
}  // namespace xensim
