/// An Ethernet interface as a guest kernel's protocols see it (struct net_device of Linux 2.4), and what it
/// tells them.
#pragma once

#include <cstdint>
#include <span>

#include "models/guest/memory/paging.hpp"
#include "models/io/packet/frame.hpp"

namespace xensim {

/// A packet, and the page of the guest's memory that holds it (or will: what a device received is not in the
/// processor's caches). The page is the sender's until the device says that it was sent, and the receiver's
/// from the moment it is handed up.
struct NetworkPacket {
  EthernetFrame frame;
  PageNumber page{};
  std::uint16_t offset = 0;  ///< bytes into the page
};

/// What a device calls, from interrupts and softirqs of its guest. All calls charge their time to `vcpu`.
class NetworkClient {
 public:
  NetworkClient() = default;
  NetworkClient(const NetworkClient&) = delete;
  NetworkClient& operator=(const NetworkClient&) = delete;
  virtual ~NetworkClient() = default;

  /// netif_receive_skb.
  virtual void received(unsigned vcpu, const NetworkPacket& packet) = 0;
  /// A packet was sent, or given up: its page is free to be used again.
  virtual void sent(unsigned vcpu, PageNumber page) = 0;
  /// netif_wake_queue: there is room again after `transmit` said there was none.
  virtual void has_room(unsigned vcpu) = 0;
};

class NetworkDevice {
 public:
  NetworkDevice() = default;
  NetworkDevice(const NetworkDevice&) = delete;
  NetworkDevice& operator=(const NetworkDevice&) = delete;
  virtual ~NetworkDevice() = default;

  [[nodiscard]] virtual MacAddress mac() const = 0;
  /// The longest IP packet, in bytes.
  [[nodiscard]] virtual std::uint32_t mtu() const = 0;
  /// It sums TCP and UDP packets itself in both directions (NETIF_F_IP_CSUM).
  [[nodiscard]] virtual bool sums() const = 0;
  /// Bytes that a received frame of so many takes of a socket's receive buffer (skb->truesize).
  [[nodiscard]] virtual std::uint32_t receive_size(std::uint32_t length) const = 0;
  /// Whom to tell; before the first packet.
  virtual void attach(NetworkClient& client) = 0;
  /// hard_start_xmit. False: it is full, nothing was taken, and NetworkClient::has_room follows.
  [[nodiscard]] virtual bool transmit(unsigned vcpu, const NetworkPacket& packet) = 0;
  /// For audits: adds one for each page that it has to receive into.
  virtual void count_references(std::span<std::uint32_t> /*references*/) const {}
};

}  // namespace xensim
