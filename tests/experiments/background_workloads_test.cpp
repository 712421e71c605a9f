/// Systems that keep processes of their own beside what they are there for.
#include <gtest/gtest.h>

#include "core/json.hpp"
#include "experiments/runner/experiment.hpp"
#include "tests/experiments/metric.hpp"

namespace xensim {
namespace {

RunResult run(Json workload, const char* duration) {
  const Json platform{{"name", "native"}, {"smp", false}};
  Json domain{{"name", "guest"}, {"workload", std::move(workload)}};
  return simulate(interpret({{"name", "test"},
                             {"platform", platform},
                             {"domains", Json::array({std::move(domain)})},
                             {"measure", {{"warm_up", "0 s"}, {"duration", duration}}}}));
}
Json booted(bool boots, int daemons) {
  return {{"name", "booted"}, {"workloads", {"cpu_hog"}}, {"boots", boots}, {"daemons", daemons}};
}

TEST(Booted, ItsProgramsBeginWhenTheSystemIsUp) {
  EXPECT_GT(metric(run(booted(false, 0), "5 s"), "throughput"), 0.8);
  const double booting = metric(run(booted(true, 0), "5 s"), "throughput");
  EXPECT_GT(booting, 0.1) << "the kernel's own start takes half a second";
  EXPECT_LT(booting, 0.7) << "init waits for a file 300 times";
}

TEST(Booted, DaemonsWakeNowAndThen) {
  const double alone = metric(run(booted(false, 0), "20 s"), "host0/process_switches");
  const double kept = metric(run(booted(false, 50), "20 s"), "host0/process_switches");
  EXPECT_NEAR(kept - alone, 50 * 4 * 2, 100) << "every five seconds on average; to each and back";
}

TEST(Daemons, KeepTheMemoryThatTheyHaveWritten) {
  const auto free = [](const char* heap) {
    return metric(run({{"name", "daemons"}, {"processes", 10}, {"heap", heap}}, "3 s"), "host0/memory/free");
  };
  EXPECT_EQ(free("40 KiB") - free("440 KiB"), 10 * 100) << "pages";
}

}  // namespace
}  // namespace xensim
