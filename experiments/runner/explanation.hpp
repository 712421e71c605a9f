/// The counts behind results, for people.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "experiments/runner/expansion.hpp"
#include "results/run_result.hpp"

namespace xensim {

/// For each title, in order of appearance, the metrics `.../count/NAME` of its runs that are not 0: their
/// mean. Says so if no workload counts anything. `results` has one entry per run.
[[nodiscard]] std::string explanation(const std::vector<Run>& runs, std::span<const RunResult> results,
                                      const std::function<std::string(const Run&)>& title_of);

/// `platform=L-UP, domains[0].workload=null_call`; without a sweep, `all runs`.
[[nodiscard]] std::string describe_point(const Run& run);

}  // namespace xensim
