/// All memory of the machine under the monitor, and what each processor needs to use it.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "models/cpu/traps/trap_costs.hpp"
#include "models/host/address_space_tags.hpp"
#include "models/host/monitor/memory_costs.hpp"
#include "models/host/monitor/monitor_footprints.hpp"
#include "models/host/platform.hpp"
#include "models/memory/audit.hpp"
#include "models/memory/machine_memory.hpp"
#include "models/memory/walker.hpp"

namespace xensim {

/// A processor's translations and gates, and what the monitor's memory management keeps for it.
struct MemoryCore {
  explicit MemoryCore(const ProcessorShape& shape) : mmu(mmu_of(shape)) {}

  MemoryCpu monitor;
  Mmu mmu;
  AddressSpaceTags tags;
  InterruptTable gates;
};

/// Memory that was built for a domain that does not use it yet.
struct BuiltMemory {
  MemoryDomain domain;
  KernelLayout layout;
};

/// Made when the first domain has processes with memory: domains whose programs only compute need none of it.
class MonitorMemory {
 public:
  /// The monitor's image and heap, the M2P table and room for the frame table.
  static constexpr std::uint32_t monitor_frames = (48U << 20) / page_size;
  /// Of a machine with so much memory. Throws InputError if the monitor has not enough.
  [[nodiscard]] static std::uint32_t frames_of(Bytes memory);

  MonitorMemory(const HostContext& context, const MonitorCosts& monitor,
                std::function<FootprintId()> new_footprint)
      : machine(xen_1_0_memory, frames_of(context.memory), monitor_frames),
        costs(context.calibration, context.costs, monitor),
        trap_costs(context.calibration, context.costs, monitor),
        footprints(std::move(new_footprint)),
        cores(context.cpus, MemoryCore(context.shape)) {
    control_.id = DomainId{0};
    control_.privileged = true;
  }

  /// A new domain's memory, built by the control domain. Building takes no time here.
  /// Throws InputError if the machine has too little left.
  [[nodiscard]] KernelLayout build(MemoryDomain& domain, CpuId cpu, Bytes size);

  /// Empty, or the first contradiction in the frame table. `domains` are all that were built and still are.
  /// `held` are references by devices.
  [[nodiscard]] std::string audit(std::vector<const MemoryDomain*> domains,
                                  std::span<const HeldReference> held = {}) const;
  /// The control domain, as the builder and the tools know it.
  [[nodiscard]] MemoryDomain& control() { return control_; }

  MachineMemory machine;
  const MemoryCosts costs;
  const TrapCosts trap_costs;
  MonitorFootprints footprints;
  std::vector<MemoryCore> cores;  ///< by CpuId

 private:
  MemoryDomain control_;
};

}  // namespace xensim
