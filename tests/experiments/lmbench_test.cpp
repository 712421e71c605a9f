/// Every lmbench workload on native Linux measures a time, and always the same.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/json.hpp"
#include "experiments/runner/simulation.hpp"

namespace xensim {
namespace {

RunResult measured(const std::string& workload, bool smp, const SimulationOptions& options) {
  const Experiment experiment = interpret(Json::parse(fmt::format(
      R"({{"name": "lmbench", "machine": "dell2650", "platform": {{"name": "native", "smp": {}}},
           "domains": [{{"name": "lmbench", "count": 1, "workload": {}}}],
           "measure": {{"warm_up": "0 s", "duration": "200 ms", "metrics": ["lmbench/latency"]}}}})",
      smp, workload)));
  return simulate(experiment, options);
}

std::string configured(const char* name, int iterations, const char* more = "") {
  return fmt::format(R"({{"name": "{}", "iterations": {}, "repetitions": 3{}}})", name, iterations, more);
}

class Lmbench : public testing::TestWithParam<std::string> {};

TEST_P(Lmbench, MeasuresTheSameTimeStepByStepAndRunningAhead) {
  for (const bool smp : {false, true}) {
    const RunResult ahead = measured(GetParam(), smp, {});
    ASSERT_EQ(ahead.metrics.size(), 1U) << "the measurement is over within the run";
    EXPECT_EQ(ahead.metrics[0].name, "lmbench/latency");
    EXPECT_GT(ahead.metrics[0].value, 0.3);
    const RunResult strict = measured(GetParam(), smp, {.strict = true});
    EXPECT_EQ(strict.metrics[0].value, ahead.metrics[0].value);
  }
}

INSTANTIATE_TEST_SUITE_P(
    AllOperations, Lmbench,
    testing::Values(
        configured("lmbench_null_call", 20), configured("lmbench_null_io", 20),
        configured("lmbench_stat", 20), configured("lmbench_open_close", 20),
        configured("lmbench_select_tcp", 20), configured("lmbench_signal_install", 20),
        configured("lmbench_signal_handle", 20), configured("lmbench_protection_fault", 20),
        configured("lmbench_fork", 5), configured("lmbench_exec", 5), configured("lmbench_shell", 3),
        configured("lmbench_context_switch", 20, R"(, "processes": 4, "array": "16 KiB", "interval": "0 s")"),
        configured("lmbench_mmap", 2), configured("lmbench_page_fault", 1), configured("lmbench_create", 50),
        configured("lmbench_delete", 50), configured("lmbench_pipe", 20), configured("lmbench_unix", 20),
        configured("lmbench_udp", 20), configured("lmbench_tcp", 20, R"(, "bytes": 100)"),
        configured("unixbench_pipe", 50), configured("unixbench_syscalls", 50),
        configured("unixbench_read", 50), configured("unixbench_write", 50)));

TEST(LmbenchColumns, AContextSwitchIsTimedInIntervalsThatAreLongEnough) {
  const auto runs = [](const char* interval, const char* duration) {
    const Experiment experiment = interpret(Json::parse(fmt::format(
        R"({{"name": "lmbench", "machine": "dell2650", "platform": {{"name": "native", "smp": false}},
             "domains": [{{"name": "lmbench", "count": 1,
                           "workload": {{"name": "lmbench_context_switch", "interval": "{}",
                                         "repetitions": 3}}}}],
             "measure": {{"warm_up": "0 s", "duration": "{}", "metrics": ["lmbench/latency"]}}}})",
        interval, duration)));
    return simulate(experiment, {}).metrics.size();
  };
  // Four intervals of at least 50 ms, and of little more, after four short ones without switches.
  EXPECT_EQ(runs("50 ms", "200 ms"), 0U) << "the measurement ends before the benchmark";
  EXPECT_EQ(runs("50 ms", "350 ms"), 1U);
  EXPECT_EQ(runs("20 ms", "200 ms"), 1U);
}

TEST(LmbenchColumns, ABenchmarkThatIsNotDoneIsNoErrorWhereNobodyAsksForItsResult) {
  const Experiment experiment = interpret(Json::parse(
      R"({"name": "lmbench", "machine": "dell2650", "platform": "native",
          "domains": [{"name": "lmbench", "count": 1, "workload": "lmbench_fork"}],
          "measure": {"warm_up": "0 s", "duration": "1 ms", "metrics": ["host0/"]}})"));
  EXPECT_NO_THROW((void)simulate(experiment, {}));
}

