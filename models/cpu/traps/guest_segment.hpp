/// Where a segment register leads: from an offset to a linear address.
/// Source: Intel, IA-32 Software Developer's Manual volume 3, sections 3.4.3 and 5.3.
#pragma once

#include <cstdint>
#include <optional>

#include "models/memory/descriptor_tables.hpp"

namespace xensim {

/// The descriptor that `selector` names in the tables of a domain, as its processor sees them; one that is
/// not present if there is none, as in pages of the LDT that are not mapped. Until it sets a GDT, a
/// domain runs on the monitor's. O(1).
[[nodiscard]] SegmentDescriptor descriptor_of(const PhysicalMemory& contents, const MemoryDomain& domain,
                                              std::uint16_t selector);

/// The linear address of `size` bytes (1 to 4) at `offset` of a segment, if they may be written through it.
[[nodiscard]] std::optional<Address> writable_address(SegmentDescriptor segment, std::uint32_t offset,
                                                      std::uint32_t size);

}  // namespace xensim
