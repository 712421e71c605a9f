/// Many runs: worker processes, progress, results on disk, resuming after an interruption.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "experiments/runner/expansion.hpp"
#include "experiments/runner/simulation.hpp"

namespace xensim {

struct RunnerOptions {
  unsigned jobs = 0;                            ///< worker processes; 0: one per processor
  std::optional<std::filesystem::path> output;  ///< where results go; nothing is written if empty
  std::optional<std::filesystem::path> cache;   ///< of runs, for any experiment that has them (run_cache.hpp)
  bool resume = false;                          ///< keep what `output` holds of the same configuration
  bool audit = false;
  bool explain = false;               ///< results also count what the workloads did; then nothing is resumed
  std::vector<std::string> traces{};  ///< "KIND:FILE", each; they need exactly one run
  std::vector<std::string> only{};    ///< what the runs were selected by (selection.hpp), for run.json
  bool quiet = false;                 ///< no progress
};

/// The runs that count, with their results, in the order of expansion.
struct Finished {
  std::vector<Run> runs{};  ///< their indices are dense
  std::vector<RunResult> results{};
};

/// The results, in the order of `runs`, whatever the number of jobs. With a precision in the file, `runs` are
/// all that may be needed, and which of them count depends on the results alone: runs that others turn out to
/// make needless are left out, and said to be. Each finished run is on disk before the next is counted;
/// Ctrl-C keeps those and throws Interrupted. A worker's error is rethrown here with its kind (InputError,
/// SimulationError) and the run it happened in, an InputError when all other runs are done, any other at
/// once; a worker that died is a SimulationError. Runs are always executed in forked processes, so that
/// Ctrl-C can stop them anywhere: the caller must have no threads that the simulation depends on. Series of
/// runs that `resume` finds in a complete directory stay on disk only.
[[nodiscard]] Finished run_all(const ExperimentFile& file, const std::vector<Run>& runs,
                               const RunnerOptions& options);

/// How one run is executed, in a worker process.
using Execute = std::function<RunResult(const Run&)>;
/// The same with another way to execute a run; `options.audit` and `options.traces` are its business.
[[nodiscard]] Finished run_all(const ExperimentFile& file, const std::vector<Run>& runs,
                               const RunnerOptions& options, const Execute& execute);

/// An experiment among several.
struct Series {
  const ExperimentFile& file;
  const std::vector<Run>& runs;
  std::optional<std::filesystem::path> output;  ///< instead of RunnerOptions::output, which holds all
};
/// A series is done.
using SeriesDone = std::function<void(std::size_t series, Finished finished)>;
/// Runs one series after the other, but no worker waits for the last runs of one before it begins with the
/// next. `done` is called in the order of the series.
void run_series(const std::vector<Series>& all, const RunnerOptions& options, const SeriesDone& done);
void run_series(const std::vector<Series>& all, const RunnerOptions& options, const SeriesDone& done,
                const Execute& execute);

/// Ctrl-C or SIGTERM; finished runs are safe.
class Interrupted : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace xensim
