/// Files that an experiment names, wherever it goes.
#pragma once

#include "experiments/runner/experiment.hpp"

namespace xensim {

/// The experiment's document with absolute paths in place of those that are relative to the file it came
/// from, or to where this process is: the same run in any process. O(document).
[[nodiscard]] Json with_absolute_paths(const Experiment& experiment);

}  // namespace xensim
