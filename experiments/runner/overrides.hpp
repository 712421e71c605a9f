/// `--set path=value` on an experiment as read.
#pragma once

#include <string>

#include "experiments/runner/experiment.hpp"

namespace xensim {

/// The value is JSON where it can be, otherwise a string: `5`, `[1, 2]`, `"5 ms"` or plain `5 ms`.
/// Complaints about it name the option. A path that is swept stops being swept: it gets
/// the swept value of that label, or else the value itself; "compare", which needs the whole sweep, goes
/// too. Throws InputError, also for a path below a swept one, since the sweep would overwrite it.
void apply_override(ExperimentFile& file, const std::string& assignment);

/// The same for an option of its own, such as `--seed 5`, which complaints name.
void apply_override(ExperimentFile& file, const std::string& path, const std::string& text,
                    const std::string& option);

}  // namespace xensim
