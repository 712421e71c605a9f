#include "models/host/monitor_space.hpp"

#include <array>
#include <numeric>

namespace xensim {
namespace {

constexpr std::uint32_t page = 4096;
constexpr std::uint32_t ring_entries = 256;
// id, size, header, payload; id, flush count, page-table entry, frame.
constexpr std::uint32_t transmit_shadow = 12, receive_shadow = 12;
// Indices, counters, locks, list link.
constexpr std::uint32_t interface_fields = 128;
constexpr std::uint32_t most_segments = 100, pointer = 4;

constexpr std::array structures{
    MonitorStructure{"task structure, virtual interrupt table and ring-0 stack", 2 * page},
    MonitorStructure{"page shared with the domain", page},
    MonitorStructure{"page table of the descriptor tables' area", page},
    MonitorStructure{"network rings", page},
    MonitorStructure{"virtual interface: shadow ring, transmission", ring_entries* transmit_shadow},
    MonitorStructure{"virtual interface: shadow ring, reception", ring_entries* receive_shadow},
    MonitorStructure{"virtual interface: the rest", interface_fields},
    MonitorStructure{"block ring", page},
    MonitorStructure{"virtual disks: pointers", pointer, most_segments},
};

}  // namespace

std::span<const MonitorStructure> structures_per_domain() { return structures; }

Bytes monitor_bytes_per_domain() {
  return {std::accumulate(
      structures.begin(), structures.end(), std::int64_t{0},
      [](std::int64_t sum, const MonitorStructure& s) { return sum + std::int64_t{s.bytes} * s.count; })};
}

}  // namespace xensim
