/// What the monitor keeps for each domain in its own memory (Xen 1.0, from a description of its structures).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/quantity.hpp"

namespace xensim {

/// One kind of structure.
struct MonitorStructure {
  std::string_view name;
  std::uint32_t bytes = 0;
  std::uint32_t count = 1;  ///< for each domain
};

/// Those of a domain with one virtual interface and one virtual disk. Left out: what the domain's own frames
/// take in the frame table and the machine-to-physical table (24 bytes each), which exists without it too.
[[nodiscard]] std::span<const MonitorStructure> structures_per_domain();
[[nodiscard]] Bytes monitor_bytes_per_domain();

}  // namespace xensim
