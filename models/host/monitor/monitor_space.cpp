#include "models/host/monitor/monitor_space.hpp"

#include <algorithm>
#include <numeric>

namespace xensim {
namespace {

constexpr std::uint32_t page_bytes = 4096;
// id, size, header, payload; id, flush count, page-table entry, frame.
constexpr std::uint32_t transmit_shadow = 12, receive_shadow = 12;
// Indices, counters, locks, list link.
constexpr std::uint32_t interface_fields = 128;
// Addresses, ports, masks, interfaces, protocol, action, list link.
constexpr std::uint32_t rule_size = 40;
// Disk, start, length.
constexpr std::uint32_t extent_size = 12;
// Device, partition, start, length, mode, list link.
constexpr std::uint32_t grant_size = 24;

struct NetworkCounts {
  std::size_t interfaces = 0, headers = 0, rules = 0;
};

NetworkCounts count(DomainId domain, const VirtualNetwork& network) {
  NetworkCounts counts;
  for (std::uint32_t i = 0; i < VirtualNetwork::max_vifs; ++i) {
    const Vif* vif = network.find(VifId::of(domain, i));
    if (vif == nullptr) continue;
    ++counts.interfaces;
    counts.headers += vif->to_send.size() + vif->sending;
  }
  const auto names = [&](const auto& rule) { return rule.names(domain); };
  counts.rules = static_cast<std::size_t>(std::ranges::count_if(network.rules().list(), names));
  return counts;
}

std::size_t extents_of(DomainId domain, const SegmentedDisks& disks) {
  std::size_t extents = 0;
  for (const DiskSegment& segment : disks.segments()) {
    if (segment.mode != DiskSegment::Mode::unused && segment.domain == domain) {
      extents += segment.extents.size();
    }
  }
  return extents;
}

}  // namespace

std::vector<MonitorStructure> structures_of(DomainId domain, const MonitorParts& parts) {
  const NetworkCounts net = parts.network != nullptr ? count(domain, *parts.network) : NetworkCounts{};
  const bool ring = parts.rings != nullptr && parts.rings->attached(domain);
  const std::size_t extents = parts.disks != nullptr ? extents_of(domain, *parts.disks) : 0;
  const std::size_t grants = parts.disks != nullptr ? parts.disks->grants(domain) : 0;
  return {
      {"task structure with virtual interrupt table, and ring-0 stack", 2 * page_bytes, 1},
      {"page shared with the domain", page_bytes, 1},
      {"page table of its descriptor tables", page_bytes, 1},
      {"network rings", page_bytes, net.interfaces},
      {"interface: shadow ring of transmission", net_ring_size * transmit_shadow, net.interfaces},
      {"interface: shadow ring of reception", net_ring_size * receive_shadow, net.interfaces},
      {"interface: the rest", interface_fields, net.interfaces},
      {"header of a packet to be sent", protected_header, net.headers},
      {"rule of the firewall-router", rule_size, net.rules},
      {"block ring", page_bytes, ring ? 1U : 0U},
      {"extent of a virtual disk", extent_size, extents},
      {"grant of a part of a physical disk", grant_size, grants},
  };
}

Bytes total(std::span<const MonitorStructure> structures) {
  return {std::accumulate(structures.begin(), structures.end(), std::int64_t{0},
                          [](std::int64_t sum, const MonitorStructure& structure) {
                            return sum +
                                   std::int64_t{structure.bytes} * static_cast<std::int64_t>(structure.count);
                          })};
}

}  // namespace xensim
