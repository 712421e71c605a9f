/// Segment selectors that the monitor has set up.
#pragma once

#include <cstdint>

namespace xensim {

/// The monitor's own code segment and the flat segments it offers to guests.
inline constexpr std::uint16_t monitor_code = 0x0808, flat_kernel_code = 0x0819, flat_kernel_data = 0x0821,
                               flat_user_code = 0x082b, flat_user_data = 0x0833;

/// Privilege: 0 the monitor, 1 a guest's kernel, 3 its programs.
[[nodiscard]] constexpr unsigned ring_of(std::uint16_t selector) { return selector & 3U; }

}  // namespace xensim
