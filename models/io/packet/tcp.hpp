/// Transmission Control Protocol headers (RFC 793). Payload is by reference: packets say how much there is,
/// and every byte of it counts as zero, which leaves the checksum what the header makes it.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "models/io/packet/ipv4.hpp"

namespace xensim {

/// Options as they stand in the header, in whole words: at most 40 bytes.
struct TcpOptions {
  std::array<std::byte, 40> bytes{};
  std::uint8_t words = 0;  ///< of 4 bytes, at most 10

  constexpr bool operator==(const TcpOptions&) const = default;
  [[nodiscard]] constexpr std::size_t size() const { return std::size_t{words} * 4; }
};

struct TcpHeader {
  static constexpr std::size_t size = 20;  ///< without options
  static constexpr std::size_t checksum_offset = 16;
  static constexpr std::uint8_t fin = 1, syn = 2, reset = 4, push = 8, acknowledge = 16, urgent = 32;

  std::uint16_t source_port = 0, destination_port = 0;
  std::uint32_t sequence = 0, acknowledgement = 0;
  std::uint8_t flags = 0;
  std::uint16_t window = 0;
  std::uint16_t urgent_pointer = 0;
  TcpOptions options{};

  constexpr bool operator==(const TcpHeader&) const = default;
  [[nodiscard]] constexpr std::size_t length() const { return size + options.size(); }

  /// Nothing if too few bytes are there or a field contradicts them; says nothing of the checksum.
  [[nodiscard]] static constexpr std::optional<TcpHeader> read(std::span<const std::byte> bytes) {
    if (bytes.size() < size) return {};
    const std::size_t length = std::to_integer<std::size_t>(bytes[12] >> 4) * 4;
    if (length < size || length > bytes.size()) return {};
    TcpHeader header{.source_port = load_network<std::uint16_t>(bytes, 0),
                     .destination_port = load_network<std::uint16_t>(bytes, 2),
                     .sequence = load_network<std::uint32_t>(bytes, 4),
                     .acknowledgement = load_network<std::uint32_t>(bytes, 8),
                     .flags = std::to_integer<std::uint8_t>(bytes[13]),
                     .window = load_network<std::uint16_t>(bytes, 14),
                     .urgent_pointer = load_network<std::uint16_t>(bytes, 18)};
    header.options.words = static_cast<std::uint8_t>((length - size) / 4);
    std::copy_n(bytes.begin() + size, length - size, header.options.bytes.begin());
    return header;
  }
  /// Into the first `length()` bytes, which must be there, with the checksum for a payload of zeros. `ip`
  /// must say how long the packet is.
  constexpr void write(std::span<std::byte> bytes, const Ipv4Header& ip) const {
    store_network(bytes, 0, source_port);
    store_network(bytes, 2, destination_port);
    store_network(bytes, 4, sequence);
    store_network(bytes, 8, acknowledgement);
    bytes[12] = static_cast<std::byte>(length() / 4 << 4);
    bytes[13] = std::byte{flags};
    store_network(bytes, 14, window);
    store_network(bytes, checksum_offset, std::uint16_t{0});
    store_network(bytes, 18, urgent_pointer);
    std::copy_n(options.bytes.begin(), options.size(), bytes.begin() + size);
    store_network(bytes, checksum_offset, ip.pseudo_header().add(bytes.first(length())).result());
  }
  /// `segment` as far as it is not zeros. O(bytes).
  [[nodiscard]] static constexpr bool intact(std::span<const std::byte> segment, const Ipv4Header& ip) {
    return ip.pseudo_header().add(segment).result() == 0;
  }
};

}  // namespace xensim
