/// Address resolution for IPv4 over Ethernet (RFC 826).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "models/io/packet/ethernet.hpp"
#include "models/io/packet/ipv4.hpp"

namespace xensim {

struct ArpPacket {
  static constexpr std::size_t size = 28;
  static constexpr std::size_t sender_mac_offset = 8, sender_ip_offset = 14, target_mac_offset = 18,
                               target_ip_offset = 24;
  enum class Operation : std::uint16_t { request = 1, reply = 2 };

  Operation operation = Operation::request;
  MacAddress sender_mac{};
  Ipv4Address sender_ip{};
  MacAddress target_mac{};  ///< zeros in a request
  Ipv4Address target_ip{};

  constexpr bool operator==(const ArpPacket&) const = default;

  /// Nothing if too few bytes are there or it is about other kinds of addresses. Any operation is read.
  [[nodiscard]] static constexpr std::optional<ArpPacket> read(std::span<const std::byte> bytes) {
    if (bytes.size() < size || load_network<std::uint32_t>(bytes, 0) != ethernet_and_ipv4 ||
        load_network<std::uint16_t>(bytes, 4) != address_sizes) {
      return {};
    }
    return ArpPacket{static_cast<Operation>(load_network<std::uint16_t>(bytes, 6)),
                     MacAddress::load(bytes, sender_mac_offset),
                     {load_network<std::uint32_t>(bytes, sender_ip_offset)},
                     MacAddress::load(bytes, target_mac_offset),
                     {load_network<std::uint32_t>(bytes, target_ip_offset)}};
  }
  /// Into the first 28 bytes, which must be there.
  constexpr void write(std::span<std::byte> bytes) const {
    store_network(bytes, 0, ethernet_and_ipv4);
    store_network(bytes, 4, address_sizes);
    store_network(bytes, 6, static_cast<std::uint16_t>(operation));
    sender_mac.store(bytes, sender_mac_offset);
    store_network(bytes, sender_ip_offset, sender_ip.value);
    target_mac.store(bytes, target_mac_offset);
    store_network(bytes, target_ip_offset, target_ip.value);
  }

 private:
  static constexpr std::uint32_t ethernet_and_ipv4 = 0x00010800;
  static constexpr std::uint16_t address_sizes = 0x0604;
};

}  // namespace xensim
