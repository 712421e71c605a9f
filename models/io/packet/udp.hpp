/// User Datagram Protocol headers (RFC 768). Payload is by reference and counts as zeros, as with TCP.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "models/io/packet/ipv4.hpp"

namespace xensim {

struct UdpHeader {
  static constexpr std::size_t size = 8;
  static constexpr std::size_t checksum_offset = 6;

  std::uint16_t source_port = 0, destination_port = 0;
  std::uint16_t length = size;  ///< bytes with this header

  constexpr bool operator==(const UdpHeader&) const = default;

  /// Nothing if too few bytes are there or the length contradicts itself; says nothing of the checksum.
  [[nodiscard]] static constexpr std::optional<UdpHeader> read(std::span<const std::byte> bytes) {
    if (bytes.size() < size) return {};
    UdpHeader header{load_network<std::uint16_t>(bytes, 0), load_network<std::uint16_t>(bytes, 2),
                     load_network<std::uint16_t>(bytes, 4)};
    if (header.length < size) return {};
    return header;
  }
  /// Into the first 8 bytes, which must be there, with the checksum for a payload of zeros.
  constexpr void write(std::span<std::byte> bytes, const Ipv4Header& ip) const {
    store_network(bytes, 0, source_port);
    store_network(bytes, 2, destination_port);
    store_network(bytes, 4, length);
    store_network(bytes, checksum_offset, std::uint16_t{0});
    const std::uint16_t sum = ip.pseudo_header().add(bytes.first(size)).result();
    store_network(bytes, checksum_offset, sum == 0 ? none_is_ones : sum);
  }
  /// `datagram` as far as it is not zeros; one without a checksum (0) is intact. O(bytes).
  [[nodiscard]] static constexpr bool intact(std::span<const std::byte> datagram, const Ipv4Header& ip) {
    return load_network<std::uint16_t>(datagram, checksum_offset) == 0 ||
           ip.pseudo_header().add(datagram).result() == 0;
  }

 private:
  static constexpr std::uint16_t none_is_ones = 0xffff;  ///< since 0 says that there is no checksum
};

}  // namespace xensim
