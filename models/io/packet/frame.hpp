/// A frame on its way: the headers as real bytes, the rest by its length.
#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>

#include "models/io/packet/arp.hpp"
#include "models/io/packet/ethernet.hpp"
#include "models/io/packet/ipv4.hpp"
#include "models/io/packet/tcp.hpp"
#include "models/io/packet/udp.hpp"

namespace xensim {

/// Bytes beyond `known()` are zeros as far as anybody can tell. 96 bytes hold the headers of TCP with all
/// time stamps and selective acknowledgements that Linux 2.4 sends.
class EthernetFrame {
 public:
  static constexpr std::size_t room = 96;

  EthernetFrame() = default;
  /// `length`: of the whole frame, at least `bytes`; of these the first 96 are kept.
  EthernetFrame(std::span<const std::byte> bytes, std::uint32_t length)
      : known_(static_cast<std::uint8_t>(std::min(bytes.size(), room))), length_(length) {
    assert(length >= bytes.size());
    std::copy_n(bytes.begin(), known_, bytes_.begin());
  }

  [[nodiscard]] std::uint32_t length() const { return length_; }
  [[nodiscard]] std::span<const std::byte> known() const { return {bytes_.data(), known_}; }
  [[nodiscard]] std::span<std::byte> known() { return {bytes_.data(), known_}; }
  /// The known bytes behind the header of Ethernet.
  [[nodiscard]] std::span<const std::byte> network() const {
    return known().subspan(std::min<std::size_t>(EthernetHeader::size, known_));
  }
  /// The known bytes behind the header of IP.
  [[nodiscard]] std::span<const std::byte> transport() const {
    return network().subspan(std::min(Ipv4Header::size, network().size()));
  }
  bool operator==(const EthernetFrame&) const = default;

 private:
  std::array<std::byte, room> bytes_{};
  std::uint8_t known_ = 0;
  std::uint32_t length_ = 0;
};

/// Whole frames from their headers, with lengths and checksums filled in; `payload` bytes follow the last
/// header. At least 60 bytes long, as Ethernet pads them. The IP packet must not exceed 65,535 bytes and
/// options not the room of a frame.
[[nodiscard]] EthernetFrame tcp_frame(EthernetHeader ethernet, Ipv4Header ip, const TcpHeader& tcp,
                                      std::uint32_t payload);
[[nodiscard]] EthernetFrame udp_frame(EthernetHeader ethernet, Ipv4Header ip, UdpHeader udp,
                                      std::uint32_t payload);
[[nodiscard]] EthernetFrame arp_frame(EthernetHeader ethernet, const ArpPacket& arp);

}  // namespace xensim
