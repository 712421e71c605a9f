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
  constexpr std::uint32_t present = 1U << 15, code_or_data = 1U << 12, code = 1U << 11,
                          expand_down = 1U << 10, writable = 1U << 9, big = 1U << 22,
                          limit_in_pages = 1U << 23;
  if ((segment.high & (present | code_or_data | code | writable)) != (present | code_or_data | writable))
    return {};
  std::uint32_t limit = (segment.high & 0xf0000) | (segment.low & 0xffff);
  if ((segment.high & limit_in_pages) != 0) limit = limit << 12 | 0xfff;
  const std::uint64_t last = std::uint64_t{offset} + size - 1;
  if ((segment.high & expand_down) != 0) {
    const std::uint32_t highest = (segment.high & big) != 0 ? 0xffffffff : 0xffff;
    if (offset <= limit || last > highest) return {};
  } else if (last > limit) {
    return {};
  }
  const std::uint32_t base = (segment.high & 0xff000000) | (segment.high & 0xff) << 16 | segment.low >> 16;
  return Address{base + offset};
}

}  // namespace xensim
