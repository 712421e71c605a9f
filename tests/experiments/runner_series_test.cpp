#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "core/error.hpp"
#include "core/json.hpp"
#include "experiments/runner/runner.hpp"
#include "results/atomic_file.hpp"
#include "tests/results/temporary_directory.hpp"

namespace xensim {
namespace {

using Runs = std::vector<xensim::Run>;

ExperimentFile named(const char* name) { return {Json{{"name", name}, {"seed", 5}}, nullptr}; }

Runs runs(std::size_t count, std::uint64_t first_seed) {
  Runs all;
  for (std::size_t i = 0; i < count; ++i) {
    all.push_back({.index = i, .point = {}, .replication = 0, .seed = first_seed + i, .experiment = {}});
  }
  return all;
}

/// Seeds below 10 are slow, those from 90 on fail.
RunResult result_of(const xensim::Run& run) {
  if (run.seed < 10) std::this_thread::sleep_for(std::chrono::milliseconds(100));
  if (run.seed >= 90) throw SimulationError("contradiction");
  return {.metrics = {{"seed", "", static_cast<double>(run.seed)}}, .series = {}, .simulated_s = 1};
}

class SeriesTest : public testing::Test {
 protected:
  SeriesTest() {
    options.quiet = true;
    options.jobs = 2;
  }
  std::string metrics(const char* place) {
    return read_file(directory.path() / place / "metrics.csv").value_or("nothing");
  }

  const TemporaryDirectory directory;
  const ExperimentFile slow = named("slow"), quick = named("quick");
  const Runs slow_runs = runs(1, 1), quick_runs = runs(4, 50);
  RunnerOptions options;
};

TEST_F(SeriesTest, AreHandedOverInTheirOrderAndWriteWhatEachWritesAlone) {
  options.output = directory.path() / "alone";
  (void)run_all(quick, quick_runs, options, result_of);

  const std::vector<Series> all{{slow, slow_runs, directory.path() / "first"},
                                {quick, quick_runs, directory.path() / "second"}};
  std::vector<double> seeds;
  const auto done = [&](std::size_t, const Finished& finished) {
    for (const RunResult& result : finished.results) seeds.push_back(result.metrics.at(0).value);
  };
  run_series(all, options, done, result_of);
  EXPECT_THAT(seeds, testing::ElementsAre(1, 50, 51, 52, 53));
  EXPECT_EQ(metrics("second"), metrics("alone"));
  EXPECT_NE(metrics("first"), "nothing");
}

TEST_F(SeriesTest, ThatAreCompleteAreHandedOverWithoutRunning) {
  const std::vector<Series> all{{quick, quick_runs, directory.path()}};
  std::size_t found = 0;
  const auto done = [&](std::size_t, const Finished& finished) { found += finished.results.size(); };
  run_series(all, options, done, result_of);
  options.resume = true;
  run_series(all, options, done,
             [](const xensim::Run&) -> RunResult { throw std::logic_error("ran again"); });
  EXPECT_EQ(found, 8U);
}

TEST_F(SeriesTest, AFailureNamesTheExperiment) {
  const ExperimentFile broken = named("broken");
  const Runs broken_runs = runs(1, 99);
  const std::vector<Series> all{{slow, slow_runs, std::nullopt}, {broken, broken_runs, std::nullopt}};
  const auto done = [](std::size_t, const Finished&) {};
  EXPECT_THAT([&] { run_series(all, options, done, result_of); },
              testing::ThrowsMessage<SimulationError>("broken: run 0 (replication 0): contradiction"));
}

}  // namespace
}  // namespace xensim
