#include "experiments/runner/runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "core/error.hpp"
#include "core/json.hpp"
#include "experiments/runner/host_needs.hpp"
#include "experiments/runner/progress.hpp"
#include "experiments/runner/run_message.hpp"
#include "experiments/runner/source_identity.hpp"
#include "experiments/runner/trace_plan.hpp"
#include "experiments/runner/worker_pool.hpp"
#include "results/atomic_file.hpp"
#include "results/fingerprint.hpp"
#include "results/recorder.hpp"
#include "results/traces/trace_file.hpp"

namespace xensim {
namespace {

std::string name_of(const ExperimentFile& file) {
  const Json& document = file.document;
  const bool named = document.is_object() && document.contains("name") && document["name"].is_string();
  return named ? document["name"].get<std::string>() : "experiment";
}

/// `run 17 (platform=xen, replication 2)`.
std::string settings_of(const Run& run) {
  std::string point;
  for (const auto& [path, label] : run.point) point += fmt::format("{}={}, ", path, label);
  return fmt::format("run {} ({}replication {})", run.index, point, run.replication);
}

/// Everything that the results of any run depend on, but for the program.
std::string inputs(const std::vector<Run>& runs) {
  Fingerprint all;
  HostNeeds needs;
  const Calibration* added = nullptr;  // most points share theirs
  for (const Run& run : runs) {
    if (run.replication != 0 || !run.experiment) continue;
    const Experiment& experiment = *run.experiment;
    all.add(experiment.document->dump());
    for (const std::string& name : experiment.calibration->names()) {
      if (experiment.calibration.get() == added) break;
      all.add(fmt::format("{} {}", name, experiment.calibration->value(name)));
    }
    added = experiment.calibration.get();
    for (const std::string& file : needs.files(experiment)) all.add(read_file(file).value_or(""));
  }
  return all.hexadecimal();
}

Provenance provenance_of(const ExperimentFile& file, const std::vector<Run>& runs, bool audited) {
  Provenance provenance{.version = XENSIM_VERSION,
                        .sources = std::string(source_identity()),
                        .configuration = file.document,
                        .resolved = {},
                        .constants = Json::object(),
                        .inputs = inputs(runs),
                        .seed = 1,
                        .audited = audited,
                        .runs = {}};
  if (file.document.is_object() && file.document.contains("seed")) {
    provenance.seed = file.document["seed"].get<std::uint64_t>();
  }
  if (!runs.empty() && runs.front().experiment) {
    const Experiment& first = *runs.front().experiment;
    provenance.resolved = *first.document;
    for (const std::string& name : first.calibration->names()) {
      provenance.constants[name] = first.calibration->value(name);
    }
  }
  for (const Run& run : runs) provenance.runs.push_back({run.point, run.replication});
  return provenance;
}

RunResult simulate_run(const RunnerOptions& options, const Run& run) {
  const Experiment& experiment = *run.experiment;
  SimulationOptions simulation{.seed = run.seed, .audit = options.audit, .explain = options.explain};
  if (options.trace.empty()) return simulate(experiment, simulation);

  const std::unique_ptr<TraceFile> trace = open_trace(parse_trace_request(options.trace));
  simulation.trace = trace.get();
  try {
    RunResult result = simulate(experiment, simulation);
    trace->finish();
    return result;
  } catch (const SimulationError&) {
    try {
      trace->finish();             // what led to the failure is what the trace is for
    } catch (const InputError&) {  // the failure is the worse news
    }
    throw;
  }
}

std::string interruption(std::size_t finished, std::size_t total, const RunnerOptions& options) {
  return options.output
             ? fmt::format("interrupted: {} of {} runs are kept in {}; --resume completes the rest", finished,
                           total, options.output->string())
             : fmt::format("interrupted after {} of {} runs", finished, total);
}

/// What there is of a series' results so far.
class Unfinished {
 public:
  Unfinished(const Series& series, const RunnerOptions& options)
      : results_(series.runs.size()), present_(series.runs.size()), left_(series.runs.size()) {
    if (!series.output) return;
    // A trace is only written by running, and finished runs may not have counted.
    const bool resume = options.resume && options.trace.empty() && !options.explain;
    recorder_.emplace(*series.output, provenance_of(series.file, series.runs, options.audit), resume);
    if (const std::size_t left = recorder_->not_audited(); left > 0) {
      fmt::print(stderr, "{}: {} finished without an audit, to be done again\n", series.output->string(),
                 left == 1 ? "1 run" : fmt::format("{} runs", left));
    }
    for (std::size_t i = 0; i < results_.size(); ++i) {
      if (const RunResult* found = recorder_->find(i)) take(i, *found);
    }
  }

