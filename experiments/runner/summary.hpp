/// The runs of an experiment in a table.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "experiments/runner/expansion.hpp"
#include "results/run_result.hpp"

namespace xensim {

/// One row per point of the sweep and metric: the mean over replications and its 95 % confidence interval.
/// Of more than a dozen metrics, only those of the whole experiment (without a path) are shown, and what each
/// template of domains or clients is run for. With `counts`, a column tells the replications of each point.
[[nodiscard]] std::string summary_table(const std::vector<Run>& runs, std::span<const RunResult> results,
                                        bool counts = false);

/// Throws InputError if some run has no metric, or series, that was asked for by the name of one of its
/// domains: mostly because programs were not done in time. O(runs * names asked for * names).
void check_measured(const std::vector<Run>& runs, std::span<const RunResult> results);

}  // namespace xensim
