#include "experiments/runner/file_paths.hpp"

#include <filesystem>

#include "core/json_type.hpp"
#include "core/parameter_info.hpp"
#include "workloads/workload.hpp"

namespace xensim {
namespace {

/// `workload` has been checked; `copy` is its place in the document that is changed.
void make_absolute(const Config& workload, Json& copy) {
  if (!workload.json().is_object()) return;
  if (workload.has("workloads")) {  // of a mix
    const Config parts = workload.at("workloads");
    for (std::size_t i = 0; i < parts.size(); ++i) make_absolute(parts.at(i), copy["workloads"][i]);
    return;
  }
  const auto& entries = WorkloadRegistry::instance().entries();
  for (const ParameterInfo& parameter : entries.at(workload.at("name").string()).parameters) {
    if (parameter.unit != JsonType<InputFile>::unit || !workload.has(parameter.name)) continue;
    const InputFile file = JsonType<InputFile>::read(workload.at(parameter.name));
    if (!file.path.empty()) copy[parameter.name] = std::filesystem::absolute(file.path).string();
  }
}

}  // namespace

Json with_absolute_paths(const Experiment& experiment) {
  Json document = *experiment.document;
  for (std::size_t i = 0; i < experiment.domains.size(); ++i) {
    make_absolute(experiment.domains[i].workload, document["domains"][i]["workload"]);
  }
  return document;
}

}  // namespace xensim
