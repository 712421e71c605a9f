#include "experiments/runner/runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <map>
#include <utility>

#include "core/error.hpp"
#include "core/json.hpp"
#include "experiments/runner/progress.hpp"
#include "experiments/runner/provenance.hpp"
#include "experiments/runner/replications.hpp"
#include "experiments/runner/run_cache.hpp"
#include "experiments/runner/run_message.hpp"
#include "experiments/runner/trace_plan.hpp"
#include "experiments/runner/traced_run.hpp"
#include "experiments/runner/worker_pool.hpp"
#include "results/recorder.hpp"

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

RunResult simulate_run(const RunnerOptions& options, const Run& run) {
  const Experiment& experiment = *run.experiment;
  const SimulationOptions simulation{.seed = run.seed, .audit = options.audit, .explain = options.explain};
  if (options.traces.empty()) return simulate_or_find(experiment, simulation, options.cache);
  return simulate_traced(experiment, simulation, options.traces);
}

std::string interruption(const std::string& finished, const RunnerOptions& options) {
  return options.output ? fmt::format("interrupted: {} are kept in {}; --resume completes the rest", finished,
                                      options.output->string())
                        : fmt::format("interrupted after {}", finished);
}

/// What there is of a series' results so far.
class Unfinished {
 public:
  Unfinished(const Series& series, const RunnerOptions& options)
      : runs_(series.runs),
        replications_(series.runs, precision_of(series.file)),
        results_(series.runs.size()) {
    if (!series.output) return;
    // A trace is only written by running, and finished runs may not have counted.
    const bool resume = options.resume && options.traces.empty() && !options.explain;
    Provenance provenance = provenance_of(series.file, series.runs, options.audit);
    provenance.only = options.only;
    recorder_.emplace(*series.output, std::move(provenance), resume);
    if (const std::size_t left = recorder_->not_audited(); left > 0) {
      fmt::print(stderr, "{}: {} finished without an audit, to be done again\n", series.output->string(),
                 left == 1 ? "1 run" : fmt::format("{} runs", left));
    }
    for (std::size_t i = 0; i < results_.size(); ++i) {
      if (const RunResult* found = recorder_->find(i)) take(i, *found);
    }
  }

  [[nodiscard]] const Replications& replications() const { return replications_; }
  [[nodiscard]] bool complete() const { return replications_.complete(); }
  [[nodiscard]] std::size_t finished() const { return finished_; }
  void keep(std::size_t run, RunResult result) {
    if (closed_) return replications_.take(run, result);  // needless, as others have shown meanwhile
    take(run, std::move(result));
    if (recorder_) recorder_->keep(run, results_[run]);
  }
  [[nodiscard]] bool closed() const { return closed_; }
  void lose(std::size_t run) { replications_.lose(run); }
  void finish() {
    closed_ = true;
    if (!replications_.fixed()) {
      const std::vector<std::size_t> counted = replications_.counted();
      std::vector<RunResult> results;
      for (const std::size_t run : counted) results.push_back(std::move(results_[run]));
      results_ = std::move(results);
      if (recorder_) recorder_->select(counted, achieved());
    }
    if (recorder_) recorder_->finish(results_);
  }
  /// Whether there are results in a directory without those of the runs that failed.
  bool give_up() {
    if (!recorder_ || finished_ == 0) return false;
    for (std::size_t run = 0; run < results_.size(); ++run) {
      if (!replications_.matters(run)) results_[run] = {};
    }
    recorder_->give_up(results_);
    return true;
  }
  /// After finish().
  [[nodiscard]] Finished take_results() {
    Finished all;
    for (const std::size_t run : replications_.counted()) {
      all.runs.push_back(runs_[run]);
      all.runs.back().index = all.runs.size() - 1;
    }
    all.results = std::move(results_);
    return all;
  }

 private:
  void take(std::size_t run, RunResult result) {
    results_[run] = std::move(result);
    replications_.take(run, results_[run]);
    ++finished_;
  }
  /// Of each point, for run.json. Rounded: the last digits of a quantile are the library's own.
  [[nodiscard]] Json achieved() const {
    Json points = Json::array();
    for (const Replications::Outcome& outcome : replications_.outcomes()) {
      Json point = Json::object();
      for (const auto& [path, label] : outcome.first.point) point[path] = label;
      const auto rounded = [](double value) {
        return Json::parse(fmt::format("{:.4g}", value), nullptr, false);
      };
      const Json half_width = rounded(outcome.half_width / std::abs(outcome.mean));
      points.push_back(Json{{"point", std::move(point)},
                            {"replications", outcome.replications},
                            {"half_width", half_width.is_discarded() ? Json() : half_width},
                            {"reached", outcome.reached}});
    }
    return points;
  }

  const std::vector<Run>& runs_;
  Replications replications_;
  std::vector<RunResult> results_;  ///< of all runs that may be needed; after finish(), of those that count
  std::size_t finished_ = 0;
  bool closed_ = false;
  std::optional<Recorder> recorder_;
};

/// All series on their way.
class Batch {
 public:
  Batch(const std::vector<Series>& all, const RunnerOptions& options, const SeriesDone& done)
      : all_(all), options_(options), done_(done) {
    for (std::size_t series = 0; series < all.size(); ++series) {
      const Unfinished& unfinished = unfinished_.emplace_back(all[series], options);
      first_task_.push_back(tasks_.size());
      for (std::size_t run = 0; run < all[series].runs.size(); ++run) tasks_.push_back({series, run});
      finished_ += unfinished.finished();
    }
  }

