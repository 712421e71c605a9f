/// All of a machine's memory as the monitor manages it, and a hypercall that works on it.
#pragma once

#include <cstdint>
#include <optional>

#include "core/large_vector.hpp"
#include "models/memory/frame_table.hpp"
#include "models/memory/memory_cpu.hpp"
#include "models/memory/memory_domain.hpp"
#include "models/memory/memory_rules.hpp"
#include "models/memory/page_table.hpp"
#include "models/memory/physical_memory.hpp"

namespace xensim {

struct MachineMemory {
  MachineMemory(const MemoryRules& release, std::uint32_t frame_count, std::uint32_t monitor_frames)
      : rules(release),
        contents(frame_count),
        frames(frame_count, monitor_frames),
        machine_to_physical(frame_count) {}

  MemoryRules rules;
  PhysicalMemory contents;
  FrameTable frames;
  /// By frame: whatever its owner says, usually the page it takes the frame for. Guests may read all of it.
  LargeVector<std::uint32_t> machine_to_physical;
};

/// Who calls the monitor, and on which processor.
struct MemoryCall {
  MachineMemory& machine;
  MemoryCpu& cpu;
  MemoryDomain& domain;
};

/// Where an entry stands.
struct EntryPlace {
  FrameNumber table;
  std::uint32_t index;
  bool operator==(const EntryPlace&) const = default;
};

/// Where the directory `base` has the processor look for the entry that maps `address`; nothing without a
/// base or a table there. With a directory entry that names the directory itself, this is one of its own.
[[nodiscard]] inline std::optional<EntryPlace> place_of_entry(const PhysicalMemory& contents,
                                                              FrameNumber base, Address address) {
  if (base.value >= contents.frames()) return {};
  const PageTableEntry table{contents.load(base, address.directory_index())};
  if (!table.has(PageTableEntry::present) || table.frame().value >= contents.frames()) return {};
  return EntryPlace{table.frame(), address.table_index()};
}

}  // namespace xensim
