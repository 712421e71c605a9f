/// Datagrams have no contents, but a port that they come from: it numbers them, so that a receiver knows how
/// many are missing.
#pragma once

#include <cstdint>
#include <map>

#include "models/io/packet/ipv4.hpp"

namespace xensim {

class NumberedDatagrams {
 public:
  static constexpr std::uint32_t first_port = 32768, ports = 28000;

  /// Of a sender's datagram number `number`, from 0.
  [[nodiscard]] static constexpr std::uint16_t port_of(std::uint64_t number) {
    return static_cast<std::uint16_t>(first_port + number % ports);
  }
  /// A datagram came: how many are missing between it and the last from there, at most half as many as there
  /// are numbers. One that is behind the last, or of a sender that does not number, misses none.
  [[nodiscard]] std::uint32_t missing(Ipv4Address from, std::uint16_t port) {
    if (port < first_port || port >= first_port + ports) return 0;
    const std::uint32_t number = port - first_port;
    std::uint32_t& next = next_[from.value];
    const std::uint32_t gap = (number + ports - next) % ports;
    if (gap > ports / 2) return 0;
    next = (number + 1) % ports;
    return gap;
  }

 private:
  std::map<std::uint32_t, std::uint32_t> next_;  ///< number by sender
};

}  // namespace xensim
