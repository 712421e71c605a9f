/// Segment descriptor tables of guests: what they may contain, and the frames they are in.
///
/// Modelled: set_gdt, update_descriptor and stack_switch; the local table, whose pages the monitor maps when
/// a guest's use of one faults, and drops together when anything about them changes.
/// Source: Xen 1.0 and 1.2, arch/i386/mm.c, from a description. Checks hold for the architecture's bits as
/// in Intel's IA-32 Software Developer's Manual volume 3, section 3.4.3.
#pragma once

#include <cstdint>
#include <span>

#include "models/memory/machine_memory.hpp"

namespace xensim {

inline constexpr std::uint32_t descriptors_per_frame = page_size / 8;
inline constexpr std::uint32_t most_descriptors = 8192;
/// Descriptors of the monitor's own that every GDT holds.
inline constexpr std::uint32_t first_reserved_descriptor = 256, last_reserved_descriptor = 295;

struct SegmentDescriptor {
  /// Bits of the upper word; those from `code` to `writable` are of code and data.
  static constexpr std::uint32_t present = 1U << 15, privilege = 3U << 13, code_or_data = 1U << 12,
                                 code = 1U << 11, expand_down = 1U << 10, writable = 1U << 9, big = 1U << 22,
                                 limit_in_pages = 1U << 23;

  std::uint32_t low = 0, high = 0;

  [[nodiscard]] constexpr bool has(std::uint32_t bits) const { return (high & bits) == bits; }
  [[nodiscard]] constexpr std::uint32_t base() const {
    return (high & 0xff000000) | (high & 0xff) << 16 | low >> 16;
  }
  /// Of code and data, the last offset; of a segment that expands down, the last below it.
  [[nodiscard]] constexpr std::uint32_t limit() const {
    const std::uint32_t limit = (high & 0xf0000) | (low & 0xffff);
    return has(limit_in_pages) ? limit << 12 | 0xfff : limit;
  }
  /// The highest offset of a segment that expands down.
  [[nodiscard]] constexpr std::uint32_t highest() const { return has(big) ? 0xffffffff : 0xffff; }
};

/// What the monitor keeps in these: flat segments of all rings for itself and its guests. Absent for others.
[[nodiscard]] SegmentDescriptor reserved_descriptor(std::uint32_t index);
/// Absent, or nothing that lets a guest reach ring 0 or the monitor's private memory.
[[nodiscard]] bool acceptable(SegmentDescriptor descriptor);
/// Selectors for the kernel's code and data: the monitor's flat ones or the guest's own, of ring 1.
[[nodiscard]] bool is_code_selector(std::uint16_t selector);
[[nodiscard]] bool is_data_selector(std::uint16_t selector);

/// The guest's GDT, of `entries` descriptors in `frames`, which must name enough frames for them. Nothing
/// changes unless `done`.
[[nodiscard]] HypercallStatus set_gdt(const MemoryCall& call, std::span<const FrameNumber> frames,
                                      std::uint32_t entries);
/// A dying or a new domain has none.
void drop_gdt(const MemoryCall& call);
/// One descriptor at a machine address.
[[nodiscard]] HypercallStatus update_descriptor(const MemoryCall& call, std::uint32_t address,
                                                SegmentDescriptor descriptor);
[[nodiscard]] HypercallStatus stack_switch(const MemoryCall& call, std::uint16_t selector,
                                           std::uint32_t pointer);

/// False if base or length are impossible; `ldt` is then as before.
[[nodiscard]] bool set_ldt(const MemoryCall& call, Address base, std::uint32_t entries);
/// The guest faulted on the descriptor `offset` bytes into its LDT. Maps the page it is in; false: the fault
/// is the guest's own.
[[nodiscard]] bool map_ldt_page(const MemoryCall& call, std::uint32_t offset);
/// Forgets all pages mapped so.
void invalidate_ldt(const MemoryCall& call);

}  // namespace xensim