  [[nodiscard]] bool has(std::size_t run) const { return present_[run]; }
  [[nodiscard]] bool complete() const { return left_ == 0; }
  void keep(std::size_t run, RunResult result) {
    take(run, std::move(result));
    if (recorder_) recorder_->keep(run, results_[run]);
  }
  void finish() {
    if (recorder_) recorder_->finish(results_);
  }
  /// Whether there are results in a directory without those of the runs that failed.
  bool give_up() {
    if (!recorder_ || left_ == results_.size()) return false;
    recorder_->give_up(results_);
    return true;
  }
  [[nodiscard]] std::vector<RunResult> take_results() { return std::move(results_); }

 private:
  void take(std::size_t run, RunResult result) {
    results_[run] = std::move(result);
    present_[run] = true;
    --left_;
  }

  std::vector<RunResult> results_;
  std::vector<bool> present_;
  std::size_t left_;
  std::optional<Recorder> recorder_;
};

/// All series on their way.
class Batch {
 public:
  Batch(const std::vector<Series>& all, const RunnerOptions& options, const SeriesDone& done)
      : all_(all), options_(options), done_(done) {
    for (std::size_t series = 0; series < all.size(); ++series) {
      const Unfinished& unfinished = unfinished_.emplace_back(all[series], options);
      for (std::size_t run = 0; run < all[series].runs.size(); ++run) {
        if (!unfinished.has(run)) missing_.push_back(tasks_.size());
        tasks_.push_back({series, run});
      }
    }
    finished_ = tasks_.size() - missing_.size();
  }

  void perform(const Execute& execute) {
    for (Unfinished& series : unfinished_) {
      if (series.complete()) series.finish();
    }
    hand_over();
    SweepProgress progress(
        all_.size() == 1 ? name_of(all_.front().file) : std::to_string(all_.size()) + " series",
        tasks_.size(), finished_, SweepProgress::style_for(options_.quiet));
    const WorkerPool pool{.workers = options_.jobs > 0 ? options_.jobs : available_processors(),
                          .task = [&](std::size_t i) { return perform(tasks_[i], execute); },
                          .done =
                              [&](std::size_t i, std::string_view answer) {
                                ++finished_;
                                progress.advance();
                                take(i, answer);
                              },
                          .tick = [&] { progress.show(); }};
    try {
      if (!pool.run(missing_) && finished_ < tasks_.size()) {
        throw Interrupted(interruption(finished_, tasks_.size(), options_));
      }
    } catch (const TaskFailure& failure) {
      rethrow(failure);
    }
    tell_refusals();
    if (!failures_.empty()) give_up();
  }

 private:
  struct Task {
    std::size_t series, run;
  };
  static constexpr char done_well = 'r', bad_input = 'b';  ///< the last byte of an answer

  /// In a worker. Bad input is an answer: the other runs may do.
  std::string perform(const Task& task, const Execute& execute) const {
    std::string answer;
    try {
      answer = encode(execute(all_[task.series].runs[task.run]));
      answer += done_well;
    } catch (const InputError& error) {
      answer = error.what();
      answer += bad_input;
    }
    return answer;
  }
  void take(std::size_t task, std::string_view answer) {
    const std::string_view content = answer.substr(0, answer.size() - 1);
    if (answer.back() == bad_input) {
      failures_.emplace(task, content);
      return;
    }
    RunResult its = decode(content);
    if (its.refused > 0) refused_.emplace(task, its.refused);
    keep(tasks_[task], std::move(its));
  }