TEST(LmbenchColumns, WithAddressesInCachesTheSeedDecidesByThePlacesOfPages) {
  const auto latency = [](bool addresses, const SimulationOptions& options) {
    const Experiment experiment = interpret(Json::parse(fmt::format(
        R"({{"name": "lmbench", "machine": {{"base": "dell2650", "cache_addresses": {}}}, "platform": "xen",
             "domains": [{{"name": "lmbench", "count": 1,
                           "workload": {{"name": "lmbench_context_switch", "processes": 16,
                                         "array": "16 KiB", "iterations": 20, "repetitions": 3,
                                         "interval": "0 s"}}}}],
             "measure": {{"warm_up": "0 s", "duration": "1 s", "metrics": ["lmbench/latency"]}}}})",
        addresses)));
    return simulate(experiment, options).metrics.at(0).value;
  };
  const double one = latency(true, {.seed = 1});
  EXPECT_EQ(latency(true, {.seed = 1}), one);
  EXPECT_EQ(latency(true, {.seed = 1, .strict = true}), one);
  const double other = latency(true, {.seed = 2});
  EXPECT_NE(other, one);
  const double expected = latency(false, {.seed = 1});
  EXPECT_EQ(latency(false, {.seed = 2}), expected) << "footprints know no places";
  for (const double drawn : {one, other}) {
    EXPECT_GT(drawn, expected / 3);
    EXPECT_LT(drawn, expected * 3);
  }
}

TEST(LmbenchColumns, ANullCallTakesTheSameCyclesAtAnyClock) {
  const auto cycles = [](int tenths_of_gigahertz) {
    const Experiment experiment = interpret(Json::parse(fmt::format(
        R"({{"name": "lmbench", "machine": {{"base": "dell2650", "clock": "{} MHz"}}, "platform": "native",
             "domains": [{{"name": "lmbench", "count": 1, "workload": {}}}],
             "measure": {{"warm_up": "0 s", "duration": "200 ms", "metrics": ["lmbench/latency"]}}}})",
        tenths_of_gigahertz * 100, configured("lmbench_null_call", 50))));
    return simulate(experiment, {}).metrics.at(0).value * tenths_of_gigahertz * 100;
  };
  const double at_2400_mhz = cycles(24);
  for (const int clock : {10, 18, 20, 25, 30, 40}) EXPECT_NEAR(cycles(clock), at_2400_mhz, 0.5) << clock;
}

TEST(LmbenchColumns, AMessageTakesLongerTheMoreLayersItGoesThrough) {
  const auto latency = [](const char* channel) {
    return measured(configured(channel, 20), false, {}).metrics.at(0).value;
  };
  EXPECT_LT(2 * measured(configured("lmbench_context_switch", 20, R"(, "interval": "0 s")"), false, {})
                    .metrics.at(0)
                    .value,
            latency("lmbench_pipe"));
  EXPECT_LT(latency("lmbench_pipe"), latency("lmbench_unix"));
  EXPECT_LT(latency("lmbench_unix"), latency("lmbench_udp"));
  EXPECT_LT(latency("lmbench_udp"), latency("lmbench_tcp"));
}

TEST(LmbenchColumns, OneOperationAfterAnotherHasTheOrderOfThePapersColumns) {
  const auto latency = [](const std::string& workload) {
    return measured(workload, false, {}).metrics.at(0).value;
  };
  const double null_call = latency(configured("lmbench_null_call", 50));
  const double stat = latency(configured("lmbench_stat", 50));
  const double fork = latency(configured("lmbench_fork", 5)), exec = latency(configured("lmbench_exec", 5));
  EXPECT_NEAR(null_call, 0.45, 0.01) << "to which the price of the gate was fixed";
  EXPECT_LT(null_call, stat);
  EXPECT_LT(stat * 5, fork);
  EXPECT_LT(fork * 3, exec);
  EXPECT_LT(exec * 3, latency(configured("lmbench_shell", 5)));
}

TEST(LmbenchColumns, ArraysThatDoNotFitTheL2CostMemoryBandwidth) {
  const auto latency = [](int processes, const char* array) {
    const std::string more =
        fmt::format(R"(, "processes": {}, "array": "{}", "interval": "0 s")", processes, array);
    return measured(configured("lmbench_context_switch", 20, more.c_str()), false, {}).metrics.at(0).value;
  };
  const double fits = latency(2, "64 KiB"), just = latency(8, "64 KiB"), exceeds = latency(16, "64 KiB");
  EXPECT_LT(fits, 3);
  EXPECT_GT(just, 10 * fits);
  EXPECT_LT(just, exceeds);
  EXPECT_LT(exceeds, 64 * 1024 / 1400.0) << "64 KB at 1.4 GB/s";
}

TEST(LmbenchColumns, AFaultsOwnGateIsPartOfAProtectionFault) {
  const double fault = measured(configured("lmbench_protection_fault", 50), false, {}).metrics.at(0).value;
  EXPECT_GT(fault, (500 + 600) / 2400.0) << "entry and return without what the kernel does";
}

}  // namespace
}  // namespace xensim