  void perform(const Execute& execute) {
    for (Unfinished& series : unfinished_) {
      if (series.complete()) series.finish();
    }
    hand_over();
    const unsigned workers = options_.jobs > 0 ? options_.jobs : available_processors();
    std::vector<std::size_t> round = next_round(workers);
    SweepProgress progress(
        all_.size() == 1 ? name_of(all_.front().file) : std::to_string(all_.size()) + " series",
        finished_ + round.size(), finished_, SweepProgress::style_for(options_.quiet));
    const WorkerPool pool{.workers = workers,
                          .task = [&](std::size_t i) { return perform(tasks_[i], execute); },
                          .done =
                              [&](std::size_t i, std::string_view answer) {
                                ++finished_;
                                progress.advance();
                                take(i, answer);
                              },
                          .tick = [&] { progress.show(); }};
    for (; !round.empty(); round = next_round(workers)) {
      progress.expect(finished_ + round.size(), undecided() > 0);
      bool stopped = false;
      try {
        stopped = !pool.run(round);
      } catch (const TaskFailure& failure) {
        rethrow(failure);
      }
      if (stopped && !next_round(workers).empty())
        throw Interrupted(interruption(progress.counted(), options_));
      check_failed_simulations();
    }
    progress.expect(finished_, false);
    tell_refusals();
    tell_precision();
    std::erase_if(failures_, [&](const auto& failure) { return !matters(failure.first); });
    if (!failures_.empty()) give_up();
  }

 private:
  struct Task {
    std::size_t series, run;
  };
  static constexpr char done_well = 'r', bad_input = 'b', failed = 'f';  ///< the last byte of an answer

  /// Points that results have not decided yet, of all series.
  [[nodiscard]] std::size_t undecided() const {
    std::size_t points = 0;
    for (const Unfinished& series : unfinished_) points += series.replications().undecided();
    return points;
  }
  /// So many that no worker idles, though some may turn out to be needless.
  [[nodiscard]] std::vector<std::size_t> next_round(unsigned workers) const {
    const std::size_t ahead = workers / std::max<std::size_t>(undecided(), 1);
    std::vector<std::size_t> tasks;
    for (std::size_t series = 0; series < unfinished_.size(); ++series) {
      for (const std::size_t run : unfinished_[series].replications().next(ahead)) {
        tasks.push_back(first_task_[series] + run);
      }
    }
    return tasks;
  }
  [[nodiscard]] bool matters(std::size_t task) const {
    return unfinished_[tasks_[task].series].replications().matters(tasks_[task].run);
  }

  /// In a worker. Bad input is an answer: the other runs may do. So is any failure of a run that may turn out
  /// to be needless.
  std::string perform(const Task& task, const Execute& execute) const {
    std::string answer;
    try {
      answer = encode(execute(all_[task.series].runs[task.run]));
      answer += done_well;
    } catch (const InputError& error) {
      answer = error.what();
      answer += bad_input;
    } catch (const SimulationError& error) {
      if (unfinished_[task.series].replications().fixed()) throw;
      answer = error.what();
      answer += failed;
    }
    return answer;
  }
  void take(std::size_t task, std::string_view answer) {
    const std::string_view content = answer.substr(0, answer.size() - 1);
    if (answer.back() != done_well) {
      (answer.back() == bad_input ? failures_ : failed_).emplace(task, content);
      unfinished_[tasks_[task].series].lose(tasks_[task].run);
      return;
    }
    RunResult its = decode(content);
    if (its.refused > 0) refused_.emplace(task, its.refused);
    keep(tasks_[task], std::move(its));
  }

  void check_failed_simulations() const {
    for (const auto& [task, message] : failed_) {
      if (matters(task)) throw SimulationError(fmt::format("{}: {}", name_of_task(task), message));
    }
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
    if (!series.complete() || series.closed()) return;
    series.finish();
    hand_over();
  }
  void hand_over() {
    while (handed_over_ < unfinished_.size() && unfinished_[handed_over_].closed()) {
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
  void tell_precision() const {
    for (std::size_t i = 0; i < all_.size(); ++i) {
      const std::string name = all_.size() == 1 ? "" : name_of(all_[i].file) + ": ";
      const Replications& replications = unfinished_[i].replications();
      for (const std::string& missed : describe_missed_aims(replications)) {
        fmt::print(stderr, "xensim: warning: {}{}\n", name, missed);
      }
      if (const std::size_t runs = replications.beyond(); runs > 0) {
        fmt::print(stderr, "{}{} beyond what the precision takes left out\n", name,
                   runs == 1 ? "1 run" : fmt::format("{} runs", runs));
      }
    }
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
  std::deque<Unfinished> unfinished_;
  std::vector<Task> tasks_;                       ///< runs of all series
  std::vector<std::size_t> first_task_;           ///< by series
  std::size_t finished_ = 0;                      ///< of the tasks
  std::size_t handed_over_ = 0;                   ///< series
  std::map<std::size_t, std::string> failures_;   ///< messages of bad input, by task
  std::map<std::size_t, std::string> failed_;     ///< of simulations that may be needless
  std::map<std::size_t, std::uint64_t> refused_;  ///< steps of the control script, by task
};

Execute simulation(const RunnerOptions& options) {
  if (options.cache) (void)RunCache(*options.cache);  // better to fail now than in every run
  return [&options](const Run& run) { return simulate_run(options, run); };
}

}  // namespace

Finished run_all(const ExperimentFile& file, const std::vector<Run>& runs, const RunnerOptions& options) {
  (void)check_traces(options.traces, runs);
  return run_all(file, runs, options, simulation(options));
}

Finished run_all(const ExperimentFile& file, const std::vector<Run>& runs, const RunnerOptions& options,
                 const Execute& execute) {
  Finished all;
  const std::vector<Series> series{{file, runs, options.output}};
  const SeriesDone done = [&](std::size_t, Finished finished) { all = std::move(finished); };
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
