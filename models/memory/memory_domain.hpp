/// What the monitor knows of a domain's memory.
#pragma once

#include <array>
#include <cstdint>

#include "core/ids.hpp"
#include "models/memory/page_table.hpp"
#include "models/memory/selectors.hpp"

namespace xensim {

/// A list of frames, linked through the frame table, which alone changes it.
struct FrameList {
  FrameNumber first{}, last{};
  std::uint32_t count = 0;
};

/// The frames of a descriptor table in the domain's private area: 512 descriptors of 8 bytes each.
using DescriptorSlots = std::array<FrameNumber, 16>;

struct MemoryDomain {
  /// The guest's local descriptor table; its slots fill on demand.
  struct LocalTable {
    Address base{};
    std::uint32_t entries = 0;
    DescriptorSlots slots{};
    std::uint32_t mapped = 0;  ///< slots in use
  };
  /// Where the processor finds the kernel's stack on entry to ring 1.
  struct KernelStack {
    std::uint16_t selector = flat_kernel_data;
    std::uint32_t pointer = 0;
  };

  DomainId id{};
  bool privileged = false;  ///< may name any domain's frames: domain 0
  FrameNumber base{};       ///< its directory; invalid before the first
  FrameList frames{};
  std::uint32_t total_pages = 0, max_pages = 0;
  DescriptorSlots gdt{};
  std::uint32_t gdt_entries = 0;
  LocalTable ldt{};
  KernelStack kernel_stack{};
};

}  // namespace xensim
