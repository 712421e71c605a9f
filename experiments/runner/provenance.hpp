/// What results come from, for run.json.
#pragma once

#include <vector>

#include "experiments/runner/expansion.hpp"
#include "results/recorder.hpp"

namespace xensim {

/// Of an experiment's file and all its runs, as expand() lists them. Reads the files that workloads use.
/// O(points).
[[nodiscard]] Provenance provenance_of(const ExperimentFile& file, const std::vector<Run>& runs,
                                       bool audited);

}  // namespace xensim
