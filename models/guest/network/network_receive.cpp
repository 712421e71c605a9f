#include <algorithm>
#include <utility>

#include "models/guest/network/network_stack.hpp"
#include "models/guest/network/tcp_socket.hpp"
#include "models/guest/network/udp_socket.hpp"

namespace xensim {

void NetworkStack::receive(unsigned vcpu, NetworkInterface& from, const NetworkPacket& packet) {
  const GuestKernel::WakingFor awaited(scheduler_, LifePart::network);
  vcpu_ = vcpu;
  kernel_.did(KernelPath::net_receive);
  kernel_.locked(2);  // the lock of the protocols
  const TcpBuffer buffer = memory_.adopt(packet.page, packet.offset);
  use_head(buffer);
  const std::optional<EthernetHeader> ethernet = EthernetHeader::read(packet.frame.known());
  if (ethernet && ethernet->type == EtherType::ipv4) {
    receive_ip({packet.frame, buffer, from.receive_size(packet.frame.length()), from.sums()});
  } else {
    if (ethernet && ethernet->type == EtherType::arp) from.receive_arp(vcpu, packet.frame);
    release(buffer);
  }
  finish();
}

void NetworkStack::run_loopback() {
  if (std::exchange(looping_, true)) return;
  for (std::size_t i = 0; i < backlog_.size(); ++i) {
    const Looped packet = backlog_[i];
    kernel_.did(KernelPath::net_receive);
    kernel_.locked(2);
    receive_ip({packet.frame, packet.buffer, TcpSettings::receive_size(packet.frame.length()), true});
  }
  backlog_.clear();
  looping_ = false;
}

void NetworkStack::receive_ip(const Arrival& arrival) {
  kernel_.did(KernelPath::ip_receive);
  kernel_.locked(2);  // the route
  const std::optional<Ipv4Header> ip = Ipv4Header::read(arrival.frame.network());
  const bool good =
      ip && ip->total_length + EthernetHeader::size <= arrival.frame.length() && is_local(ip->destination);
  if (good && ip->protocol == IpProtocol::tcp) return receive_tcp(*ip, arrival);
  if (good && ip->protocol == IpProtocol::udp) return receive_udp(*ip, arrival);
  ++counts_.refused;
  release(arrival.buffer);
}

void NetworkStack::receive_tcp(const Ipv4Header& ip, const Arrival& arrival) {
  const auto& [frame, buffer, size, summed] = arrival;
  constexpr std::uint32_t line = 64;
  // Short packets are summed at once, others when they are copied.
  constexpr std::uint16_t summed_at_once = 76;
  if (!summed && ip.total_length <= summed_at_once) {
    kernel_.did(KernelPath::checksum_line, (ip.total_length + line - 1) / line);
  }
  const std::span<const std::byte> transport = frame.transport();
  const auto bytes = transport.first(std::min<std::size_t>(transport.size(), ip.payload_length()));
  const std::optional<TcpHeader> header = TcpHeader::read(bytes);
  kernel_.did(KernelPath::tcp_receive);
  kernel_.locked(3);  // hash bucket, socket
  if (!header || !TcpHeader::intact(bytes, ip)) {
    ++counts_.refused;
    release(buffer);
    return;
  }
  memory_.reserve(buffer,
                  static_cast<std::uint32_t>(EthernetHeader::size + Ipv4Header::size + header->length()));
  const auto payload = static_cast<std::uint32_t>(ip.payload_length() - header->length());
  const Segment segment{.pair = {ip.destination, ip.source, header->destination_port, header->source_port},
                        .segment = to_segment(*header, payload),
                        .buffer = buffer,
                        .size = size};
  TcpConnection* connection = tcp_.find(segment.pair);
  TcpSocket* socket = connection != nullptr ? socket_of(*connection) : nullptr;
  if (socket != nullptr && socket->keeps(segment)) return;
  work_on(segment);
}

void NetworkStack::work_on(const Segment& segment) {
  if (const TcpConnection* connection = tcp_.find(segment.pair)) {
    if (const TcpSocket* socket = socket_of(*connection)) {
      kernel_.uses(KernelObject::socket, socket->name(), socket_lines);
    }
    // Header prediction: without new acknowledgements there is nothing to do about them.
    if (connection->undelivered() > 0 || segment.segment.length == 0) {
      kernel_.did(KernelPath::tcp_acknowledgement);
      kernel_.locked(1);
    }
  }
  if (segment.segment.length > 0) {
    kernel_.did(KernelPath::tcp_data);
    kernel_.locked(2);  // receive buffer, queue
  }
  tcp_.receive(now(), segment.pair, segment.segment, segment.buffer, segment.size);
}

void NetworkStack::receive_udp(const Ipv4Header& ip, const Arrival& arrival) {
  const auto& [frame, buffer, size, summed] = arrival;
  constexpr std::uint32_t line = 64;
  kernel_.did(KernelPath::udp_receive);
  kernel_.locked(4);
  const std::span<const std::byte> transport = frame.transport();
  const auto bytes = transport.first(std::min<std::size_t>(transport.size(), ip.payload_length()));
  const std::optional<UdpHeader> header = UdpHeader::read(bytes);
  if (!summed) kernel_.did(KernelPath::checksum_line, (ip.payload_length() + line - 1U) / line);
  const auto found = header ? datagram_sockets_.find(header->destination_port) : datagram_sockets_.end();
  if (found == datagram_sockets_.end() || !UdpHeader::intact(bytes, ip)) {
    ++counts_.refused;
    release(buffer);
    return;
  }
  memory_.reserve(buffer, EthernetHeader::size + Ipv4Header::size + UdpHeader::size);
  found->second->arrived({.from = {ip.source, header->source_port},
                          .length = static_cast<std::uint32_t>(header->length - UdpHeader::size),
                          .size = size,
                          .buffer = buffer});
}

}  // namespace xensim