  [[noreturn]] void give_up() {
    const auto& [task, message] = *failures_.begin();
    const std::size_t others = failures_.size() - 1, first = tasks_[task].series;
    std::string rest;
    for (std::size_t i = 0; i < all_.size(); ++i) {
      if (unfinished_[i].complete() || !unfinished_[i].give_up() || i != first) continue;
      rest = fmt::format("; results of the other runs are in {}", all_[i].output->string());
    }
    const std::string also =
        others == 0 ? "" : fmt::format(", as in {} other{}", others, others == 1 ? "" : "s");
    throw InputError({}, fmt::format("{} [in {}{}]{}", message, name_of_task(task), also, rest));
  }

  void keep(const Task& task, RunResult result) {
    Unfinished& series = unfinished_[task.series];
    series.keep(task.run, std::move(result));
    if (!series.complete()) return;
    series.finish();
    hand_over();
  }
  void hand_over() {
    while (handed_over_ < unfinished_.size() && unfinished_[handed_over_].complete()) {
      const std::size_t series = handed_over_++;
      done_(series, unfinished_[series].take_results());
    }
  }

  void tell_refusals() const {
    if (refused_.empty()) return;
    const auto& [task, count] = *refused_.begin();
    const std::size_t others = refused_.size() - 1;
    fmt::print(
        stderr, "{}: {} of the control script refused{} (metric control/refused)\n", name_of_task(task),
        count == 1 ? "1 step" : fmt::format("{} steps", count),
        others == 0 ? "" : fmt::format("; so were some in {} other run{}", others, others == 1 ? "" : "s"));
  }
  [[nodiscard]] std::string name_of_task(std::size_t number) const {
    if (number >= tasks_.size()) return "a worker";
    const Series& series = all_[tasks_[number].series];
    const std::string run = settings_of(series.runs[tasks_[number].run]);
    return all_.size() == 1 ? run : name_of(series.file) + ": " + run;
  }
  [[noreturn]] void rethrow(const TaskFailure& failure) const {
    throw SimulationError(fmt::format("{}: {}", name_of_task(failure.task), failure.what()));
  }

  const std::vector<Series>& all_;
  const RunnerOptions& options_;
  const SeriesDone& done_;
  std::vector<Unfinished> unfinished_;
  std::vector<Task> tasks_;                       ///< runs of all series
  std::vector<std::size_t> missing_;              ///< of those
  std::size_t finished_ = 0;                      ///< of those
  std::size_t handed_over_ = 0;                   ///< series
  std::map<std::size_t, std::string> failures_;   ///< messages of bad input, by task
  std::map<std::size_t, std::uint64_t> refused_;  ///< steps of the control script, by task
};

Execute simulation(const RunnerOptions& options) {
  return [&options](const Run& run) { return simulate_run(options, run); };
}

}  // namespace

std::vector<RunResult> run_all(const ExperimentFile& file, const std::vector<Run>& runs,
                               const RunnerOptions& options) {
  if (!options.trace.empty()) (void)check_trace(options.trace, runs);
  return run_all(file, runs, options, simulation(options));
}

std::vector<RunResult> run_all(const ExperimentFile& file, const std::vector<Run>& runs,
                               const RunnerOptions& options, const Execute& execute) {
  std::vector<RunResult> all;
  const std::vector<Series> series{{file, runs, options.output}};
  const SeriesDone done = [&](std::size_t, std::vector<RunResult> results) { all = std::move(results); };
  run_series(series, options, done, execute);
  return all;
}

void run_series(const std::vector<Series>& all, const RunnerOptions& options, const SeriesDone& done) {
  run_series(all, options, done, simulation(options));
}

void run_series(const std::vector<Series>& all, const RunnerOptions& options, const SeriesDone& done,
                const Execute& execute) {
  Batch(all, options, done).perform(execute);
}

}  // namespace xensim
