/// The paper's experiments beside its numbers.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "experiments/runner/runner.hpp"

namespace xensim {

struct ReproduceOptions {
  std::vector<std::string> names;             ///< empty: all that exist
  std::vector<std::string> platforms;         ///< labels of the sweep's platforms; empty: all
  std::optional<std::filesystem::path> json;  ///< comparison file
  RunnerOptions runner;
};

/// Runs each, prints simulated beside published, writes data under runner.output. Throws InputError for an
/// unknown name or platform.
void reproduce(const ReproduceOptions& options);

/// The names that `reproduce` knows, in the paper's order.
[[nodiscard]] std::vector<std::string> reproducible();

}  // namespace xensim
