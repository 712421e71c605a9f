/// Addresses on the network that hosts and machines outside share, 10.0.0.0/8.
#pragma once

#include <cstdint>

#include "models/io/packet/ethernet.hpp"
#include "models/io/packet/ipv4.hpp"

namespace xensim::addresses {

/// Of a host's own kernel: native Linux, or domain 0 of a monitor.
inline constexpr Ipv4Address host = Ipv4Address::of(10, 0, 0, 1);
inline constexpr MacAddress host_interface{{0x00, 0x06, 0x5b, 0x00, 0x00, 0x01}};

/// Of a domain, by instance.
[[nodiscard]] constexpr Ipv4Address domain(std::uint32_t instance) { return {host.value + 1 + instance}; }

/// Of a machine outside, by its place among all of them.
[[nodiscard]] constexpr Ipv4Address outside(std::uint32_t station) {
  return {Ipv4Address::of(10, 128, 0, 1).value + station};
}
[[nodiscard]] constexpr MacAddress outside_interface(std::uint32_t station) {
  const auto byte = [&](unsigned shift) { return static_cast<std::uint8_t>(station >> shift); };
  return {{0x02, 0x00, byte(24), byte(16), byte(8), byte(0)}};
}

}  // namespace xensim::addresses
