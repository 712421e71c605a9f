/// Page-table entries of the i386 (two levels, 4 KB pages), and how an address selects them.
#pragma once

#include <cstdint>

#include "core/ids.hpp"

namespace xensim {

inline constexpr std::uint32_t page_size = 4096;          ///< bytes
inline constexpr std::uint32_t entries_per_table = 1024;  ///< of 4 bytes, in a directory as in a table

/// A linear address.
struct Address {
  std::uint32_t value = 0;

  constexpr auto operator<=>(const Address&) const = default;
  [[nodiscard]] constexpr std::uint32_t page() const { return value >> 12; }
  [[nodiscard]] constexpr std::uint32_t directory_index() const { return value >> 22; }
  [[nodiscard]] constexpr std::uint32_t table_index() const {
    return (value >> 12) & (entries_per_table - 1);
  }
};

/// One entry of a directory or a table, with the bits the processor gives them (Intel, IA-32 Software
/// Developer's Manual volume 3, section 3.7.6).
struct PageTableEntry {
  /// `large` is so in a directory; in a table that bit selects a memory type.
  static constexpr std::uint32_t present = 0x001, writable = 0x002, user = 0x004, accessed = 0x020,
                                 dirty = 0x040, large = 0x080, global = 0x100;
  static constexpr std::uint32_t frame_mask = 0xfffff000;
  /// As Linux enters its own pages: with all that the processor would mark later.
  static constexpr std::uint32_t kernel_read_only = present | accessed,
                                 kernel_writable = kernel_read_only | writable | dirty;

  std::uint32_t bits = 0;

  [[nodiscard]] static constexpr PageTableEntry to(FrameNumber frame, std::uint32_t flags) {
    return {frame.value << 12 | flags};
  }
  constexpr bool operator==(const PageTableEntry&) const = default;
  [[nodiscard]] constexpr bool has(std::uint32_t flags) const { return (bits & flags) == flags; }
  [[nodiscard]] constexpr bool has_any(std::uint32_t flags) const { return (bits & flags) != 0; }
  [[nodiscard]] constexpr FrameNumber frame() const { return {bits >> 12}; }
  [[nodiscard]] constexpr PageTableEntry with(std::uint32_t flags) const { return {bits | flags}; }
  [[nodiscard]] constexpr PageTableEntry without(std::uint32_t flags) const { return {bits & ~flags}; }
};

}  // namespace xensim
