/// Whether a run can be traced, and what that takes, told before it starts.
#pragma once

#include <string>
#include <vector>

#include "core/quantity.hpp"
#include "experiments/runner/demand.hpp"
#include "experiments/runner/expansion.hpp"

namespace xensim {

/// What the traces that `requests` (`KIND:FILE`) ask for take on disk, at the least. Throws InputError if
/// there are some and more than one run, if a format cannot hold what the run has, if two are to be one file,
/// or if a file could not be written. O(instances).
[[nodiscard]] Bytes check_traces(const std::vector<std::string>& requests, const std::vector<Run>& runs);

/// Throws InputError if the demand's trace needs more than is `free`.
void check_space(const Demand& demand, Bytes free);

/// Where the first trace is to be, as far as it is known.
[[nodiscard]] Bytes free_space(const std::vector<std::string>& requests);

}  // namespace xensim
