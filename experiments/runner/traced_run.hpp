/// A run that is traced.
#pragma once

#include <string>
#include <vector>

#include "experiments/runner/simulation.hpp"

namespace xensim {

/// As simulate(), with traces (`KIND:FILE`) instead of the options' sink. They are written also if the
/// simulation fails: what led to it is what they are for. Throws InputError if one cannot be written.
[[nodiscard]] RunResult simulate_traced(const Experiment& experiment, SimulationOptions options,
                                        const std::vector<std::string>& traces);

}  // namespace xensim
