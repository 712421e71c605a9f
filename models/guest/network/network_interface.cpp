#include "models/guest/network/network_interface.hpp"

#include <utility>

namespace xensim {

NetworkInterface::NetworkInterface(PacketReceiver& receiver, NetworkDevice& device,
                                   const KernelContext& kernel, PacketMemory& memory, Ipv4Address address)
    : receiver_(receiver),
      device_(device),
      kernel_(kernel),
      memory_(memory),
      address_(address),
      neighbours_(device.mac(), address) {
  device.attach(*this);
}

bool NetworkInterface::send(unsigned vcpu, Ipv4Address to, const EthernetFrame& frame, PageNumber page,
                            std::uint32_t offset) {
  const NetworkPacket packet{frame, page, static_cast<std::uint16_t>(offset)};
  if (const std::optional<MacAddress> mac = neighbours_.resolve(receiver_.now(), to)) {
    return enqueue(vcpu, packet, *mac);
  }
  memory_.hold(page);
  neighbours_.wait(receiver_.now(), to, packet);
  send_messages(vcpu);
  return true;
}

bool NetworkInterface::enqueue(unsigned vcpu, const NetworkPacket& packet, MacAddress to) {
  kernel_.did(KernelPath::device_queue);
  kernel_.locked(3);  // queue_lock twice, xmit_lock
  if (queue_.size() >= queue_limit) {
    ++counts_.dropped;
    return false;
  }
  memory_.hold(packet.page);
  queue_.push_back(packet);
  EthernetFrame& frame = queue_.back().frame;
  to.store(frame.known(), EthernetHeader::destination_offset);
  device_.mac().store(frame.known(), EthernetHeader::source_offset);
  run_queue(vcpu);
  return true;
}

void NetworkInterface::run_queue(unsigned vcpu) {
  if (std::exchange(running_, true)) return;
  while (!full_ && !queue_.empty()) {
    // The device may call `sent` before it returns.
    const NetworkPacket packet = queue_.front();
    queue_.pop_front();
    if (device_.transmit(vcpu, packet)) {
      ++counts_.sent;
    } else {
      queue_.push_front(packet);
      full_ = true;
      ++counts_.stops;
    }
  }
  running_ = false;
}

void NetworkInterface::received(unsigned vcpu, const NetworkPacket& packet) {
  ++counts_.received;
  receiver_.receive(vcpu, *this, packet);
}

void NetworkInterface::sent(unsigned /*vcpu*/, PageNumber page) {
  kernel_.did(KernelPath::skb_free);
  kernel_.uses(KernelObject::packet_clone, page.value, PacketMemory::clone_lines);
  memory_.put(page);
}

void NetworkInterface::has_room(unsigned vcpu) {
  full_ = false;
  run_queue(vcpu);
}

void NetworkInterface::receive_arp(unsigned vcpu, const EthernetFrame& frame) {
  kernel_.did(KernelPath::arp_packet);
  const std::optional<ArpPacket> arp = ArpPacket::read(frame.network());
  if (!arp) return;
  neighbours_.receive(receiver_.now(), *arp);
  send_messages(vcpu);
}

void NetworkInterface::run_timers(unsigned vcpu) {
  neighbours_.run_timers(receiver_.now());
  send_messages(vcpu);
}

void NetworkInterface::send_messages(unsigned vcpu) {
  for (const auto& message : std::exchange(neighbours_.messages, {})) {
    kernel_.did(KernelPath::arp_packet);
    const std::optional<TcpBuffer> buffer = memory_.allocate(EthernetHeader::min_frame);
    if (!buffer) continue;
    const EthernetFrame frame = arp_frame({.type = EtherType::arp}, message.arp);
    (void)enqueue(vcpu, {frame, memory_.page(*buffer), 0}, message.to);
    memory_.release(*buffer);
  }
  for (const auto& ready : std::exchange(neighbours_.packets, {})) {
    (void)enqueue(vcpu, ready.packet, ready.to);
    memory_.put(ready.packet.page);
  }
  for (const NetworkPacket& packet : std::exchange(neighbours_.given_up, {})) memory_.put(packet.page);
}

}  // namespace xensim
