#include "models/host/monitor/monitor_memory.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace xensim {

std::uint32_t MonitorMemory::frames_of(Bytes memory) {
  // What is above 4 GB cannot be named by an entry of the page tables.
  constexpr std::int64_t most = std::int64_t{1} << 32;
  constexpr Bytes own{std::int64_t{monitor_frames} * page_size};
  if (memory.count <= own.count) {
    throw InputError({}, fmt::format("a machine with {} of memory", format(memory)),
                     fmt::format("more than {}, which Xen keeps for itself", format(own)));
  }
  return static_cast<std::uint32_t>(std::min(memory.count, most) / page_size);
}

KernelLayout MonitorMemory::build(MemoryDomain& domain, CpuId cpu, Bytes size) {
  MemoryCpu& builder = cores[cpu.value].monitor;
  const auto pages = static_cast<std::uint32_t>(size.count / page_size);
  const auto layout = build_domain_memory({machine, builder, control_}, domain, pages);
  if (!layout) {
    throw InputError({}, fmt::format("domain {} with {} of memory", domain.id.value, format(size)),
                     "domains that fit into the machine's memory together");
  }
  builder.work = {};
  builder.owed.clear();
  return *layout;
}

std::string MonitorMemory::audit(std::vector<const MemoryDomain*> domains,
                                 std::span<const HeldReference> held) const {
  domains.push_back(&control_);
  return audit_memory(machine, {.domains = domains, .held = held});
}

}  // namespace xensim
