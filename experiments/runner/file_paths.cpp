#include "experiments/runner/file_paths.hpp"

#include <filesystem>
#include <vector>

#include "core/json_type.hpp"
#include "core/parameter_info.hpp"
#include "workloads/clients/client.hpp"
#include "workloads/workload.hpp"

namespace xensim {
namespace {

/// `variant`, with these parameters, has been checked; `copy` is its place in the document that is changed.
void make_absolute(const Config& variant, const std::vector<ParameterInfo>& parameters, Json& copy) {
  for (const ParameterInfo& parameter : parameters) {
    if (parameter.unit != JsonType<InputFile>::unit || !variant.has(parameter.name)) continue;
    const InputFile file = JsonType<InputFile>::read(variant.at(parameter.name));
    if (!file.path.empty()) copy[parameter.name] = std::filesystem::absolute(file.path).string();
  }
}

void of_workload(const Config& workload, Json& copy) {
  if (!workload.json().is_object()) return;
  if (workload.has("workloads")) {  // of a mix
    const Config parts = workload.at("workloads");
    for (std::size_t i = 0; i < parts.size(); ++i) of_workload(parts.at(i), copy["workloads"][i]);
    return;
  }
  const auto& entries = WorkloadRegistry::instance().entries();
  make_absolute(workload, entries.at(workload.at("name").string()).parameters, copy);
}

void of_client(const Config& client, Json& copy) {
  if (!client.json().is_object()) return;
  const auto& entries = ClientRegistry::instance().entries();
  make_absolute(client, entries.at(client.at("name").string()).parameters, copy);
  if (client.has("workload")) of_workload(client.at("workload"), copy["workload"]);
}

}  // namespace

Json with_absolute_paths(const Experiment& experiment) {
  Json document = *experiment.document;
  for (std::size_t i = 0; i < experiment.domains.size(); ++i) {
    of_workload(experiment.domains[i].workload, document["domains"][i]["workload"]);
  }
  for (std::size_t i = 0; i < experiment.clients.size(); ++i) {
    of_client(experiment.clients[i].behaviour, document["clients"][i]["behaviour"]);
  }
  return document;
}

}  // namespace xensim
