/// Domain 0's control plane on Xen 1.0: a process of domain 0 that waits for commands from the console.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "core/histogram.hpp"
#include "core/statistic.hpp"
#include "models/host/monitor/control.hpp"
#include "models/host/monitor/domain_builder.hpp"

namespace xensim {

/// Knows which domains are whose: an instance may have had several, one after another.
class XenControl final : public ControlPlane {
 public:
  XenControl(Monitor& monitor, const HostContext& context);

  void ask(ControlRequest request) override;
  [[nodiscard]] bool idle() const override { return pending_.empty() && !busy_; }
  [[nodiscard]] std::uint64_t refused() const override { return refused_; }

  /// A new instance, which has no domain yet.
  std::uint32_t add_instance();
  /// The instance has this domain from now on.
  void adopt(std::uint32_t instance, VcpuId vcpu);
  /// All domains that it ever had, the last of which may exist.
  [[nodiscard]] const std::vector<VcpuId>& domains_of(std::uint32_t instance) const {
    return domains_[instance];
  }
  /// The domain of an instance that exists.
  [[nodiscard]] std::optional<VcpuId> domain_of(std::uint32_t instance) const;

  void report(StatisticSink& sink, const std::string& prefix) const;

 private:
  static Program serve(XenControl& self);
  /// One hypercall on the instance's domain. False: refused.
  [[nodiscard]] bool operate(const ControlRequest& request);
  [[nodiscard]] Time now() const;

  Monitor& monitor_;
  TraceSink* trace_;
  ControlCosts costs_;
  WorkingSet working_set_;
  std::vector<std::vector<VcpuId>> domains_;  ///< by instance
  std::deque<ControlRequest> pending_;
  std::optional<ProcessId> server_;  ///< started with the first request
  bool busy_ = false;
  std::uint64_t done_ = 0, refused_ = 0;
  Histogram build_time_;  ///< us
};

}  // namespace xensim
