/// Integers as they stand in packets: most significant byte first (RFC 1700).
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

namespace xensim {

/// The integer at `offset`; the bytes must be there. O(1), here and below.
template <std::unsigned_integral Integer>
[[nodiscard]] constexpr Integer load_network(std::span<const std::byte> bytes, std::size_t offset) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(Integer); ++i) {
    value = value << 8 | std::to_integer<std::uint64_t>(bytes[offset + i]);
  }
  return static_cast<Integer>(value);
}

template <std::unsigned_integral Integer>
constexpr void store_network(std::span<std::byte> bytes, std::size_t offset, Integer value) {
  for (std::size_t i = sizeof(Integer); i-- > 0;) {
    bytes[offset + i] = static_cast<std::byte>(value & 0xffU);
    value = static_cast<Integer>(std::uint64_t{value} >> 8);
  }
}

}  // namespace xensim
