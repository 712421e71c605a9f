/// An experiment's machine and what is placed on it, for Graphviz.
#pragma once

#include <string>

#include "experiments/runner/experiment.hpp"

namespace xensim {

/// Parts, attachments and the domains with their virtual processors, placed as the platform does it.
[[nodiscard]] std::string topology(const Experiment& experiment);

}  // namespace xensim
