/// One interface of a guest's network stack: queue, neighbours and device.
#pragma once

#include <boost/circular_buffer.hpp>
#include <cstdint>

#include "models/guest/kernel/kernel_context.hpp"
#include "models/guest/network/network_device.hpp"
#include "models/guest/network/packet_memory.hpp"
#include "models/io/arp/neighbours.hpp"

namespace xensim {

class NetworkInterface;

/// Who takes what interfaces receive.
class PacketReceiver {
 public:
  PacketReceiver() = default;
  PacketReceiver(const PacketReceiver&) = delete;
  PacketReceiver& operator=(const PacketReceiver&) = delete;
  virtual ~PacketReceiver() = default;
  virtual void receive(unsigned vcpu, NetworkInterface& from, const NetworkPacket& packet) = 0;
  [[nodiscard]] virtual Jiffies now() const = 0;
};

/// A queue of 100 packets (pfifo_fast, all of one band) before a device that may be full.
class NetworkInterface final : public NetworkClient {
 public:
  static constexpr std::size_t queue_limit = 100;
  struct Counts {
    std::uint64_t sent = 0, received = 0, dropped = 0, stops = 0;
  };

  /// All must outlive it.
  NetworkInterface(PacketReceiver& receiver, NetworkDevice& device, const KernelContext& kernel,
                   PacketMemory& memory, Ipv4Address address);

  [[nodiscard]] Ipv4Address address() const { return address_; }
  [[nodiscard]] std::uint32_t mtu() const { return device_.mtu(); }
  [[nodiscard]] bool sums() const { return device_.sums(); }
  [[nodiscard]] std::uint32_t receive_size(std::uint32_t length) const {
    return device_.receive_size(length);
  }
  [[nodiscard]] const Counts& counts() const { return counts_; }

  /// An IP packet without its Ethernet addresses, in `page` from `offset` on. False: the queue is full.
  [[nodiscard]] bool send(unsigned vcpu, Ipv4Address to, const EthernetFrame& frame, PageNumber page,
                          std::uint32_t offset);
  void receive_arp(unsigned vcpu, const EthernetFrame& frame);
  /// What came from there proves that it is there.
  void confirm(Ipv4Address neighbour) { neighbours_.confirm(receiver_.now(), neighbour); }
  [[nodiscard]] std::optional<Jiffies> deadline() const { return neighbours_.deadline(); }
  void run_timers(unsigned vcpu);

  void received(unsigned vcpu, const NetworkPacket& packet) override;
  void sent(unsigned vcpu, PageNumber page) override;
  void has_room(unsigned vcpu) override;

 private:
  [[nodiscard]] bool enqueue(unsigned vcpu, const NetworkPacket& packet, MacAddress to);
  void run_queue(unsigned vcpu);
  void send_messages(unsigned vcpu);

  PacketReceiver& receiver_;
  NetworkDevice& device_;
  const KernelContext& kernel_;
  PacketMemory& memory_;
  Ipv4Address address_;
  NeighbourCache<NetworkPacket> neighbours_;
  boost::circular_buffer<NetworkPacket> queue_{queue_limit};
  bool full_ = false;     ///< the device said so
  bool running_ = false;  ///< the queue is being worked off
  Counts counts_;
};

}  // namespace xensim
