#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <thread>

#include "core/error.hpp"
#include "core/json.hpp"
#include "experiments/runner/runner.hpp"
#include "experiments/runner/summary.hpp"
#include "results/atomic_file.hpp"
#include "tests/complaint.hpp"
#include "tests/results/temporary_directory.hpp"

namespace xensim {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

Json weights() {
  Json document = read_experiment_file(home_directory() / "experiments" / "weights.json").document;
  document.erase("replications");
  document["precision"] = {{"metric", "throughput"}, {"half_width", 0.02}, {"minimum", 3}, {"maximum", 40}};
  return document;
}

/// Noisier at the second point; without noise at seeds of neither.
RunResult noisy(const xensim::Run& run) {
  const bool second = run.point.front().second == "round-robin";
  const double noise = static_cast<double>(run.seed % 1000) / 500 - 1;
  return {
      .metrics = {{"throughput", "s/s", 10 + (second ? 1 : 0.2) * noise}}, .series = {}, .simulated_s = 1};
}

class PrecisionTest : public testing::Test {
 protected:
  PrecisionTest() { options.quiet = true; }

  Finished run(unsigned jobs, const Execute& execute = noisy) {
    options.jobs = jobs;
    return run_all(file, expand(file), options, execute);
  }
  Finished run_without_words(unsigned jobs, const Execute& execute = noisy) {
    testing::internal::CaptureStderr();
    Finished finished = run(jobs, execute);
    said = testing::internal::GetCapturedStderr();
    return finished;
  }
  static std::vector<std::int64_t> replications(const Finished& finished) {
    std::vector<std::int64_t> numbers(2);
    for (const xensim::Run& run : finished.runs) ++numbers[run.point.front().second == "round-robin" ? 1 : 0];
    return numbers;
  }
  std::string output(const char* name) { return *read_file(*options.output / name); }

