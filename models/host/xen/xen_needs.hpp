/// What the platform "xen" needs of a machine.
#pragma once

#include "models/host/host_plan.hpp"
#include "models/host/monitor/monitor.hpp"

namespace xensim {

/// Domains have memory and a part of a disk of their own if their programs make system calls, or if domain 0
/// builds them.
class XenNeeds final : public PlatformNeeds {
 public:
  XenNeeds(MonitorParameters parameters, const HostPlan& plan)
      : parameters_(std::move(parameters)), plan_(plan) {}

  [[nodiscard]] std::optional<Shortage> shortage() const override;
  [[nodiscard]] Bytes simulator_memory() const override;
  [[nodiscard]] std::size_t vcpus() const override { return 1 + plan_.kernels.size() + plan_.created_anew; }
  [[nodiscard]] std::optional<CpuId> home(std::uint32_t vcpu) const override {
    return Monitor::home(VcpuId{vcpu}, plan_.cpus);
  }
  [[nodiscard]] bool has_control_plane() const override { return true; }
  [[nodiscard]] std::vector<std::string> interfaces() const override;

 private:
  MonitorParameters parameters_;
  HostPlan plan_;
};

}  // namespace xensim
