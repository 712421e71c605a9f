#include "models/io/tcp/endpoint.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

namespace xensim {

NetworkEndpoint::NetworkEndpoint(const Options& options, EndpointClient& client)
    : options_(options),
      client_(client),
      neighbours_(options.mac, options.address),
      tcp_(static_cast<TcpLayer::Host&>(*this), options_.tcp) {}

NetworkEndpoint::~NetworkEndpoint() = default;

void NetworkEndpoint::receive(Time now, const EthernetFrame& frame) {
  now_ = std::max(now_, now);
  const std::optional<EthernetHeader> ethernet = EthernetHeader::read(frame.known());
  if (!ethernet ||
      (ethernet->destination != options_.mac && ethernet->destination != MacAddress::broadcast())) {
    ++ignored_;
    return;
  }
  work();
  if (ethernet->type == EtherType::arp) {
    if (const std::optional<ArpPacket> arp = ArpPacket::read(frame.network())) {
      neighbours_.receive(jiffies(), *arp);
      send_out_what_waited();
    }
  } else if (ethernet->type == EtherType::ipv4) {
    receive_ip(frame);
  } else {
    ++ignored_;
  }
  serve();
}

void NetworkEndpoint::receive_ip(const EthernetFrame& frame) {
  const std::optional<Ipv4Header> ip = Ipv4Header::read(frame.network());
  if (!ip || ip->destination != options_.address ||
      ip->total_length > frame.length() - EthernetHeader::size) {
    ++ignored_;
  } else if (ip->protocol == IpProtocol::tcp) {
    receive_tcp(*ip, frame);
  } else if (ip->protocol == IpProtocol::udp) {
    receive_udp(*ip, frame);
  } else {
    ++ignored_;
  }
}

void NetworkEndpoint::receive_tcp(const Ipv4Header& ip, const EthernetFrame& frame) {
  const std::span<const std::byte> transport = frame.transport();
  const auto bytes = transport.first(std::min<std::size_t>(transport.size(), ip.payload_length()));
  const std::optional<TcpHeader> header = TcpHeader::read(bytes);
  if (!header || !TcpHeader::intact(bytes, ip)) {
    ++ignored_;
    return;
  }
  const auto payload = static_cast<std::uint32_t>(ip.payload_length() - header->length());
  const TcpPair pair{ip.destination, ip.source, header->destination_port, header->source_port};
  tcp_.receive(jiffies(), pair, to_segment(*header, payload), {}, TcpSettings::receive_size(frame.length()));
  TcpConnection* connection = tcp_.find(pair);
  if (connection != nullptr && flows_[connection->id()].sending) touch(*connection);
}

void NetworkEndpoint::receive_udp(const Ipv4Header& ip, const EthernetFrame& frame) {
  const std::span<const std::byte> transport = frame.transport();
  const auto bytes = transport.first(std::min<std::size_t>(transport.size(), ip.payload_length()));
  const std::optional<UdpHeader> header = UdpHeader::read(bytes);
  if (!header || !UdpHeader::intact(bytes, ip)) {
    ++ignored_;
    return;
  }
  client_.datagram(now_, ip.source, header->source_port, header->destination_port,
                   static_cast<std::uint32_t>(header->length - UdpHeader::size));
}

Time NetworkEndpoint::next_timer() const {
  Time first = never;
  for (const std::optional<Jiffies>& deadline : {tcp_.deadline(), neighbours_.deadline()}) {
    if (deadline) first = std::min(first, jiffy * static_cast<std::int64_t>(*deadline));
  }
  return first == never ? first : std::max(first, now_);
}

void NetworkEndpoint::run_timers(Time now) {
  now_ = std::max(now_, now);
  tcp_.run_timers(jiffies());
  neighbours_.run_timers(jiffies());
  send_out_what_waited();
  serve();
}

NetworkEndpoint::Connection NetworkEndpoint::connect(Time now, Ipv4Address to, std::uint16_t port) {
  now_ = std::max(now_, now);
  TcpConnection* connection = tcp_.open({.local = options_.address, .remote = to, .remote_port = port});
  if (connection == nullptr) throw std::length_error("no local port is free");
  if (options_.socket_buffer > 0) {
    connection->set_send_buffer(options_.socket_buffer);
    connection->set_receive_buffer(options_.socket_buffer);
  }
  const Connection id = connection->id();
  flows_.resize(std::max<std::size_t>(flows_.size(), id + 1));
  flows_[id] = {};
  connection->connect(jiffies(), tcp_.initial_sequence(jiffies()));
  tcp_.settle(*connection);
  return id;
}

void NetworkEndpoint::listen(std::uint16_t port, std::uint32_t backlog) {
  TcpLayer::Listening how{.backlog = backlog};
  if (options_.socket_buffer > 0) {
    how.send_buffer = how.receive_buffer = 2 * std::min(options_.socket_buffer, options_.tcp.option_limit);
    how.send_buffer_fixed = true;
  }
  (void)tcp_.listen(port, how);
}

void NetworkEndpoint::arrived(std::uint16_t port) {
  const std::optional<Connection> id = tcp_.accept(port);
  if (!id) return;
  flows_.resize(std::max<std::size_t>(flows_.size(), *id + 1));
  flows_[*id] = {.established = true};
  touch(tcp_.at(*id));
}

void NetworkEndpoint::touch(TcpConnection& connection) {
  if (!std::exchange(flows_[connection.id()].touched, true)) touched_.push_back(connection.id());
}

void NetworkEndpoint::changed(TcpConnection& connection, TcpChange change) {
  Flow& flow = flows_[connection.id()];
  if (change == TcpChange::readable && flow.held) flow.readable = true;
  if (change == TcpChange::readable && !flow.held) {
    flow.received += connection.read(std::numeric_limits<std::uint32_t>::max());
  }
  if (change == TcpChange::established) flow.established = true;
  if (change == TcpChange::ended) flow.ended = true;
  if (change == TcpChange::failed) flow.failed = true;
  touch(connection);
}

void NetworkEndpoint::gone(TcpConnection& connection) {
  if (connection.id() < flows_.size()) flows_[connection.id()] = {};
}

void NetworkEndpoint::serve() {
  if (std::exchange(serving_, true)) return;
  for (std::size_t i = 0; i < touched_.size(); ++i) serve(touched_[i]);
  touched_.clear();
  serving_ = false;
}

void NetworkEndpoint::serve(Connection id) {
  if (!std::exchange(flows_[id].touched, false)) return;  // gone meanwhile
  TcpConnection& connection = tcp_.at(id);
  const bool delivered = flows_[id].sending && flows_[id].unsent == 0 && connection.undelivered() == 0;
  if (delivered) flows_[id].sending = false;
  const Flow news = flows_[id];
  flows_[id].established = flows_[id].ended = flows_[id].failed = flows_[id].readable = false;
  flows_[id].received = 0;
  if (!news.failed) {
    if (news.received > 0) {
      connection.after_reading(jiffies(), static_cast<std::uint32_t>(std::min<std::uint64_t>(
                                              news.received, std::numeric_limits<std::uint32_t>::max())));
    }
    feed(connection);
    if (news.established) client_.connected(now_, id, connection.pair().local_port);
    if (news.received > 0) client_.received(now_, id, news.received);
    if (news.readable) client_.readable(now_, id);
    if (delivered) client_.delivered(now_, id);
    if (news.ended) client_.ended(now_, id);
  } else {
    if (news.received > 0) client_.received(now_, id, news.received);
    connection.abort(jiffies());
    tcp_.settle(connection);
    client_.lost(now_, id);
  }
}

void NetworkEndpoint::feed(TcpConnection& connection) {
  Flow& flow = flows_[connection.id()];
  if (flow.unsent > 0 && connection.can_send()) flow.unsent -= connection.send(jiffies(), flow.unsent);
  if (flow.unsent == 0 || connection.failed()) {
    const Flow::Then then = std::exchange(flow.then, Flow::Then::nothing);
    if (then == Flow::Then::shutdown) connection.shutdown(jiffies());
    if (then == Flow::Then::close) connection.close(jiffies());
  }
  tcp_.settle(connection);
}

void NetworkEndpoint::send(Time now, Connection id, std::uint64_t bytes) {
  now_ = std::max(now_, now);
  flows_[id].unsent += bytes;
  flows_[id].sending = true;
  feed(tcp_.at(id));
  serve();
}

std::uint32_t NetworkEndpoint::take(Time now, Connection id, std::uint32_t most) {
  now_ = std::max(now_, now);
  TcpConnection& connection = tcp_.at(id);
  const std::uint32_t count = connection.read(most);
  if (count > 0) connection.after_reading(jiffies(), count);
  tcp_.settle(connection);
  return count;
}

void NetworkEndpoint::shutdown(Time now, Connection id) {
  now_ = std::max(now_, now);
  flows_[id].then = Flow::Then::shutdown;
  feed(tcp_.at(id));
  serve();
}

void NetworkEndpoint::close(Time now, Connection id) {
  now_ = std::max(now_, now);
  flows_[id].then = Flow::Then::close;
  feed(tcp_.at(id));
  serve();
}

bool NetworkEndpoint::transmit(TcpConnection& connection, const TcpSegment& segment, TcpBuffer /*payload*/) {
  transmit_unconnected(connection.pair(), segment);
  return true;
}

void NetworkEndpoint::transmit_unconnected(const TcpPair& pair, const TcpSegment& segment) {
  const Ipv4Header ip{.identification = identification_++, .source = pair.local, .destination = pair.remote};
  emit(pair.remote, tcp_frame({.source = options_.mac}, ip, to_header(segment), segment.length));
}

void NetworkEndpoint::send_datagram(Time now, std::uint16_t port, Ipv4Address to, std::uint16_t to_port,
                                    std::uint32_t bytes) {
  now_ = std::max(now_, now);
  const Ipv4Header ip{.identification = identification_++, .source = options_.address, .destination = to};
  emit(to,
       udp_frame({.source = options_.mac}, ip, {.source_port = port, .destination_port = to_port}, bytes));
}

void NetworkEndpoint::emit(Ipv4Address to, const EthernetFrame& frame) {
  if (const std::optional<MacAddress> mac = neighbours_.resolve(jiffies(), to)) {
    leave(frame, *mac);
    return;
  }
  neighbours_.wait(jiffies(), to, frame);
  send_out_what_waited();
}

void NetworkEndpoint::leave(EthernetFrame frame, MacAddress to) {
  to.store(frame.known(), EthernetHeader::destination_offset);
  work();
  client_.transmit(free_at_, frame);
}

void NetworkEndpoint::send_out_what_waited() {
  for (const auto& message : std::exchange(neighbours_.messages, {})) {
    leave(arp_frame({.destination = message.to, .source = options_.mac, .type = EtherType::arp}, message.arp),
          message.to);
  }
  for (const auto& ready : std::exchange(neighbours_.packets, {})) leave(ready.packet, ready.to);
  neighbours_.given_up.clear();
}

}  // namespace xensim
