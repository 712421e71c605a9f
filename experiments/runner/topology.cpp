#include "experiments/runner/topology.hpp"

#include <fmt/format.h>

#include "core/json.hpp"

namespace xensim {

std::string topology(const Experiment& experiment) {
  const Json& platform = experiment.platform.json();
  const bool native = (platform.is_string() ? platform : platform["name"]) == "native";
  const auto cpus = static_cast<std::size_t>(experiment.machine.cpus);
  std::vector<PlacedDomains> placed;
  // The monitor places domains on the processors in turn, domain 0 on the first.
  std::size_t next = 0;
  const auto place = [&](std::string name, std::string kind, std::int64_t count) {
    PlacedDomains domains{std::move(name), std::move(kind), std::vector<std::int64_t>(cpus)};
    for (std::int64_t i = 0; i < count; ++i, next = (next + 1) % cpus) ++domains.vcpus[next];
    placed.push_back(std::move(domains));
  };
  if (!native) place("domain 0", "control domain", 1);
  for (const DomainTemplate& domain : experiment.domains) {
    const std::string name = fmt::format("{} x {}", domain.count, domain.name);
    if (!native) {
      place(name, "domains", domain.count);
    } else {
      // One kernel, which moves processes about as it likes.
      placed.push_back({name, "processes", std::vector<std::int64_t>(cpus, PlacedDomains::anywhere)});
    }
  }
  return machine_graph(experiment.machine, placed).graphviz();
}

}  // namespace xensim
