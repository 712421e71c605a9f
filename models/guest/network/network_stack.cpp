#include "models/guest/network/network_stack.hpp"

#include <algorithm>
#include <utility>

#include "models/guest/network/tcp_socket.hpp"
#include "models/guest/network/udp_socket.hpp"

namespace xensim {

NetworkStack::NetworkStack(GuestKernel& scheduler, const KernelContext& kernel, GuestMemory& memory,
                           std::function<void(unsigned)> run_on)
    : scheduler_(scheduler),
      kernel_(kernel),
      run_on_(std::move(run_on)),
      memory_(memory),
      settings_(TcpSettings::of_memory(memory.pages.size())),
      tcp_(static_cast<TcpLayer::Host&>(*this), settings_),
      next_port_(settings_.first_port) {}

NetworkStack::~NetworkStack() { scheduler_.timers().clear(*this); }

void NetworkStack::attach(NetworkDevice& device, Ipv4Address address) {
  PacketReceiver& receiver = *this;
  interfaces_.push_back(std::make_unique<NetworkInterface>(receiver, device, kernel_, memory_, address));
}

bool NetworkStack::is_local(Ipv4Address to) const {
  constexpr std::uint32_t loopback_network = 127;
  return to.value >> 24 == loopback_network ||
         std::ranges::any_of(interfaces_, [&](const auto& interface) { return interface->address() == to; });
}

NetworkInterface* NetworkStack::way_to(Ipv4Address /*to*/) const {
  return interfaces_.empty() ? nullptr : interfaces_.front().get();
}

Ipv4Address NetworkStack::source_for(Ipv4Address to) const {
  if (is_local(to)) return to;
  const NetworkInterface* way = way_to(to);
  return way != nullptr ? way->address() : Ipv4Address::of(127, 0, 0, 1);
}

std::uint32_t NetworkStack::mtu(Ipv4Address to, std::uint32_t usual) const {
  if (is_local(to)) return loopback_mtu;
  const NetworkInterface* way = way_to(to);
  return way != nullptr ? way->mtu() : usual;
}

void NetworkStack::copies_for(Ipv4Address remote) {
  const NetworkInterface* way = way_to(remote);
  copies_sum_ = !is_local(remote) && way != nullptr && !way->sums();
}

void NetworkStack::wake(WaitQueue& queue) {
  kernel_.did(KernelPath::socket_wake);
  kernel_.locked(2);  // the callback lock
  wakes_.clear();
  queue.wake(kernel_, wakes_);
  for (const Wake& wake : wakes_) scheduler_.wake(vcpu_, wake.process, wake.synchronous);
}

void NetworkStack::finish() {
  run_loopback();
  arm();
}

void NetworkStack::arm() {
  std::optional<Jiffies> first = tcp_.deadline();
  for (const auto& interface : interfaces_) {
    const std::optional<Jiffies> other = interface->deadline();
    if (other && (!first || *other < *first)) first = other;
  }
  if (first && !scheduler_.timers().is_set(*this, *first)) scheduler_.timers().set(*this, *first);
}

void NetworkStack::expired(unsigned vcpu) {
  const GuestKernel::WakingFor awaited(scheduler_, LifePart::network);
  run_on_(vcpu);
  kernel_.did(KernelPath::tcp_timer);
  for (std::size_t i = 0; i < sockets_.size(); ++i) {
    if (sockets_[i] != nullptr) sockets_[i]->give_up_reader();
  }
  tcp_.run_timers(now());
  for (const auto& interface : interfaces_) interface->run_timers(vcpu);
  finish();
}

// --- Sending ---

bool NetworkStack::transmit(TcpConnection& connection, const TcpSegment& segment, TcpBuffer payload) {
  return send_segment(connection.pair(), segment, payload);
}

void NetworkStack::transmit_unconnected(const TcpPair& pair, const TcpSegment& segment) {
  kernel_.did(KernelPath::tcp_handshake);
  (void)send_segment(pair, segment, {});
}

bool NetworkStack::send_segment(const TcpPair& pair, const TcpSegment& segment, TcpBuffer payload) {
  kernel_.did(KernelPath::skb_allocate);  // a clone's head, or an acknowledgement
  kernel_.did(KernelPath::tcp_transmit);
  kernel_.locked(3);  // counts of the clone and of the send buffer
  const bool is_own = !payload.valid();
  if (is_own) {
    const std::optional<TcpBuffer> buffer = memory_.allocate(segment.length + TcpSettings::header_room);
    if (!buffer) return false;
    payload = *buffer;
    use_head(payload);
    memory_.reserve(payload, TcpSettings::header_room);
  }
  const Ipv4Header ip{.identification = identification_++, .source = pair.local, .destination = pair.remote};
  const TcpHeader header = to_header(segment);
  const auto headers = static_cast<std::uint32_t>(EthernetHeader::size + Ipv4Header::size + header.length());
  const bool sent = send_ip(pair.remote, tcp_frame({}, ip, header, segment.length), payload, headers);
  if (is_own) memory_.release(payload);
  return sent;
}

bool NetworkStack::send_ip(Ipv4Address to, const EthernetFrame& frame, TcpBuffer buffer,
                           std::uint32_t headers) {
  if (detached_) return true;
  kernel_.did(KernelPath::ip_transmit);
  kernel_.locked(2);  // route and neighbour
  if (is_local(to)) {
    if (backlog_.size() >= backlog_limit) {
      ++counts_.loopback_dropped;
      return true;
    }
    ++counts_.loopback;
    kernel_.did(KernelPath::device_queue);
    kernel_.locked(3);
    backlog_.push_back({frame, memory_.share(buffer, headers)});
    return true;
  }
  NetworkInterface* way = way_to(to);
  if (way == nullptr) return true;  // no route
  const PageNumber page = memory_.page(buffer);
  kernel_.uses(KernelObject::packet_clone, page.value, PacketMemory::clone_lines);
  kernel_.work.use(page, Access::write);
  return way->send(vcpu_, to, frame, page, memory_.place(buffer) - headers);
}

bool NetworkStack::send_datagram(std::uint16_t port, Ipv4Address to, std::uint16_t to_port,
                                 std::uint32_t bytes) {
  kernel_.did(KernelPath::udp_transmit);
  kernel_.did(KernelPath::skb_allocate);
  kernel_.locked(4);
  const std::optional<TcpBuffer> buffer = memory_.allocate(bytes + TcpSettings::header_room);
  if (!buffer) return false;
  memory_.reserve(*buffer, TcpSettings::header_room);
  copies_for(to);
  fill(*buffer, 0, bytes);
  const Ipv4Header ip{.identification = identification_++, .source = source_for(to), .destination = to};
  const EthernetFrame frame = udp_frame({}, ip, {.source_port = port, .destination_port = to_port}, bytes);
  const std::uint32_t headers = EthernetHeader::size + Ipv4Header::size + UdpHeader::size;
  const bool sent = send_ip(to, frame, *buffer, headers);
  memory_.release(*buffer);
  return sent;
}

std::optional<TcpBuffer> NetworkStack::allocate(std::uint32_t bytes) {
  kernel_.did(KernelPath::tcp_send_segment);
  kernel_.did(KernelPath::skb_allocate);
  kernel_.locked(2);
  const std::optional<TcpBuffer> buffer = memory_.allocate(bytes + TcpSettings::header_room);
  if (!buffer) return {};
  use_head(*buffer);
  memory_.reserve(*buffer, TcpSettings::header_room);
  return buffer;
}

void NetworkStack::use_head(TcpBuffer buffer) {
  kernel_.uses(KernelObject::packet, memory_.page(buffer).value, PacketMemory::head_lines);
}

void NetworkStack::release(TcpBuffer buffer) {
  kernel_.did(KernelPath::skb_free);
  use_head(buffer);
  kernel_.locked(2);
  memory_.release(buffer);
}

// --- Copies ---

void NetworkStack::fill(TcpBuffer buffer, std::uint32_t offset, std::uint32_t bytes) {
  copy(buffer, offset, bytes, Processor::Stream::write);
}

void NetworkStack::drain(TcpBuffer buffer, std::uint32_t offset, std::uint32_t bytes) {
  kernel_.did(KernelPath::tcp_receive_segment);
  copy(buffer, offset, bytes, Processor::Stream::read);
}

void NetworkStack::move(TcpBuffer from, std::uint32_t offset, TcpBuffer to, std::uint32_t at,
                        std::uint32_t bytes) {
  const std::uint32_t lines = (bytes + 63) / 64;
  kernel_.did(KernelPath::copy_line, lines);
  const Cycles half{kernel_.work.cost(KernelPath::copy_line).count / 2};
  const std::uint32_t source = memory_.page(from, offset).value;
  kernel_.reads(KernelObject::page, source, 1 + kernel_.work.stream_start());
  kernel_.work.streams(source, lines, half, Processor::Stream::read);
  kernel_.work.streams(memory_.page(to, at).value, lines, half, Processor::Stream::write);
}

void NetworkStack::copy(TcpBuffer buffer, std::uint32_t offset, std::uint32_t bytes, Processor::Stream kind) {
  constexpr std::uint32_t line = 64;
  const KernelPath path = copies_sum_ ? KernelPath::checksum_line : KernelPath::copy_line;
  kernel_.did(KernelPath::copy_user);
  kernel_.did(path, (bytes + line - 1) / line);
  if (!buffer.valid()) return;
  if (kind == Processor::Stream::read) {
    // Too short for the prefetcher to hide how it begins. The line with the headers was read before.
    kernel_.reads(KernelObject::page, memory_.page(buffer, offset).value, 1 + kernel_.work.stream_start());
  }
  while (bytes > 0) {
    const PageNumber page = memory_.page(buffer, offset);
    const std::uint32_t part = std::min(bytes, page_size - memory_.place(buffer, offset));
    kernel_.work.use(page, kind == Processor::Stream::write ? Access::write : Access::read);
    kernel_.work.streams(page.value, (part + line - 1) / line, kernel_.work.cost(path), kind);
    offset += part;
    bytes -= part;
  }
}

// --- Sockets ---

TcpSocket* NetworkStack::socket_of(const TcpConnection& connection) const {
  return connection.id() < sockets_.size() ? sockets_[connection.id()] : nullptr;
}

void NetworkStack::bind(TcpConnection& connection, TcpSocket* socket) {
  if (connection.id() >= sockets_.size()) sockets_.resize(connection.id() + 1);
  sockets_[connection.id()] = socket;
}

void NetworkStack::set_listener(std::uint16_t port, TcpSocket* socket) {
  if (socket != nullptr) {
    listeners_[port] = socket;
  } else {
    listeners_.erase(port);
  }
}

void NetworkStack::changed(TcpConnection& connection, TcpChange /*change*/) {
  if (TcpSocket* socket = socket_of(connection)) wake(socket->queue());
}

void NetworkStack::arrived(std::uint16_t port) {
  kernel_.did(KernelPath::tcp_handshake);
  const auto found = listeners_.find(port);
  if (found != listeners_.end()) wake(found->second->queue());
}

void NetworkStack::confirmed(const TcpConnection& connection) {
  const Ipv4Address remote = connection.pair().remote;
  NetworkInterface* way = way_to(remote);
  if (way != nullptr && !is_local(remote)) way->confirm(remote);
}

void NetworkStack::gone(TcpConnection& connection) {
  if (connection.id() < sockets_.size()) sockets_[connection.id()] = nullptr;
}

std::uint16_t NetworkStack::bind(UdpSocket& socket, std::uint16_t port) {
  for (std::uint32_t tries = settings_.last_port - settings_.first_port + 1U; port == 0 && tries > 0;
       --tries) {
    const std::uint16_t candidate = next_port_;
    next_port_ =
        candidate == settings_.last_port ? settings_.first_port : static_cast<std::uint16_t>(candidate + 1);
    if (!datagram_sockets_.contains(candidate)) port = candidate;
  }
  if (port == 0) return 0;
  return datagram_sockets_.try_emplace(port, &socket).second ? port : std::uint16_t{0};
}

std::uint32_t NetworkStack::name_socket() {
  if (free_names_.empty()) return names_++;
  const std::uint32_t name = free_names_.back();
  free_names_.pop_back();
  return name;
}

}  // namespace xensim