  const TemporaryDirectory directory;
  ExperimentFile file{weights(), nullptr};
  RunnerOptions options;
  std::string said;
};

TEST_F(PrecisionTest, each_point_takes_as_many_replications_as_its_spread_calls_for) {
  const Finished finished = run_without_words(1);
  const std::vector<std::int64_t> numbers = replications(finished);
  EXPECT_GE(numbers[0], 3);
  EXPECT_LT(numbers[0], numbers[1]);
  EXPECT_LT(numbers[1], 40);
  ASSERT_EQ(finished.runs.size(), finished.results.size());
  for (std::size_t i = 0; i < finished.runs.size(); ++i) {
    EXPECT_EQ(finished.runs[i].index, i);
    EXPECT_EQ(finished.results[i].metrics.front().value, noisy(finished.runs[i]).metrics.front().value);
  }
}

TEST_F(PrecisionTest, points_share_their_random_numbers) {
  const Finished finished = run_without_words(1);
  const auto numbers = replications(finished);
  for (std::size_t i = 0; i < static_cast<std::size_t>(numbers[0]); ++i) {
    EXPECT_EQ(finished.runs[i].seed, finished.runs[static_cast<std::size_t>(numbers[0]) + i].seed);
  }
}

TEST_F(PrecisionTest, neither_the_number_of_jobs_nor_the_time_that_runs_take_changes_a_byte) {
  options.output = directory.path() / "one";
  (void)run_without_words(1);
  const std::string metrics = output("metrics.csv"), description = output("run.json");
  options.output = directory.path() / "seven";
  const auto slow_first = [](const xensim::Run& run) {
    if (run.replication < 2) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return noisy(run);
  };
  (void)run_without_words(7, slow_first);
  EXPECT_EQ(output("metrics.csv"), metrics);
  EXPECT_EQ(output("run.json"), description);
}

TEST_F(PrecisionTest, needless_runs_are_left_out_and_said_to_be) {
  file.document["sweep"]["platform.scheduler"] = {"round-robin"};
  file.document["precision"]["half_width"] = 0.05;
  const Finished alone = run_without_words(1);
  EXPECT_EQ(said, "");
  const Finished many = run_without_words(30);
  EXPECT_EQ(many.runs.size(), alone.runs.size());
  EXPECT_THAT(said, HasSubstr("beyond what the precision takes left out"));
}

TEST_F(PrecisionTest, a_needless_run_that_fails_does_no_harm) {
  file.document["sweep"]["platform.scheduler"] = {"round-robin"};
  file.document["precision"]["half_width"] = 0.05;
  const auto count = static_cast<std::int64_t>(run_without_words(1).runs.size());
  for (const bool input : {true, false}) {
    const auto failing = [&](const xensim::Run& run) {
      if (run.replication < count) return noisy(run);
      if (input) throw InputError({}, "never needed");
      throw SimulationError("never needed");
    };
    EXPECT_EQ(static_cast<std::int64_t>(run_without_words(30, failing).runs.size()), count);
  }
}

TEST_F(PrecisionTest, a_failure_among_those_that_count_is_one) {
  const auto failing = [](const xensim::Run& run) {
    if (run.replication == 2) throw SimulationError("contradiction");
    return noisy(run);
  };
  EXPECT_THAT([&] { (void)run(2, failing); },
              ThrowsMessage<SimulationError>(HasSubstr("replication 2): contra")));
}

TEST_F(PrecisionTest, a_point_that_misses_its_aim_is_reported_and_recorded) {
  file.document["precision"]["maximum"] = 5;
  options.output = directory.path();
  const Finished finished = run_without_words(2);
  EXPECT_EQ(replications(finished)[1], 5);
  EXPECT_THAT(said,
              HasSubstr("warning: platform.scheduler=round-robin, 5 runs: the 95 % interval of throughput"));
  EXPECT_THAT(said, testing::Not(HasSubstr("bvt-xen1")));
  const Json points = Json::parse(output("run.json"))["precision"];
  ASSERT_EQ(points.size(), 2U);
  EXPECT_EQ(points[1]["point"], (Json{{"platform.scheduler", "round-robin"}}));
  EXPECT_EQ(points[1]["replications"], 5);
  EXPECT_FALSE(points[1]["reached"].get<bool>());
  EXPECT_GT(points[1]["half_width"].get<double>(), 0.02);
  EXPECT_TRUE(points[0]["reached"].get<bool>());
  EXPECT_LE(points[0]["half_width"].get<double>(), 0.02);
}

TEST_F(PrecisionTest, an_interrupted_series_is_resumed_to_the_same_bytes) {
  options.output = directory.path() / "whole";
  (void)run_without_words(2);
  const std::string metrics = output("metrics.csv"), description = output("run.json");

  options.output = directory.path() / "resumed";
  const auto interrupting = [](const xensim::Run& run) {
    if (run.replication == 4) {
      ::kill(::getppid(), SIGINT);
      std::this_thread::sleep_for(std::chrono::hours(1));
    }
    return noisy(run);
  };
  EXPECT_THAT([&] { (void)run(1, interrupting); },
              ThrowsMessage<Interrupted>(HasSubstr("or more runs are kept")));
  options.resume = true;
  const auto rest = [](const xensim::Run& run) {
    if (run.replication < 3) throw std::logic_error("ran again");
    return noisy(run);
  };
  (void)run_without_words(2, rest);
  EXPECT_EQ(output("metrics.csv"), metrics);
  EXPECT_EQ(output("run.json"), description);

  const auto none = [](const xensim::Run&) -> RunResult { throw std::logic_error("ran again"); };
  const Finished again = run_without_words(2, none);
  EXPECT_EQ(again.runs.size(), again.results.size());
  EXPECT_EQ(output("metrics.csv"), metrics);
}

TEST_F(PrecisionTest, the_summary_tells_how_many_runs_each_point_took) {
  const Finished finished = run_without_words(1);
  const auto numbers = replications(finished);
  const std::string table = summary_table(finished.runs, finished.results, true);
  EXPECT_THAT(table, HasSubstr("platform.scheduler  runs  metric"));
  EXPECT_THAT(table, testing::ContainsRegex("bvt-xen1 +" + std::to_string(numbers[0]) + " +throughput"));
  EXPECT_THAT(table, testing::ContainsRegex("round-robin +" + std::to_string(numbers[1]) + " +throughput"));
}

TEST_F(PrecisionTest, a_metric_that_a_run_has_not_measured_ends_it) {
  const auto without = [](const xensim::Run&) {
    return RunResult{.metrics = {{"throughput2", "s/s", 1}}, .series = {}};
  };
  EXPECT_THAT(
      [&] { (void)run(1, without); },
      ThrowsMessage<InputError>(testing::AllOf(HasSubstr("$.precision.metric"), HasSubstr("has not measured"),
                                               HasSubstr("did you mean \"throughput2\""))));
}

// --- What the format refuses --------------------------------------------------------------------------

std::string complaint(Json document) {
  return complaint_of([&] { (void)expand({std::move(document), nullptr}); });
}

TEST(PrecisionFormat, refuses_what_cannot_be_reached_and_says_where) {
  const auto with = [](const char* key, Json value) {
    Json document = weights();
    document["precision"][key] = std::move(value);
    return complaint(std::move(document));
  };
  EXPECT_EQ(with("half_width", 0.02), "no error");
  EXPECT_THAT(with("half_width", 0),
              testing::AllOf(HasSubstr("$.precision.half_width"), HasSubstr("at least 0.0001")));
  EXPECT_THAT(with("half_width", 2), HasSubstr("at most 1"));
  EXPECT_THAT(with("confidence", 1), HasSubstr("$.precision.confidence"));
  EXPECT_THAT(with("minimum", 1), HasSubstr("$.precision.minimum"));
  EXPECT_THAT(with("maximum", 2),
              testing::AllOf(HasSubstr("$.precision.maximum"), HasSubstr("the minimum, 3")));
  EXPECT_THAT(with("width", 0.1), HasSubstr("unknown key \"width\""));
}

TEST(PrecisionFormat, refuses_metrics_that_no_run_has_or_keeps) {
  const auto of = [](const char* metric) {
    Json document = weights();
    document["precision"]["metric"] = metric;
    return complaint(std::move(document));
  };
  EXPECT_EQ(of("two/throughput"), "no error");
  EXPECT_THAT(of("troughput"),
              testing::AllOf(HasSubstr("$.precision.metric"), HasSubstr("did you mean \"throughput\"")));
  EXPECT_THAT(of("fouur/throughput"), HasSubstr("did you mean \"four/throughput\""));
  EXPECT_THAT(of("one"), HasSubstr("which no run measures"));
  EXPECT_THAT(of("host0/cpu0/sched/switches"), HasSubstr("which measure.metrics leaves out"));
}

TEST(PrecisionFormat, says_what_is_missing) {
  for (const char* key : {"metric", "half_width"}) {
    Json document = weights();
    document["precision"].erase(key);
    EXPECT_THAT(complaint(document), HasSubstr(std::string("no \"") + key + '"'));
  }
}

TEST(PrecisionFormat, is_instead_of_a_number_of_replications) {
  Json document = weights();
  document["replications"] = 3;
  EXPECT_THAT(complaint(document), testing::AllOf(HasSubstr("$.replications"), HasSubstr("one of the two")));
}

TEST(PrecisionFormat, a_change_of_either_takes_the_others_place) {
  Json document = weights();
  set_path(document, "replications", 4);
  EXPECT_FALSE(document.contains("precision"));
  EXPECT_EQ(expand({document, nullptr}).size(), 8U);
  set_path(document, "precision", {{"metric", "throughput"}, {"half_width", 0.1}});
  EXPECT_FALSE(document.contains("replications"));
  set_path(document, "precision.maximum", 7);
  EXPECT_EQ(expand({document, nullptr}).size(), 14U);
}

TEST(PrecisionFormat, cannot_be_swept) {
  Json document = weights();
  document["sweep"]["precision.half_width"] = {0.1, 0.2};
  EXPECT_THAT(complaint(document), HasSubstr("the same in all runs"));
}

TEST(PrecisionFormat, is_no_part_of_what_a_run_is) {
  EXPECT_FALSE(expand({weights(), nullptr}).front().experiment->document->contains("precision"));
}

}  // namespace
}  // namespace xensim
