/// What there is to choose from, for `xensim list`.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/config.hpp"
#include "core/json.hpp"

namespace xensim {

/// schedulers, workloads, platforms, clients, experiments, metrics.
[[nodiscard]] const std::vector<std::string>& list_kinds();

/// The variants of one kind with their parameters, as a table or as JSON. `kind` must be one of the above.
[[nodiscard]] std::string list_text(const std::string& kind);
[[nodiscard]] Json list_json(const std::string& kind);

/// The names of the experiments in experiments/, in alphabetical order.
[[nodiscard]] std::vector<std::string> experiment_names();

/// The file that `name` means: a path, or the name of an experiment in experiments/. Throws InputError.
[[nodiscard]] std::filesystem::path find_experiment(const std::string& name);

}  // namespace xensim
