#include "experiments/runner/host_needs.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/json.hpp"
#include "core/json_type.hpp"
#include "core/parameter_info.hpp"
#include "experiments/runner/control_script.hpp"
#include "experiments/runner/scheduling_share.hpp"

namespace xensim {
namespace {

bool says_its_needs(const Experiment& experiment) {
  const Json& platform = experiment.platform.json();
  const Json& name = platform.is_string() ? platform : platform.at("name");
  return PlatformNeedsRegistry::instance().entries().contains(name.get<std::string>());
}

std::unique_ptr<PlatformNeeds> needs_of(const Experiment& experiment, const HostPlan& plan) {
  return PlatformNeedsRegistry::instance().create("platform", experiment.platform, plan);
}

}  // namespace

const WorkloadNeeds& HostNeeds::of(const Config& workload, const Experiment& experiment) {
  const auto [known, is_new] = known_.try_emplace(workload.json().dump());
  if (!is_new) return known->second;
  const ProcessorCosts costs(*experiment.calibration);
  const ProcessorShape shape = shape_of(experiment.machine);
  const WorkloadContext context{.shape = shape, .calibration = *experiment.calibration, .costs = costs};
  return known->second = WorkloadRegistry::instance().create("workload", workload, context)->needs();
}

HostPlan HostNeeds::plan(const Experiment& experiment) {
  HostPlan plan{.calibration = *experiment.calibration,
                .cpus = static_cast<std::uint32_t>(experiment.machine.cpus),
                .memory = experiment.machine.memory,
                .kernels = {},
                .present = {},
                .created = created_later(experiment),
                .network = !experiment.clients.empty()};
  for (const DomainTemplate& domain : experiment.domains) {
    if (domain.count == 0) continue;
    const WorkloadNeeds& needs = of(domain.workload, experiment);
    plan.kernels.insert(plan.kernels.end(), static_cast<std::size_t>(domain.count), needs.system_calls);
    plan.network = plan.network || needs.network;
  }
  // What a script gives back, another instance may get.
  bool gives_back = false;
  std::size_t created = 0;
  for (const ControlStep& step : experiment.control) {
    gives_back = gives_back || step.verb == ControlVerb::destroy || step.verb == ControlVerb::set_memory;
    if (step.verb == ControlVerb::create) created += named_instances(experiment.domains, step.domain).size();
  }
  const auto later = static_cast<std::size_t>(std::ranges::count(plan.created, true));
  plan.created_anew = static_cast<std::uint32_t>(created - std::min(created, later));
  for (const bool is_later : plan.created) plan.present.push_back(!(is_later && gives_back));
  return plan;
}

std::unique_ptr<PlatformNeeds> HostNeeds::of(const Experiment& experiment) {
  return says_its_needs(experiment) ? needs_of(experiment, plan(experiment)) : nullptr;
}

bool HostNeeds::has_control_plane(const Experiment& experiment) {
  const HostPlan empty{.calibration = *experiment.calibration,
                       .memory = experiment.machine.memory,
                       .kernels = {},
                       .present = {},
                       .created = {}};
  return says_its_needs(experiment) && needs_of(experiment, empty)->has_control_plane();
}

std::vector<std::string> HostNeeds::files(const Experiment& experiment) {
  std::vector<std::string> all;
  for (const DomainTemplate& domain : experiment.domains) {
    const WorkloadNeeds& needs = of(domain.workload, experiment);
    all.insert(all.end(), needs.files.begin(), needs.files.end());
  }
  for (const ClientTemplate& client : experiment.clients) {
    if (!client.behaviour.json().is_object()) continue;
    if (client.behaviour.has("file"))
      all.push_back(JsonType<InputFile>::read(client.behaviour.at("file")).path);
    if (!client.behaviour.has("workload")) continue;  // of a machine
    const WorkloadNeeds& needs = of(client.behaviour.at("workload"), experiment);
    all.insert(all.end(), needs.files.begin(), needs.files.end());
  }
  return all;
}

std::vector<std::string> HostNeeds::remarks(const Experiment& experiment) {
  std::vector<std::string> all;
  for (const DomainTemplate& domain : experiment.domains) {
    const WorkloadNeeds& needs = of(domain.workload, experiment);
    all.insert(all.end(), needs.remarks.begin(), needs.remarks.end());
    const std::string scheduler = scheduler_of(experiment.platform);
    if (const std::string remark = share_remark(scheduler, domain.share); !remark.empty()) {
      all.push_back(fmt::format("{}, under {}: {}", domain.name, scheduler, remark));
    }
  }
  for (const ClientTemplate& client : experiment.clients) {
    if (!client.behaviour.json().is_object() || !client.behaviour.has("workload")) continue;
    const WorkloadNeeds& needs = of(client.behaviour.at("workload"), experiment);
    all.insert(all.end(), needs.remarks.begin(), needs.remarks.end());
  }
  return all;
}

void HostNeeds::check(const Experiment& experiment, const std::shared_ptr<const ConfigSource>& source) {
  const std::unique_ptr<PlatformNeeds> needs = of(experiment);
  if (!needs) return;
  if (const auto shortage = needs->shortage()) {
    Config(*experiment.document, source).at("platform").fail(shortage->found, shortage->expected);
  }
}

}  // namespace xensim
