#include "models/io/packet/frame.hpp"

namespace xensim {
namespace {

EthernetFrame padded(std::span<const std::byte> headers, std::uint32_t payload) {
  const auto length = static_cast<std::uint32_t>(headers.size()) + payload;
  return {headers, std::max(length, EthernetHeader::min_frame)};
}

}  // namespace

EthernetFrame tcp_frame(EthernetHeader ethernet, Ipv4Header ip, const TcpHeader& tcp, std::uint32_t payload) {
  std::array<std::byte, EthernetFrame::room> bytes{};
  const std::size_t headers = EthernetHeader::size + Ipv4Header::size + tcp.length();
  assert(headers <= bytes.size());
  const std::span<std::byte> all(bytes);
  ethernet.type = EtherType::ipv4;
  ethernet.write(all);
  ip.protocol = IpProtocol::tcp;
  ip.total_length = static_cast<std::uint16_t>(headers - EthernetHeader::size + payload);
  ip.write(all.subspan(EthernetHeader::size));
  tcp.write(all.subspan(EthernetHeader::size + Ipv4Header::size), ip);
  return padded(all.first(headers), payload);
}

EthernetFrame udp_frame(EthernetHeader ethernet, Ipv4Header ip, UdpHeader udp, std::uint32_t payload) {
  std::array<std::byte, EthernetHeader::size + Ipv4Header::size + UdpHeader::size> bytes{};
  const std::span<std::byte> all(bytes);
  ethernet.type = EtherType::ipv4;
  ethernet.write(all);
  udp.length = static_cast<std::uint16_t>(UdpHeader::size + payload);
  ip.protocol = IpProtocol::udp;
  ip.total_length = static_cast<std::uint16_t>(Ipv4Header::size + udp.length);
  ip.write(all.subspan(EthernetHeader::size));
  udp.write(all.subspan(EthernetHeader::size + Ipv4Header::size), ip);
  return padded(all, payload);
}

EthernetFrame arp_frame(EthernetHeader ethernet, const ArpPacket& arp) {
  std::array<std::byte, EthernetHeader::size + ArpPacket::size> bytes{};
  const std::span<std::byte> all(bytes);
  ethernet.type = EtherType::arp;
  ethernet.write(all);
  arp.write(all.subspan(EthernetHeader::size));
  return padded(all, 0);
}

}  // namespace xensim
