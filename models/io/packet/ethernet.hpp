/// Ethernet frames (IEEE 802.3 with a type field, RFC 894): from the destination address on, without
/// preamble and check sequence.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "models/io/packet/network_order.hpp"

namespace xensim {

struct MacAddress {
  static constexpr std::size_t size = 6;

  std::array<std::uint8_t, size> bytes{};

  constexpr auto operator<=>(const MacAddress&) const = default;
  [[nodiscard]] static constexpr MacAddress broadcast() { return {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}; }

  /// The address at `offset`; the bytes must be there, here and below.
  [[nodiscard]] static constexpr MacAddress load(std::span<const std::byte> from, std::size_t offset) {
    MacAddress address;
    for (std::size_t i = 0; i < size; ++i) {
      address.bytes[i] = std::to_integer<std::uint8_t>(from[offset + i]);
    }
    return address;
  }
  constexpr void store(std::span<std::byte> to, std::size_t offset) const {
    for (std::size_t i = 0; i < size; ++i) to[offset + i] = std::byte{bytes[i]};
  }
};

enum class EtherType : std::uint16_t { ipv4 = 0x0800, arp = 0x0806 };

struct EthernetHeader {
  static constexpr std::size_t size = 14;
  static constexpr std::size_t destination_offset = 0, source_offset = 6, type_offset = 12;
  static constexpr std::uint32_t min_frame = 60, max_frame = 1514;  ///< bytes without check sequence

  MacAddress destination{}, source{};
  EtherType type{};

  constexpr bool operator==(const EthernetHeader&) const = default;

  /// Nothing if there are too few bytes. Any type is read.
  [[nodiscard]] static constexpr std::optional<EthernetHeader> read(std::span<const std::byte> bytes) {
    if (bytes.size() < size) return {};
    return EthernetHeader{MacAddress::load(bytes, destination_offset), MacAddress::load(bytes, source_offset),
                          static_cast<EtherType>(load_network<std::uint16_t>(bytes, type_offset))};
  }
  /// Into the first 14 bytes, which must be there.
  constexpr void write(std::span<std::byte> bytes) const {
    destination.store(bytes, destination_offset);
    source.store(bytes, source_offset);
    store_network(bytes, type_offset, static_cast<std::uint16_t>(type));
  }
};

}  // namespace xensim
