#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <bit>
#include <cmath>
#include <csignal>
#include <thread>

#include "core/error.hpp"
#include "core/json.hpp"
#include "experiments/runner/run_message.hpp"
#include "experiments/runner/runner.hpp"
#include "results/atomic_file.hpp"
#include "tests/results/temporary_directory.hpp"

namespace xensim {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr std::size_t run_count = 20;

RunResult result_of(const xensim::Run& run) {
  const auto index = static_cast<double>(run.index);
  RunResult result{
      .metrics = {{"throughput", "1/s", index / 3}}, .series = {}, .simulated_s = 1, .events = run.seed};
  result.series.push_back({"load", "s/s", {{1ms, index}}});
  return result;
}

class RunnerTest : public testing::Test {
 protected:
  RunnerTest() {
    for (std::size_t i = 0; i < run_count; ++i) {
      runs.push_back({.index = i,
                      .point = {{"domains[0].count", std::to_string(i / 2)}},
                      .replication = static_cast<std::int64_t>(i % 2),
                      .seed = 100 + i,
                      .experiment = {}});
    }
    options.quiet = true;
  }

  std::vector<RunResult> run_with(unsigned jobs, const Execute& execute = result_of) {
    options.jobs = jobs;
    return run_all(file, runs, options, execute).results;
  }
  std::string output(const char* name) { return *read_file(*options.output / name); }

  /// Interrupts this process when run 7 starts; later runs never end.
  static RunResult interrupting(const xensim::Run& run) {
    if (run.index < 7) return result_of(run);
    if (run.index == 7) ::kill(::getppid(), SIGINT);
    std::this_thread::sleep_for(std::chrono::hours(1));
    return {};
  }

