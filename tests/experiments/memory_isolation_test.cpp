/// What a fork bomb and a memory bomb do to their neighbour under one kernel.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "core/json.hpp"
#include "tests/experiments/metric.hpp"

namespace xensim {
namespace {

/// A small machine, so that the bombs go off soon.
RunResult run_on(const std::string& machine_and_platform, const std::string& others,
                 const SimulationOptions& options, int milliseconds) {
  const Experiment experiment = interpret(Json::parse(fmt::format(
      R"({{"name": "victim", {},
           "domains": [{{"name": "victim", "count": 1, "workload": "memory_probe"}}{}],
           "measure": {{"warm_up": "0 s", "duration": "{} ms"}}}})",
      machine_and_platform, others, milliseconds)));
  return simulate(experiment, options);
}
RunResult beside(const std::string& others, const SimulationOptions& options = {}, int milliseconds = 4000) {
  return run_on(R"("machine": {"base": "dell2650", "memory": "32 MiB"},
                   "platform": {"name": "native", "swap": "64 MiB"})",
                others, options, milliseconds);
}
/// Each in a domain of its own.
RunResult in_domains(const std::string& others) {
  return run_on(R"("machine": {"base": "dell2650", "memory": "128 MiB"},
                   "platform": {"name": "xen", "memory": "32 MiB", "swap": "64 MiB"})",
                others, {}, 2000);
}
const std::string memory_bomb =
    R"(, {"name": "bomb", "count": 1, "workload": {"name": "memory_bomb", "size": "64 MiB", "chunk": "64 KiB"}})";
const std::string greedy_bomb =
    R"(, {"name": "bomb", "count": 1, "workload": {"name": "memory_bomb", "size": "1 GiB", "chunk": "64 KiB"}})";
const std::string fork_bomb = R"(, {"name": "forks", "count": 1, "workload": "fork_bomb"})";

TEST(MemoryIsolation, AMemoryBombSlowsItsNeighboursForksTwentyfoldAndFaultsFivefoldBySwapping) {
  const RunResult alone = beside(""), bombed = beside(memory_bomb);
  EXPECT_EQ(metric(alone, "host0/memory/swapped_out"), 0);
  EXPECT_GT(metric(bombed, "host0/memory/swapped_out"), 1000);
  EXPECT_GT(metric(bombed, "host0/memory/page_waits"), 0);
  EXPECT_GT(metric(bombed, "victim/fork/mean"), 20 * metric(alone, "victim/fork/mean"));
  EXPECT_GT(metric(bombed, "victim/fault/mean"), 5 * metric(alone, "victim/fault/mean"));
}

TEST(MemoryIsolation, AForkBombStopsAtHalfOfTheProcessesThatMemoryAllows) {
  const RunResult bombed = beside(fork_bomb);
  EXPECT_LE(metric(bombed, "host0/processes"), 8192 / 16 / 2 + 2);
  EXPECT_GT(metric(bombed, "host0/processes"), 200);
  EXPECT_LT(metric(bombed, "victim/fork/samples"), metric(beside(""), "victim/fork/samples") / 10);
}

TEST(MemoryIsolation, WhoAsksForMoreThanMemoryAndSwapIsRefusedOrKilledAndTheRestLivesOn) {
  const RunResult bombed = beside(greedy_bomb, {}, 4000);
  EXPECT_GT(metric(bombed, "bomb/rounds") + metric(bombed, "bomb/restarts"), 0);
  EXPECT_GT(metric(bombed, "victim/fork/samples"), 0);
}

TEST(MemoryIsolation, BombsThatFitAreStartedOnceEachAndNeverAgain) {
  const RunResult harmless = beside(
      R"(, {"name": "bomb", "count": 3, "workload": {"name": "memory_bomb", "size": "1 MiB"}})", {}, 500);
  EXPECT_GT(metric(harmless, "bomb/rounds"), 0);
  EXPECT_EQ(metric(harmless, "bomb/restarts"), 0);
}

TEST(MemoryIsolation, PagesOfProgramsAreDroppedAndReadAgain) {
  const std::string programs = R"(, {"name": "programs", "count": 1, "workload": "lmbench_exec"})";
  EXPECT_EQ(metric(beside(programs), "host0/memory/read"), 0);
  EXPECT_GT(metric(beside(memory_bomb + programs), "host0/memory/read"), 0);
}

TEST(MemoryIsolation, BombsInADomainOfTheirOwnLeaveAnotherAlone) {
  const std::string bombs = R"(, {"name": "bombs", "count": 1,
      "workload": {"name": "mix", "workloads": ["memory_bomb", "fork_bomb"]}})";
  const RunResult alone = in_domains(""), bombed = in_domains(bombs);
  EXPECT_GT(metric(bombed, "bombs/memory_bomb/touched"), 2000);
  EXPECT_GT(metric(bombed, "host0/dom2/memory/swapped_out"), 500);
  EXPECT_EQ(metric(bombed, "host0/dom1/memory/swapped_out"), 0);
  for (const char* mean : {"victim/fork/mean", "victim/fault/mean"}) {
    EXPECT_NEAR(metric(bombed, mean) / metric(alone, mean), 1, 0.001) << mean;
  }
}

TEST(MemoryIsolation, IsTheSameStepByStepAndRunningAhead) {
  const RunResult ahead = beside(memory_bomb + fork_bomb, {}, 1500);
  const RunResult strict = beside(memory_bomb + fork_bomb, {.strict = true}, 1500);
  ASSERT_EQ(ahead.metrics.size(), strict.metrics.size());
  for (std::size_t i = 0; i < ahead.metrics.size(); ++i) {
    EXPECT_EQ(ahead.metrics[i].value, strict.metrics[i].value) << ahead.metrics[i].name;
  }
}

}  // namespace
}  // namespace xensim
