/// What the monitor keeps for a domain in its own memory: counted from what it has at present, in the sizes
/// of Xen 1.0's structures (from a description of them).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/ids.hpp"
#include "core/quantity.hpp"
#include "models/io/block/block_service.hpp"
#include "models/io/block/segments.hpp"
#include "models/io/net/virtual_network.hpp"

namespace xensim {

/// One kind of structure.
struct MonitorStructure {
  std::string_view name;
  std::uint32_t bytes = 0;  ///< of each
  std::size_t count = 0;
};

/// Parts of the monitor that keep something for domains; null: the machine has no such thing.
struct MonitorParts {
  const VirtualNetwork* network = nullptr;
  const BlockService* rings = nullptr;
  const SegmentedDisks* disks = nullptr;
};

/// Of a domain that exists: all kinds, those of which it has none too. Left out: what exists without the
/// domain as well, such as the entries of its frames in the frame table and the machine-to-physical table
/// (24 bytes each), or of its segments in the machine's table of them. O(rules + segments).
[[nodiscard]] std::vector<MonitorStructure> structures_of(DomainId domain, const MonitorParts& parts);
[[nodiscard]] Bytes total(std::span<const MonitorStructure> structures);

}  // namespace xensim