  const TemporaryDirectory directory;
  const ExperimentFile file{Json{{"name", "test"}, {"seed", 5}}, nullptr};
  std::vector<xensim::Run> runs;
  RunnerOptions options;
};

TEST_F(RunnerTest, results_are_in_the_order_of_the_runs) {
  const std::vector<RunResult> results = run_with(3);
  ASSERT_EQ(results.size(), run_count);
  for (std::size_t i = 0; i < run_count; ++i) {
    EXPECT_EQ(results[i].metrics.at(0).value, static_cast<double>(i) / 3);
    EXPECT_EQ(results[i].events, 100 + i);
    EXPECT_EQ(results[i].series.at(0).samples.at(0).at, 1ms);
  }
}

TEST_F(RunnerTest, the_number_of_jobs_does_not_change_a_byte) {
  options.output = directory.path() / "one";
  (void)run_with(1);
  const std::string metrics = output("metrics.csv"), description = output("run.json"),
                    load = output("series/load.csv");
  options.output = directory.path() / "four";
  (void)run_with(4);
  EXPECT_EQ(output("metrics.csv"), metrics);
  EXPECT_EQ(output("run.json"), description);
  EXPECT_EQ(output("series/load.csv"), load);
}

TEST_F(RunnerTest, an_interruption_keeps_finished_runs_and_resuming_does_the_rest_only) {
  options.output = directory.path() / "whole";
  (void)run_with(2);
  const std::string metrics = output("metrics.csv"), load = output("series/load.csv");

  options.output = directory.path() / "resumed";
  EXPECT_THAT([&] { (void)run_with(1, interrupting); },
              ThrowsMessage<Interrupted>(testing::AllOf(HasSubstr("7 of 20 runs"), HasSubstr("--resume"))));
  options.resume = true;
  const auto rest = [](const xensim::Run& run) {
    if (run.index < 7) throw std::logic_error("ran again");
    return result_of(run);
  };
  EXPECT_EQ(run_with(2, rest).size(), run_count);
  EXPECT_EQ(output("metrics.csv"), metrics);
  EXPECT_EQ(output("series/load.csv"), load);
}

TEST_F(RunnerTest, resuming_what_is_complete_runs_nothing) {
  options.output = directory.path() / "results";
  (void)run_with(2);
  options.resume = true;
  const auto results =
      run_with(2, [](const xensim::Run&) -> RunResult { throw std::logic_error("ran again"); });
  EXPECT_EQ(results.at(19).metrics.at(0).value, 19.0 / 3);
  EXPECT_EQ(results.at(19).events, 119U);
}

TEST_F(RunnerTest, resuming_is_refused_where_the_machine_or_a_constant_has_changed) {
  const auto executing = [&](const Json& machine, const Json& constants) {
    const auto experiment = std::make_shared<const Experiment>(interpret({{"name", "test"},
                                                                          {"machine", machine},
                                                                          {"platform", "xen"},
                                                                          {"domains", Json::array()},
                                                                          {"constants", constants}}));
    for (xensim::Run& run : runs) run.experiment = experiment;
    return run_with(2).size();
  };
  const Json machine{{"base", "dell2650"}, {"clock", "2.4 GHz"}}, none = Json::object();
  options.output = directory.path() / "results";
  executing(machine, none);
  options.resume = true;
  EXPECT_EQ(executing(machine, none), run_count);
  EXPECT_THROW(executing({{"base", "dell2650"}, {"clock", "1.2 GHz"}}, none), InputError);
  EXPECT_THROW(executing(machine, {{"processor.memory_latency", 200.0}}), InputError);
}

TEST_F(RunnerTest, errors_keep_their_kind_and_name_the_run) {
  const auto at_three = [](auto error) {
    return [error](const xensim::Run& run) { return run.index == 3 ? throw error : result_of(run); };
  };
  EXPECT_THAT([&] { (void)run_with(2, at_three(InputError({.file = "x.json"}, "nonsense"))); },
              ThrowsMessage<InputError>("x.json: nonsense [in run 3 (domains[0].count=1, replication 1)]"));
  EXPECT_THAT([&] { (void)run_with(2, at_three(SimulationError("contradiction"))); },
              ThrowsMessage<SimulationError>("run 3 (domains[0].count=1, replication 1): contradiction"));
  EXPECT_THAT([&] { (void)run_with(2, at_three(std::bad_alloc())); },
              ThrowsMessage<SimulationError>(HasSubstr("out of memory")));
}

TEST_F(RunnerTest, bad_input_of_some_runs_leaves_the_others) {
  options.output = directory.path() / "results";
  const auto some = [](const xensim::Run& run) {
    if (run.index == 3 || run.index == 7) throw InputError({}, "too large");
    return result_of(run);
  };
  EXPECT_THAT(
      [&] { (void)run_with(2, some); },
      ThrowsMessage<InputError>("too large [in run 3 (domains[0].count=1, replication 1), as in 1 other]; "
                                "results of the other runs are in " +
                                options.output->string()));
  const std::string metrics = output("metrics.csv");
  EXPECT_EQ(std::count(metrics.begin(), metrics.end(), '\n'), 1 + 18);
  EXPECT_THAT(metrics, HasSubstr("\n19,9,1,throughput,1/s,"));
  EXPECT_FALSE(read_file(*options.output / "run.json").has_value()) << "it is not complete";
  options.resume = true;
  const auto rest = [](const xensim::Run& run) {
    if (run.index != 3 && run.index != 7) throw std::logic_error("ran again");
    return result_of(run);
  };
  EXPECT_EQ(run_with(2, rest).size(), run_count);
  EXPECT_TRUE(read_file(*options.output / "run.json").has_value());
}

TEST_F(RunnerTest, refused_steps_of_a_control_script_are_told_when_all_is_done) {
  const auto refusing = [](const xensim::Run& run) {
    RunResult result = result_of(run);
    if (run.index == 3 || run.index == 5) result.refused = 2;
    return result;
  };
  testing::internal::CaptureStderr();
  (void)run_with(2, refusing);
  EXPECT_EQ(
      testing::internal::GetCapturedStderr(),
      "run 3 (domains[0].count=1, replication 1): 2 steps of the control script refused; so were some in 1 "
      "other run (metric control/refused)\n");
}

TEST_F(RunnerTest, a_crash_names_the_run_and_keeps_the_finished_ones) {
  options.output = directory.path() / "results";
  const auto crash = [](const xensim::Run& run) {
    if (run.index == 3) ::raise(SIGKILL);
    return result_of(run);
  };
  EXPECT_THAT([&] { (void)run_with(1, crash); },
              ThrowsMessage<SimulationError>(testing::AllOf(HasSubstr("run 3"), HasSubstr("signal 9"))));
  EXPECT_TRUE(read_file(*options.output / "runs" / "00002.json").has_value());
  EXPECT_FALSE(read_file(*options.output / "run.json").has_value());
}

TEST_F(RunnerTest, a_trace_of_several_runs_is_refused_before_anything_runs) {
  options.traces = {"perfetto:" + (directory.path() / "trace.json").string()};
  EXPECT_THAT([&] { (void)run_all(file, runs, options); },
              ThrowsMessage<InputError>(testing::AllOf(HasSubstr("20 runs"), HasSubstr("--replications 1"))));
}

TEST_F(RunnerTest, nothing_is_written_without_output) {
  (void)run_with(2);
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST_F(RunnerTest, no_runs_give_no_results) {
  runs.clear();
  EXPECT_TRUE(run_with(2).empty());
}

TEST(RunMessage, brings_back_every_bit) {
  RunResult result{.metrics = {{"a b", "", std::bit_cast<double>(0x7FF8000000000123)}}, .series = {}};
  result.series.push_back({"s", "s/s", {{Time{-1}, 0.1}, {never, -0.0}}});
  const RunResult back = decode(encode(result));
  EXPECT_EQ(std::bit_cast<std::uint64_t>(back.metrics.at(0).value), 0x7FF8000000000123U);
  EXPECT_EQ(back.metrics.at(0).name, "a b");
  EXPECT_EQ(back.series.at(0).samples.at(0).at, Time{-1});
  EXPECT_EQ(back.series.at(0).samples.at(1).at, never);
  EXPECT_TRUE(std::signbit(back.series.at(0).samples.at(1).value));
  EXPECT_THROW((void)decode(encode(result).substr(0, 40)), std::out_of_range);
}

}  // namespace
}  // namespace xensim
