/// A UDP socket of a guest kernel.
#pragma once

#include <deque>

#include "models/guest/network/network_stack.hpp"
#include "models/guest/network/socket.hpp"

namespace xensim {

/// Datagrams wait until as much memory as its buffer is taken; later ones are dropped.
class UdpSocket final : public Socket {
 public:
  explicit UdpSocket(NetworkStack& stack);

  [[nodiscard]] CallResult bind(SocketAddress address) override;
  /// Only sets where datagrams go.
  [[nodiscard]] CallResult connect(ProcessId process, Progress& progress, SocketAddress to) override;
  [[nodiscard]] CallResult read(ReadRequest& request) override;
  [[nodiscard]] CallResult write(WriteRequest& request) override;
  [[nodiscard]] CallResult set_option(SocketOption option, std::uint32_t value) override;
  [[nodiscard]] SocketAddress local_address() const override { return local_; }
  [[nodiscard]] CallResult send_to(WriteRequest& request, SocketAddress to) override;
  /// What does not fit is cut off.
  [[nodiscard]] CallResult receive_from(ReadRequest& request, SocketAddress& from) override;
  [[nodiscard]] Readiness poll(PollTable* table) override;
  void release(Wakes& wakes) override;

  struct Datagram {
    SocketAddress from;
    std::uint32_t length = 0;
    std::uint32_t size = 0;  ///< bytes of memory
    TcpBuffer buffer;
  };
  /// For the stack.
  void arrived(const Datagram& datagram);
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

 private:
  NetworkStack& stack_;
  std::uint32_t name_;
  WaitQueue queue_;
  SocketAddress local_{}, peer_{};
  std::deque<Datagram> received_;
  std::uint32_t size_ = 0, buffer_ = 65535;
  std::uint64_t dropped_ = 0;
};

}  // namespace xensim
