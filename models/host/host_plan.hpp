/// What a run asks of its host, known before the host is built. A platform may register, under its name, what
/// it needs for it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/ids.hpp"
#include "core/quantity.hpp"
#include "core/registry.hpp"
#include "models/cpu/calibration.hpp"

namespace xensim {

struct HostPlan {
  const Calibration& calibration;
  std::uint32_t cpus = 1;
  Bytes memory;
  std::vector<bool> kernels;       ///< by instance: its programs make system calls
  std::vector<bool> present;       ///< by instance: it is there together with all others that are
  std::vector<bool> created;       ///< by instance: a control script has it built
  bool network = false;            ///< there is one
  std::uint32_t created_anew = 0;  ///< instances that a control script creates a second time
};

class PlatformNeeds {
 public:
  PlatformNeeds() = default;
  PlatformNeeds(const PlatformNeeds&) = delete;
  PlatformNeeds& operator=(const PlatformNeeds&) = delete;
  virtual ~PlatformNeeds() = default;

  /// What the machine has too little of; a plan without may still fail.
  struct Shortage {
    std::string found, expected;
  };
  [[nodiscard]] virtual std::optional<Shortage> shortage() const = 0;
  /// Of the computer that simulates it, roughly.
  [[nodiscard]] virtual Bytes simulator_memory() const = 0;
  /// Virtual processors that there will have been, the control domain's among them; 0: its processors run
  /// processes.
  [[nodiscard]] virtual std::size_t vcpus() const = 0;
  /// Of a virtual processor, by the order of creation: where it is until it is moved; none: processes, which
  /// move about as their kernel likes.
  [[nodiscard]] virtual std::optional<CpuId> home(std::uint32_t /*vcpu*/) const { return {}; }
  /// The first virtual processor is a control domain's, which carries out control scripts.
  [[nodiscard]] virtual bool has_control_plane() const { return false; }
  /// The network interfaces whose frames can be traced.
  [[nodiscard]] virtual std::vector<std::string> interfaces() const = 0;
};

extern template class Registry<PlatformNeeds, const HostPlan&>;
using PlatformNeedsRegistry = Registry<PlatformNeeds, const HostPlan&>;

}  // namespace xensim
