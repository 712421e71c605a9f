/// What tracks and tables call those who run.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/ids.hpp"

namespace xensim {

/// The names of a run's instances, by their vCPUs and by the groups of processes of one kernel.
class InstanceNames {
 public:
  void are(const std::vector<std::string>& instances) { instances_ = instances; }
  void own(VcpuId vcpu, std::uint32_t instance) { instance_of_[vcpu] = instance; }

  /// `web/0`, `dom0`, or a number if no names are known.
  [[nodiscard]] std::string of(VcpuId vcpu) const {
    const auto found = instance_of_.find(vcpu);
    if (found != instance_of_.end() && found->second < instances_.size()) return instances_[found->second];
    return instances_.empty() ? "vCPU " + std::to_string(vcpu.value) : "dom0";
  }
  /// `web/0`, or `kernel` for 0, its own.
  [[nodiscard]] std::string of_group(std::uint32_t group) const {
    if (group == 0) return "kernel";
    return group <= instances_.size() ? instances_[group - 1] : "instance " + std::to_string(group - 1);
  }

 private:
  std::vector<std::string> instances_{};
  std::map<VcpuId, std::uint32_t> instance_of_{};
};

}  // namespace xensim
