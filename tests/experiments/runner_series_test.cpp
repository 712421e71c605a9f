#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "experiments/runner/expansion.hpp"
#include "experiments/runner/runner.hpp"
#include "results/atomic_file.hpp"
#include "tests/results/temporary_directory.hpp"

namespace xensim {
namespace {

ExperimentFile experiment(const char* name, int replications, const char* duration = "5 ms") {
  return {Json{{"name", name},
               {"machine", "dell2650"},
               {"platform", "native"},
               {"domains", {{{"name", "hog"}, {"count", 1}, {"workload", "cpu_hog"}}}},
               {"measure", {{"warm_up", "0 s"}, {"duration", duration}}},
               {"replications", replications}},
          nullptr};
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
  const ExperimentFile slow = experiment("slow", 1, "20 s"), quick = experiment("quick", 4);
  const std::vector<xensim::Run> slow_runs = expand(slow), quick_runs = expand(quick);
  RunnerOptions options;
};

TEST_F(SeriesTest, AreHandedOverInTheirOrderAndWriteWhatEachWritesAlone) {
  options.output = directory.path() / "alone";
  (void)run_all(quick, quick_runs, options);

  std::vector<std::pair<std::size_t, std::size_t>> seen;
  run_series(
      {{slow, slow_runs, directory.path() / "first"}, {quick, quick_runs, directory.path() / "second"}},
      options, [&](std::size_t series, const std::vector<RunResult>& results) {
        seen.emplace_back(series, results.size());
      });
  EXPECT_THAT(seen, testing::ElementsAre(std::pair(0, 1), std::pair(1, 4)));
  EXPECT_EQ(metrics("second"), metrics("alone"));
  EXPECT_NE(metrics("first"), "nothing");
}

TEST_F(SeriesTest, ThatAreCompleteAreHandedOverWithoutRunning) {
  options.output = directory.path() / "all";
  const std::vector<Series> all{{quick, quick_runs, directory.path() / "all" / "quick"}};
  run_series(all, options, [](std::size_t, const std::vector<RunResult>&) {});
  options.resume = true;
  std::size_t results_found = 0;
  run_series(all, options,
             [&](std::size_t, const std::vector<RunResult>& results) { results_found = results.size(); });
  EXPECT_EQ(results_found, 4U);
}

TEST_F(SeriesTest, AFailureNamesTheExperiment) {
  std::vector<xensim::Run> broken = quick_runs;
  const Json abacus = "abacus";
  Experiment impossible = *broken[2].experiment;
  impossible.platform = Config(abacus);
  broken[2].experiment = std::make_shared<const Experiment>(impossible);
  const std::vector<Series> all{{slow, slow_runs, std::nullopt}, {quick, broken, std::nullopt}};
  EXPECT_THAT([&] { run_series(all, options, [](std::size_t, const std::vector<RunResult>&) {}); },
              testing::ThrowsMessage<InputError>(testing::HasSubstr("[in quick: run 2 (")));
}

}  // namespace
}  // namespace xensim
