#include "models/cpu/traps/guest_segment.hpp"

namespace xensim {

SegmentDescriptor descriptor_of(const PhysicalMemory& contents, const MemoryDomain& domain,
                                std::uint16_t selector) {
  constexpr std::uint16_t local = 4;
  const std::uint32_t index = selector >> 3;
  const bool in_ldt = (selector & local) != 0;
  if (!in_ldt && domain.gdt_entries == 0) return reserved_descriptor(index);
  if (index >= (in_ldt ? domain.ldt.entries : domain.gdt_entries)) return {};
  if (index == 0 && !in_ldt) return {};  // the null selector
  const FrameNumber frame = (in_ldt ? domain.ldt.slots : domain.gdt)[index / descriptors_per_frame];
  if (!frame.valid()) return {};
  const std::uint32_t word = index % descriptors_per_frame * 2;
  return {contents.load(frame, word), contents.load(frame, word + 1)};
}

std::optional<Address> writable_address(SegmentDescriptor segment, std::uint32_t offset, std::uint32_t size) {
  using Bits = SegmentDescriptor;
  if (!segment.has(Bits::present | Bits::code_or_data | Bits::writable) || segment.has(Bits::code)) return {};
  const std::uint64_t last = std::uint64_t{offset} + size - 1;
  if (segment.has(Bits::expand_down)) {
    if (offset <= segment.limit() || last > segment.highest()) return {};
  } else if (last > segment.limit()) {
    return {};
  }
  return Address{segment.base() + offset};
}

}  // namespace xensim
