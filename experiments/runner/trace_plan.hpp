/// Whether a run can be traced, and what that takes, told before it starts.
#pragma once

#include <string>
#include <vector>

#include "core/quantity.hpp"
#include "experiments/runner/demand.hpp"
#include "experiments/runner/expansion.hpp"

namespace xensim {

/// What the trace that `request` (`KIND:FILE`) asks for takes on disk, at the least. Throws
/// InputError if there is more than one run, if the format cannot hold what the run has, or if the file could
/// not be written. O(instances).
[[nodiscard]] Bytes check_trace(const std::string& request, const std::vector<Run>& runs);

/// Throws InputError if the demand's trace needs more than is `free`.
void check_space(const Demand& demand, Bytes free);

/// Where the trace is to be, as far as it is known.
[[nodiscard]] Bytes free_space(const std::string& request);

}  // namespace xensim
