/// Some of an experiment's runs.
#pragma once

#include <string>
#include <vector>

#include "experiments/runner/expansion.hpp"

namespace xensim {

/// Those that `only` leaves, in order, their indices dense again. Each entry is `PATH=LABEL`, a swept path
/// and the label of one of its values as metrics.csv has them, `replication=N`, or `cell=ID`, a cell of the
/// file's comparison; several for one path leave the runs of any. Seeds stay what they are among all. Throws
/// InputError for what no run has. O(runs * entries).
[[nodiscard]] std::vector<Run> select(const ExperimentFile& file, const std::vector<Run>& runs,
                                      const std::vector<std::string>& only);

/// Cells of the file's comparison that the run belongs to. Throws InputError if that is no good.
[[nodiscard]] std::vector<std::string> cells_of(const ExperimentFile& file, const Run& run);

/// The file as far as it says how many runs there are: replications that were chosen are run whatever
/// precision they would give.
void settle_replications(ExperimentFile& file, const std::vector<std::string>& only);

/// What tells the run from all others, as `select` takes it.
[[nodiscard]] std::vector<std::string> selectors_of(const Run& run);

}  // namespace xensim
