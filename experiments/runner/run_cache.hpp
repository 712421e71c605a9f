/// Finished runs, kept for every experiment that has them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "experiments/runner/experiment.hpp"
#include "experiments/runner/simulation.hpp"
#include "results/run_result.hpp"

namespace xensim {

/// All that a run's result depends on, as one line of text: the experiment at its point without what only
/// names or describes it, its constants, the contents of the files that its workloads read (by hash), seed
/// and options, and the program by its sources. Runs of equal keys have equal results. O(experiment).
[[nodiscard]] std::string run_key(const Experiment& experiment, const SimulationOptions& options);

/// A directory of results by their keys, one file each, which appear whole. Any number of processes may use
/// it at a time; it may be deleted at any time. An entry counts only if it is intact and has the same key to
/// the last byte.
class RunCache {
 public:
  /// Makes the directory. Throws InputError if it cannot be made or written.
  explicit RunCache(std::filesystem::path directory);

  /// The result of an earlier run of the same key. A damaged or foreign entry is warned of on standard error.
  [[nodiscard]] std::optional<RunResult> find(const std::string& key) const;
  /// Warns on standard error if it cannot be written: the result is worth more than its copy.
  void keep(const std::string& key, const RunResult& result) const;

 private:
  [[nodiscard]] std::filesystem::path file_of(const std::string& key) const;

  std::filesystem::path directory_;
};

/// simulate(), unless `cache` has the result; then that is kept there. Without a cache, and for runs that are
/// traced or strict, which are done for more than their result, simulate() alone.
[[nodiscard]] RunResult simulate_or_find(const Experiment& experiment, const SimulationOptions& options,
                                         const std::optional<std::filesystem::path>& cache);

}  // namespace xensim
