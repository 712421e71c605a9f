/// The option that nearly all segments carry.
#pragma once

#include <span>

#include "models/io/packet/network_order.hpp"
#include "models/io/packet/tcp.hpp"

namespace xensim::test {

/// Two paddings and a time stamp, as Linux lays them out (RFC 1323, appendix A).
inline TcpOptions time_stamp(std::uint32_t value, std::uint32_t echo) {
  TcpOptions options{.bytes = {std::byte{1}, std::byte{1}, std::byte{8}, std::byte{10}}, .words = 3};
  store_network(std::span<std::byte>(options.bytes), 4, value);
  store_network(std::span<std::byte>(options.bytes), 8, echo);
  return options;
}

}  // namespace xensim::test
