/// Sequence numbers of TCP, which compare modulo 2^32 (RFC 793, section 3.3).
#pragma once

#include <cstdint>

namespace xensim {

using Sequence = std::uint32_t;

/// `a` comes before `b`; they must be less than 2^31 apart.
[[nodiscard]] constexpr bool before(Sequence a, Sequence b) { return static_cast<std::int32_t>(a - b) < 0; }
[[nodiscard]] constexpr bool after(Sequence a, Sequence b) { return before(b, a); }

}  // namespace xensim
