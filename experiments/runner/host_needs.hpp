/// What experiments need of the machines they run on, told before they start.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "experiments/runner/experiment.hpp"
#include "models/host/host_plan.hpp"
#include "workloads/workload.hpp"

namespace xensim {

/// Workloads are asked once each, over many points of a sweep.
class HostNeeds {
 public:
  /// Null for a platform that says nothing.
  [[nodiscard]] std::unique_ptr<PlatformNeeds> of(const Experiment& experiment);

  /// Whether control scripts can be carried out on its platform, whatever it runs.
  [[nodiscard]] static bool has_control_plane(const Experiment& experiment);

  [[nodiscard]] const WorkloadNeeds& of(const Config& workload, const Experiment& experiment);
  /// Files besides the experiment's own that its workloads read.
  [[nodiscard]] std::vector<std::string> files(const Experiment& experiment);
  /// What the user should know of its workloads and of its domains' shares.
  [[nodiscard]] std::vector<std::string> remarks(const Experiment& experiment);

  /// Throws InputError if the machine has too little for the instances that are there together.
  void check(const Experiment& experiment, const std::shared_ptr<const ConfigSource>& source);

 private:
  [[nodiscard]] HostPlan plan(const Experiment& experiment);

  std::map<std::string, WorkloadNeeds> known_;  ///< by the workload's JSON
};

}  // namespace xensim
