/// From the runs of an experiment to the cells that stand beside published values.
///
/// The "compare" block of an experiment file, or a list of them:
///
///     "compare": {
///       "cell": "figure6/{platform}/{domains[0].count}",  // {sweep path}: the label of its value
///       "metric": "throughput",
///       "relative_to": {"domains[0].count": 1},           // optional: divide by the run at this point
///       "at": {"scheduler": "bvt"},                       // optional: runs at this point only
///       "change": true,                                   // optional: the ratio's distance from 1, percent
///       "victim": "database",                             // optional: say where its loss arises
///       "unit": "x one instance"
///     }
///
/// A `*` in the metric stands for anything without a slash, and all that match are added: "*/score" is the
/// total over domain templates. A cell is the mean over all sweep values that its id does not name, and over
/// replications; of the latter it is the median if "statistic" says so.
#pragma once

#include <functional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "experiments/runner/expansion.hpp"
#include "results/comparison.hpp"
#include "results/run_result.hpp"

namespace xensim {

struct CompareBlock {
  std::string cell, metric, unit;
  bool median = false;  ///< "statistic": "median" of the replications, not their mean
  std::vector<std::pair<std::string, std::string>> relative_to;  ///< sweep path -> label of the base
  std::vector<std::pair<std::string, std::string>> at{};         ///< sweep path -> label
  bool change = false;
  std::string victim{};  ///< a template; empty: none
};

/// The blocks of an experiment file; none if it has no "compare". Throws InputError.
[[nodiscard]] std::vector<CompareBlock> read_compare_blocks(const ExperimentFile& file);

/// The id of the cell that a run belongs to. Throws InputError if the block names what is not swept.
[[nodiscard]] std::string cell_of(const CompareBlock& block, const Run& run);

/// The cells of one block, in the order in which the runs first reach them. Ratios are taken run by run:
/// the base has the same other sweep values and the same replication, hence the same random numbers.
/// Those in `calibrated` (Calibration::cells) have that role, all others are predicted. Throws InputError if
/// the block names a sweep path, metric or base point that the runs do not have.
[[nodiscard]] std::vector<Cell> form_cells(const CompareBlock& block, const std::vector<Run>& runs,
                                           std::span<const RunResult> results,
                                           const PublishedValues& published,
                                           const std::set<std::string, std::less<>>& calibrated);

/// Of a block with a victim, a line for each cell: where its loss against the base arises (attribute()).
/// Throws InputError as form_cells does.
[[nodiscard]] std::string explain_losses(const CompareBlock& block, const std::vector<Run>& runs,
                                         std::span<const RunResult> results);

}  // namespace xensim
