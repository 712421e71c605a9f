/// A results directory:
///
///     run.json      what was run: configuration as written and as resolved, constants, versions, seed, hash
///     metrics.csv   one row per run and metric
///     series/*.csv  one file per time series
///     runs/         the finished runs one by one, only while a sweep is under way
///
/// What others make of these results and put beside them (`cells.csv`, `losses.txt`, a figure by the
/// directory's name) goes when other results take their place.
///
/// The same input gives the same bytes: no times, host names or paths. `run.json` is written last, so a
/// directory that has it is complete.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/config.hpp"
#include "core/json.hpp"
#include "results/directory_lock.hpp"
#include "results/metrics_table.hpp"
#include "results/run_result.hpp"

namespace xensim {

/// What a results directory is about.
struct Provenance {
  std::string version{};  ///< of xensim
  std::string sources{};  ///< that it was built from: their hash
  Json configuration{};   ///< as written, with its sweep
  Json resolved{};        ///< the first point: the machine spelled out
  Json constants{};       ///< of the first point, by name
  std::string inputs{};   ///< hash of all that any run reads: every point, its constants, load files
  std::uint64_t seed = 1;
  bool audited = false;             ///< only runs that were audited may be taken over
  std::vector<RunLabel> runs{};     ///< all that may be needed
  std::vector<std::string> only{};  ///< what they were selected by among the experiment's; empty: all

  /// Of version, sources, configuration, inputs and selection, in hexadecimal: the same on every host.
  [[nodiscard]] std::string hash() const;
};

class Recorder {
 public:
  /// Makes the directory where it is missing. With `resume`, takes over the finished runs of an earlier
  /// attempt; without, earlier results stay until `finish` replaces them. Throws InputError if the
  /// directory cannot be written, if another recorder is at it, or if `resume` finds results of another
  /// configuration.
  Recorder(std::filesystem::path directory, Provenance provenance, bool resume);

  /// The result of a run that `resume` took over, or null. If the directory was complete already, its series
  /// stay on disk.
  [[nodiscard]] const RunResult* find(std::size_t run) const {
    const auto found = found_.find(run);
    return found == found_.end() ? nullptr : &found->second;
  }

  /// Finished runs that `resume` found and left, because they were not audited.
  [[nodiscard]] std::size_t not_audited() const { return not_audited_; }

  /// Puts one finished run on disk.
  void keep(std::size_t run, const RunResult& result);

  /// Of all runs only these, in ascending order, are results. `precision` tells of each point how well its
  /// mean is known, for run.json.
  void select(std::span<const std::size_t> runs, Json precision);

  /// Writes the directory as described above. `results` has one entry per run.
  void finish(std::span<const RunResult> results);

  /// Some runs failed, whose results are empty. Writes metrics and series of the others, but no `run.json`;
  /// the finished runs stay for another attempt.
  void give_up(std::span<const RunResult> results);

 private:
  /// Everything but the description.
  void write_tables(std::span<const RunResult> results);
  void adopt_complete();
  void adopt_finished_runs();
  [[nodiscard]] std::filesystem::path run_file(std::size_t run) const;
  /// What its results are of: part of their description, and what an interrupted sweep leaves.
  [[nodiscard]] Json identity() const;
  [[nodiscard]] std::string description(std::span<const RunResult> results) const;

  std::filesystem::path directory_, runs_;
  Provenance provenance_;
  Json precision_{};  ///< null if their number was fixed
  std::map<std::size_t, RunResult> found_;
  std::size_t not_audited_ = 0;
  bool complete_ = false;
  std::optional<DirectoryLock> lock_;
};

}  // namespace xensim
