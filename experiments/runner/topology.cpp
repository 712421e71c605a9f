#include "experiments/runner/topology.hpp"

#include <fmt/format.h>

#include "core/json.hpp"
#include "experiments/runner/host_needs.hpp"

namespace xensim {
namespace {

std::string label(std::int64_t count, const std::string& name) { return fmt::format("{} x {}", count, name); }

/// The switch and the machines outside, on the machine's first network interface.
void add_outside(const Experiment& experiment, OtherParts& all) {
  if (experiment.clients.empty() || experiment.machine.nics.empty()) return;
  all.parts.push_back({"switch", "switch", {}});
  all.attachments.push_back({"switch", experiment.machine.nics.front().name, "", {}});
  for (const ClientTemplate& client : experiment.clients) {
    const std::string name = label(client.count, client.name);
    all.parts.push_back({name, "clients", {}});
    all.attachments.push_back({name, "switch", "", {}});
  }
}

/// The virtual interface and disk of each domain whose programs make system calls.
void add_devices(const Experiment& experiment, const std::vector<AttachedPart>& of_machine,
                 const std::string& device, const std::string& kind, OtherParts& all) {
  HostNeeds needs;
  for (const DomainTemplate& domain : experiment.domains) {
    if (domain.count == 0 || !needs.of(domain.workload, experiment).system_calls) continue;
    const std::string owner = label(domain.count, domain.name), name = device + " of " + owner;
    all.parts.push_back({name, kind, {}});
    all.attachments.push_back({name, owner, "", {}});
    for (const AttachedPart& part : of_machine) all.attachments.push_back({name, part.name, "", {}});
  }
}

}  // namespace

std::string topology(const Experiment& experiment) {
  const std::unique_ptr<PlatformNeeds> needs = HostNeeds{}.of(experiment);
  const bool virtualized = needs && needs->vcpus() > 0;
  std::vector<PlacedDomains> placed;
  std::uint32_t next = 0;
  const auto place = [&](std::string name, std::string kind, std::int64_t count) {
    const auto cpus = static_cast<std::size_t>(experiment.machine.cpus);
    PlacedDomains domains{std::move(name), std::move(kind), std::vector<std::int64_t>(cpus)};
    for (std::int64_t i = 0; i < count; ++i) ++domains.vcpus[needs->home(next++)->value];
    placed.push_back(std::move(domains));
  };
  if (virtualized && needs->has_control_plane()) place("domain 0", "control domain", 1);
  for (const DomainTemplate& domain : experiment.domains) {
    const std::string name = label(domain.count, domain.name);
    if (virtualized) {
      place(name, "domains", domain.count);
    } else {
      placed.push_back({name, "processes",
                        std::vector<std::int64_t>(static_cast<std::size_t>(experiment.machine.cpus),
                                                  PlacedDomains::anywhere)});
    }
  }
  OtherParts others;
  if (virtualized) {
    add_devices(experiment, experiment.machine.disks, "virtual disk", "block device", others);
    if (!needs->interfaces().empty()) {
      add_devices(experiment, experiment.machine.nics, "vif0", "virtual interface", others);
    }
  }
  add_outside(experiment, others);
  return machine_graph(experiment.machine, placed, others).graphviz();
}

}  // namespace xensim
