/// Exceptions of the i386, and the rings and selectors of a guest.
/// Source: Intel, IA-32 Software Developer's Manual volume 3, chapter 5.
#pragma once

#include <cstdint>

namespace xensim {

/// The exceptions that the monitor treats in a way of their own.
namespace vectors {
inline constexpr std::uint8_t debug = 1, breakpoint = 3, overflow = 4, device_not_available = 7,
                              double_fault = 8, general_protection = 13, page_fault = 14,
                              exceptions = 32,  ///< so many are the processor's own
    system_call = 0x80, hypercall = 0x82;
}  // namespace vectors

/// Whether the processor pushes an error code: double fault, invalid TSS, segment not present, stack fault,
/// general protection, page fault, alignment check.
[[nodiscard]] constexpr bool has_error_code(std::uint8_t vector) {
  constexpr std::uint32_t with_code =
      1U << 8 | 1U << 10 | 1U << 11 | 1U << 12 | 1U << 13 | 1U << 14 | 1U << 17;
  return vector < vectors::exceptions && (with_code >> vector & 1) != 0;
}

}  // namespace xensim
