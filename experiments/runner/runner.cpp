#include "experiments/runner/runner.hpp"

#include <fmt/format.h>

#include <set>
#include <system_error>
#include <utility>

#include "core/error.hpp"
#include "experiments/runner/progress.hpp"
#include "experiments/runner/run_message.hpp"
#include "experiments/runner/worker_pool.hpp"
#include "results/atomic_file.hpp"
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

/// The calibration files, in order of their names.
std::string constants() {
  std::error_code ignored;
  std::set<std::filesystem::path> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(home_directory() / "experiments" / "calibration", ignored)) {
    files.insert(entry.path());
  }
  std::string text;
  for (const std::filesystem::path& file : files) text += read_file(file).value_or("");
  return text;
}

Provenance provenance_of(const ExperimentFile& file, const std::vector<Run>& runs) {
  Provenance provenance{.version = XENSIM_VERSION,
                        .configuration = file.document,
                        .constants = constants(),
                        .seed = 1,
                        .runs = {}};
  if (file.document.is_object() && file.document.contains("seed")) {
    provenance.seed = file.document["seed"].get<std::uint64_t>();
  }
  for (const Run& run : runs) provenance.runs.push_back({run.point, run.replication});
  return provenance;
}

[[noreturn]] void rethrow(const TaskFailure& failure, const std::vector<Run>& runs) {
  const std::string run = failure.task < runs.size() ? settings_of(runs[failure.task]) : "a worker";
  switch (failure.kind) {
    case TaskFailure::Kind::input:
      throw InputError({}, fmt::format("{} [in {}]", failure.what(), run));
    case TaskFailure::Kind::simulation:
    case TaskFailure::Kind::other:
    case TaskFailure::Kind::died:
      break;
  }
  throw SimulationError(fmt::format("{}: {}", run, failure.what()));
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
    trace->finish();  // what led to the failure is what the trace is for
    throw;
  }
}

std::string interruption(std::size_t finished, std::size_t total, const RunnerOptions& options) {
  return options.output
             ? fmt::format("interrupted: {} of {} runs are kept in {}; --resume completes the rest", finished,
                           total, options.output->string())
             : fmt::format("interrupted after {} of {} runs", finished, total);
}

}  // namespace

std::vector<RunResult> run_all(const ExperimentFile& file, const std::vector<Run>& runs,
                               const RunnerOptions& options) {
  if (!options.trace.empty()) {
    (void)parse_trace_request(options.trace);
    if (runs.size() != 1) {
      throw InputError({.path = "--trace"}, fmt::format("{} runs", runs.size()),
                       "exactly one run to trace: choose its point with --set and use --replications 1");
    }
  }
  return run_all(file, runs, options, [&](const Run& run) { return simulate_run(options, run); });
}

std::vector<RunResult> run_all(const ExperimentFile& file, const std::vector<Run>& runs,
                               const RunnerOptions& options, const Execute& execute) {
  std::vector<RunResult> results(runs.size());
  std::vector<std::size_t> missing;
  std::optional<Recorder> recorder;
  if (options.output) {
    // A trace is only written by running, and finished runs may not have counted.
    const bool resume = options.resume && options.trace.empty() && !options.explain;
    recorder.emplace(*options.output, provenance_of(file, runs), resume);
  }
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const auto* found = recorder ? recorder->find(i) : nullptr;
    if (found != nullptr) {
      results[i] = *found;
    } else {
      missing.push_back(i);
    }
  }

  std::size_t finished = runs.size() - missing.size();
  {
    Progress progress(name_of(file), runs.size(), finished, Progress::style_for(options.quiet));
    const WorkerPool pool{.workers = options.jobs > 0 ? options.jobs : available_processors(),
                          .task = [&](std::size_t i) { return encode(execute(runs[i])); },
                          .done =
                              [&](std::size_t i, std::string_view answer) {
                                results[i] = decode(answer);
                                if (recorder) recorder->keep(i, results[i]);
                                ++finished;
                                progress.advance();
                              },
                          .tick = [&] { progress.show(); }};
    try {
      if (!pool.run(missing)) throw Interrupted(interruption(finished, runs.size(), options));
    } catch (const TaskFailure& failure) {
      rethrow(failure, runs);
    }
  }
  if (recorder) recorder->finish(results);
  return results;
}

}  // namespace xensim
