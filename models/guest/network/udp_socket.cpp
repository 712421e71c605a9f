#include "models/guest/network/udp_socket.hpp"

#include <algorithm>
#include <utility>

namespace xensim {

UdpSocket::UdpSocket(NetworkStack& stack) : stack_(stack), name_(stack.name_socket()) {}

CallResult UdpSocket::bind(SocketAddress address) {
  if (local_.port != 0) return CallResult::failed(CallError::invalid);
  stack_.kernel().did(KernelPath::socket_bind);
  const std::uint16_t port = stack_.bind(*this, address.port);
  if (port == 0) return CallResult::failed(CallError::address_in_use);
  local_ = {address.ip, port};
  return {};
}

CallResult UdpSocket::connect(ProcessId /*process*/, Progress& /*progress*/, SocketAddress to) {
  peer_ = to;
  return local_.port == 0 ? bind({}) : CallResult{};
}

CallResult UdpSocket::set_option(SocketOption option, std::uint32_t value) {
  stack_.kernel().did(KernelPath::socket_option);
  if (option == SocketOption::receive_buffer) buffer_ = 2 * std::min(value, stack_.settings().option_limit);
  return {};
}

CallResult UdpSocket::write(WriteRequest& request) {
  if (peer_.port == 0) return CallResult::failed(CallError::not_connected);
  return send_to(request, peer_);
}

CallResult UdpSocket::send_to(WriteRequest& request, SocketAddress to) {
  constexpr std::size_t longest = 1472;  // fragments are not modelled
  stack_.kernel().did(KernelPath::socket_call);
  if (request.from.size() > longest) return CallResult::failed(CallError::invalid);
  if (local_.port == 0) {
    if (CallResult bound = bind({}); !bound.ok()) return bound;
  }
  (void)stack_.send_datagram(local_.port, to.ip, to.port, static_cast<std::uint32_t>(request.from.size()));
  stack_.finish();
  return {.value = static_cast<std::int64_t>(request.from.size())};
}

CallResult UdpSocket::read(ReadRequest& request) {
  SocketAddress ignored;
  return receive_from(request, ignored);
}

CallResult UdpSocket::receive_from(ReadRequest& request, SocketAddress& from) {
  Progress& progress = request.progress;
  if (!progress.slept) stack_.kernel().did(KernelPath::socket_call);
  bool goes_on = true;
  if (std::exchange(progress.slept, false)) {
    queue_.remove(request.process);
    goes_on = !std::exchange(progress.interrupted, false);
  }
  if (received_.empty()) {
    if (!goes_on) return CallResult::failed(CallError::restart);
    if (nonblocking) return CallResult::failed(CallError::try_again);
    stack_.kernel().did(KernelPath::wait_entry);
    stack_.kernel().locked(4);
    queue_.add(request.process);
    progress.slept = true;
    return {.sleeps = true};
  }
  const Datagram datagram = received_.front();
  received_.pop_front();
  size_ -= datagram.size;
  from = datagram.from;
  const auto bytes = static_cast<std::uint32_t>(std::min<std::size_t>(datagram.length, request.into.size()));
  stack_.kernel().uses(KernelObject::socket, name_, 4);
  stack_.copies_for(datagram.from.ip);
  stack_.drain(datagram.buffer, 0, bytes);
  stack_.discard(datagram.buffer);
  return {.value = bytes};
}

void UdpSocket::arrived(const Datagram& datagram) {
  if (size_ + datagram.size > buffer_) {
    ++dropped_;
    stack_.discard(datagram.buffer);
    return;
  }
  stack_.kernel().uses(KernelObject::socket, name_, 4);
  size_ += datagram.size;
  received_.push_back(datagram);
  stack_.wake(queue_);
}

Readiness UdpSocket::poll(PollTable* table) {
  if (table != nullptr) table->wait_on(queue_);
  return {.readable = !received_.empty(), .writable = true};
}

void UdpSocket::release(Wakes& /*wakes*/) {
  stack_.forget_socket(name_);
  if (local_.port != 0) stack_.unbind(local_.port);
  for (const Datagram& datagram : std::exchange(received_, {})) stack_.discard(datagram.buffer);
}

}  // namespace xensim
