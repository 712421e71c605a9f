/// The network protocols of a guest kernel: Linux 2.4.21's IP, TCP and UDP around its interfaces.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "models/guest/kernel/kernel.hpp"
#include "models/guest/kernel/kernel_timers.hpp"
#include "models/guest/kernel/wait_queue.hpp"
#include "models/guest/network/network_interface.hpp"
#include "models/io/tcp/layer.hpp"

namespace xensim {

class TcpSocket;
class UdpSocket;

/// Interfaces receive from their drivers' softirqs, loopback in the context of whoever sends, at the end of
/// its call. A segment whose socket is in use by a call that pauses waits until the call lets it go
/// (backlog); a reader that sleeps is given its segments to work on by itself (prequeue).
class NetworkStack final : private TcpLayer::Host, private KernelTimer, private PacketReceiver {
 public:
  static constexpr std::uint32_t loopback_mtu = 16436;
  static constexpr std::size_t backlog_limit = 300;  ///< netdev_max_backlog

  /// `run_on` makes the kernel run on a virtual processor, and leads to `on`.
  NetworkStack(GuestKernel& scheduler, const KernelContext& kernel, GuestMemory& memory,
               std::function<void(unsigned)> run_on);
  ~NetworkStack() override;

  /// Configures an interface; addresses that no interface's own are reached through the first one.
  void attach(NetworkDevice& device, Ipv4Address address);
  /// The machine is switched off: nothing leaves it any more.
  void detach() { detached_ = true; }
  /// The kernel runs there from now on.
  void on(unsigned vcpu) { vcpu_ = vcpu; }

  // For sockets, in the context of a call.
  [[nodiscard]] TcpLayer& tcp() { return tcp_; }
  [[nodiscard]] const TcpSettings& settings() const { return settings_; }
  [[nodiscard]] const KernelContext& kernel() const { return kernel_; }
  [[nodiscard]] Jiffies now() const override { return scheduler_.ticks(); }
  /// The address that packets to `to` come from.
  [[nodiscard]] Ipv4Address source_for(Ipv4Address to) const;
  void wake(WaitQueue& queue);
  /// Copies that follow are of packets on the way to or from there, which decides whether they are summed.
  void copies_for(Ipv4Address remote);
  /// A call that may have sent something ends: what is due at once follows.
  void finish();
  void settle(TcpConnection& connection) { tcp_.settle(connection); }
  void bind(TcpConnection& connection, TcpSocket* socket);
  void set_listener(std::uint16_t port, TcpSocket* socket);
  /// Works on a segment that waited for its reader.
  struct Segment {
    TcpPair pair;
    TcpSegment segment;
    TcpBuffer buffer;
    std::uint32_t size = 0;
  };
  void work_on(const Segment& segment);
  void discard(TcpBuffer buffer) { release(buffer); }
  void fill(TcpBuffer buffer, std::uint32_t offset, std::uint32_t bytes) override;
  void drain(TcpBuffer buffer, std::uint32_t offset, std::uint32_t bytes) override;
  void move(TcpBuffer from, std::uint32_t offset, TcpBuffer to, std::uint32_t at,
            std::uint32_t bytes) override;

  // UDP. 0: a free port.
  [[nodiscard]] std::uint16_t bind(UdpSocket& socket, std::uint16_t port);
  void unbind(std::uint16_t port) { datagram_sockets_.erase(port); }
  /// False: it was dropped here.
  bool send_datagram(std::uint16_t port, Ipv4Address to, std::uint16_t to_port, std::uint32_t bytes);
  /// One number for each socket, in the caches.
  [[nodiscard]] std::uint32_t name_socket();
  void forget_socket(std::uint32_t name) { free_names_.push_back(name); }

  struct Counts {
    std::uint64_t loopback = 0, loopback_dropped = 0, refused = 0;
  };
  [[nodiscard]] const Counts& counts() const { return counts_; }
  [[nodiscard]] const std::vector<std::unique_ptr<NetworkInterface>>& interfaces() const {
    return interfaces_;
  }
  void count_references(std::span<std::uint32_t> references) const { memory_.count_references(references); }
  [[nodiscard]] std::string audit() const { return tcp_.audit(); }

 private:
  static constexpr std::uint32_t socket_lines = 6;  ///< of its 1000 bytes that a packet uses
  struct Looped {
    EthernetFrame frame;
    TcpBuffer buffer;
  };

  // TcpLayer::Host
  bool transmit(TcpConnection& connection, const TcpSegment& segment, TcpBuffer payload) override;
  void transmit_unconnected(const TcpPair& pair, const TcpSegment& segment) override;
  [[nodiscard]] std::uint32_t mtu(Ipv4Address to, std::uint32_t usual) const override;
  void changed(TcpConnection& connection, TcpChange change) override;
  void arrived(std::uint16_t port) override;
  void confirmed(const TcpConnection& connection) override;
  void gone(TcpConnection& connection) override;
  std::optional<TcpBuffer> allocate(std::uint32_t bytes) override;
  void release(TcpBuffer buffer) override;
  // KernelTimer
  void expired(unsigned vcpu) override;
  // PacketReceiver
  void receive(unsigned vcpu, NetworkInterface& from, const NetworkPacket& packet) override;

  bool send_segment(const TcpPair& pair, const TcpSegment& segment, TcpBuffer payload);
  bool send_ip(Ipv4Address to, const EthernetFrame& frame, TcpBuffer buffer, std::uint32_t headers);
  [[nodiscard]] bool is_local(Ipv4Address to) const;
  [[nodiscard]] NetworkInterface* way_to(Ipv4Address to) const;
  void run_loopback();
  /// A packet that came in: `size` is what it takes of a receive buffer.
  struct Arrival {
    const EthernetFrame& frame;
    TcpBuffer buffer;
    std::uint32_t size = 0;
    bool summed = false;
  };
  void receive_ip(const Arrival& arrival);
  void receive_tcp(const Ipv4Header& ip, const Arrival& arrival);
  void receive_udp(const Ipv4Header& ip, const Arrival& arrival);
  void use_head(TcpBuffer buffer);
  void copy(TcpBuffer buffer, std::uint32_t offset, std::uint32_t bytes, Processor::Stream kind);
  void arm();
  [[nodiscard]] TcpSocket* socket_of(const TcpConnection& connection) const;

  GuestKernel& scheduler_;
  const KernelContext& kernel_;
  std::function<void(unsigned)> run_on_;
  PacketMemory memory_;
  TcpSettings settings_;
  TcpLayer tcp_;
  std::vector<std::unique_ptr<NetworkInterface>> interfaces_;
  std::vector<TcpSocket*> sockets_;  ///< by connection; null: closed by its program, or not yet accepted
  std::map<std::uint16_t, TcpSocket*> listeners_;
  std::map<std::uint16_t, UdpSocket*> datagram_sockets_;
  std::vector<Looped> backlog_;  ///< of loopback
  bool looping_ = false, detached_ = false;
  std::vector<std::uint32_t> free_names_;
  std::uint32_t names_ = 0;
  unsigned vcpu_ = 0;
  std::uint16_t identification_ = 0, next_port_;
  Wakes wakes_;
  bool copies_sum_ = false;  ///< copies that follow also compute checksums
  Counts counts_;
};

}  // namespace xensim
