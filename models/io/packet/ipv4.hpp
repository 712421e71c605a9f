/// Internet Protocol version 4 (RFC 791). Left out: options; headers that have some are not read.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "models/io/packet/checksum.hpp"
#include "models/io/packet/network_order.hpp"

namespace xensim {

struct Ipv4Address {
  std::uint32_t value = 0;  ///< 10.0.0.1 is 0x0a000001

  constexpr auto operator<=>(const Ipv4Address&) const = default;
  [[nodiscard]] static constexpr Ipv4Address of(std::uint8_t a, std::uint8_t b, std::uint8_t c,
                                                std::uint8_t d) {
    return {std::uint32_t{a} << 24 | std::uint32_t{b} << 16 | std::uint32_t{c} << 8 | d};
  }
};

enum class IpProtocol : std::uint8_t { tcp = 6, udp = 17 };

struct Ipv4Header {
  static constexpr std::size_t size = 20;
  static constexpr std::size_t protocol_offset = 9, checksum_offset = 10, source_offset = 12,
                               destination_offset = 16;
  static constexpr std::uint16_t dont_fragment = 0x4000;

  std::uint8_t service = 0;
  std::uint16_t total_length = size;  ///< bytes with this header
  std::uint16_t identification = 0;
  std::uint16_t fragment = dont_fragment;  ///< flags and offset
  std::uint8_t time_to_live = 64;
  IpProtocol protocol{};
  Ipv4Address source{}, destination{};

  constexpr bool operator==(const Ipv4Header&) const = default;

  /// Nothing if too few bytes are there, a field contradicts them or the checksum is wrong.
  [[nodiscard]] static constexpr std::optional<Ipv4Header> read(std::span<const std::byte> bytes) {
    if (bytes.size() < size || bytes[0] != version_and_length) return {};
    if (Checksum().add(bytes.first(size)).result() != 0) return {};
    Ipv4Header header{.service = std::to_integer<std::uint8_t>(bytes[1]),
                      .total_length = load_network<std::uint16_t>(bytes, 2),
                      .identification = load_network<std::uint16_t>(bytes, 4),
                      .fragment = load_network<std::uint16_t>(bytes, 6),
                      .time_to_live = std::to_integer<std::uint8_t>(bytes[8]),
                      .protocol = static_cast<IpProtocol>(load_network<std::uint8_t>(bytes, protocol_offset)),
                      .source = {load_network<std::uint32_t>(bytes, source_offset)},
                      .destination = {load_network<std::uint32_t>(bytes, destination_offset)}};
    if (header.total_length < size) return {};
    return header;
  }
  /// Into the first 20 bytes, which must be there, with its checksum.
  constexpr void write(std::span<std::byte> bytes) const {
    bytes[0] = version_and_length;
    bytes[1] = std::byte{service};
    store_network(bytes, 2, total_length);
    store_network(bytes, 4, identification);
    store_network(bytes, 6, fragment);
    bytes[8] = std::byte{time_to_live};
    bytes[protocol_offset] = static_cast<std::byte>(protocol);
    store_network(bytes, checksum_offset, std::uint16_t{0});
    store_network(bytes, source_offset, source.value);
    store_network(bytes, destination_offset, destination.value);
    store_network(bytes, checksum_offset, Checksum().add(bytes.first(size)).result());
  }

  /// Bytes after this header.
  [[nodiscard]] constexpr std::uint16_t payload_length() const {
    return static_cast<std::uint16_t>(total_length - size);
  }
  /// The sum of the pseudo-header that TCP and UDP put under their checksum (RFC 793, RFC 768).
  [[nodiscard]] constexpr Checksum pseudo_header() const {
    return Checksum()
        .add(source.value)
        .add(destination.value)
        .add(static_cast<std::uint16_t>(protocol))
        .add(payload_length());
  }

 private:
  static constexpr std::byte version_and_length{0x45};
};

}  // namespace xensim
