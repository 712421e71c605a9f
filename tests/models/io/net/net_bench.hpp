/// A machine whose domains send and receive packets, one step at a time.
#pragma once

#include <stdexcept>
#include <string>

#include "models/io/machine_bytes.hpp"
#include "models/io/net/virtual_network.hpp"
#include "tests/models/memory/memory_bench.hpp"

namespace xensim::test {

inline constexpr MacAddress nic_mac{{0x00, 0x06, 0x5b, 0x10, 0x20, 0x30}};
inline const Ipv4Address outside = Ipv4Address::of(192, 168, 7, 7);

inline EthernetFrame tcp_packet(Ipv4Address from, Ipv4Address to, std::uint32_t payload = 0) {
  return tcp_frame({MacAddress::broadcast(), {}}, {.source = from, .destination = to},
                   {.source_port = 1, .destination_port = 80}, payload);
}

/// A domain with one interface. Its pages are mapped by the entries of one table, page i by entry i.
struct NetGuest {
  MemoryDomain& domain;
  DomainImage image;
  Ipv4Address ip;
  VifId id{};

  [[nodiscard]] Address address_of(std::uint32_t page) const { return {image.pages[page].value * page_size}; }
  [[nodiscard]] Address entry_of(std::uint32_t page) const {
    return {image.table(0).value * page_size + page * 4};
  }
};

class NetBench {
 public:
  explicit NetBench(std::uint32_t frames = 4096, const MemoryRules& rules = xen_1_0_memory)
      : memory(rules, frames), net(memory.machine, nic_mac) {}

  /// With the two rules that the tools install.
  NetGuest add(std::uint32_t pages) {
    auto [domain, image] = memory.add_running(pages);
    NetGuest guest{domain, image, Ipv4Address::of(10, 0, 0, static_cast<std::uint8_t>(domain.id.value))};
    guest.id = *net.add(domain, memory.cpu, "guest" + std::to_string(domain.id.value));
    net.add_rule(memory.domain0, {.source = guest.ip,
                                  .source_mask = UINT32_MAX,
                                  .source_vif = guest.id,
                                  .destination_vif = physical_vif});
    net.add_rule(memory.domain0,
                 {.destination = guest.ip, .destination_mask = UINT32_MAX, .destination_vif = guest.id});
    return guest;
  }
  /// Domain 0 with the interface that has the NIC's own address.
  NetGuest add_control() {
    DomainImage image = build_domain(memory.machine, memory.cpu, memory.domain0, memory.domain0, 64);
    NetGuest control{memory.domain0, image, Ipv4Address::of(10, 0, 0, 100)};
    control.id = *net.add(memory.domain0, memory.cpu, "control");
    return control;
  }

  [[nodiscard]] Vif& vif(const NetGuest& guest) { return *net.find(guest.id); }

  // --- What a guest's driver does ---
  void request_tx(const NetGuest& guest, const TxRequest& request) {
    TxRing& ring = vif(guest).page.tx;
    ring.store(ring.request_producer, request);
    ring.request_producer = NetIndices::next(ring.request_producer);
  }
  /// Writes a packet to its page and requests to send it.
  void send(const NetGuest& guest, std::uint32_t page, const EthernetFrame& packet, std::uint16_t id = 0) {
    store_bytes(memory.machine.contents, guest.image.pages[page], 0, packet.known());
    request_tx(guest, {id, static_cast<std::uint16_t>(packet.length()), guest.address_of(page)});
  }
  void request_rx(const NetGuest& guest, const RxRequest& request) {
    RxRing& ring = vif(guest).page.rx;
    ring.store(ring.request_producer, request);
    ring.request_producer = NetIndices::next(ring.request_producer);
  }
  /// Posts `count` buffers, the pages from `first` on.
  void post(const NetGuest& guest, std::uint32_t first, std::uint32_t count = 1) {
    for (std::uint32_t i = first; i < first + count; ++i) {
      request_rx(guest, {.id = static_cast<std::uint16_t>(i), .entry = guest.entry_of(i)});
    }
    update(guest);
  }
  void update(const NetGuest& guest, Time now = 0s) { net.update(memory.as(guest.domain), now); }

  [[nodiscard]] TxResponse tx_response(const NetGuest& guest, std::uint32_t slot) {
    return vif(guest).page.tx.load<TxResponse>(slot);
  }
  [[nodiscard]] RxResponse rx_response(const NetGuest& guest, std::uint32_t slot) {
    return vif(guest).page.rx.load<RxResponse>(slot);
  }

  // --- What the wire does ---
  void arrive(const EthernetFrame& packet) { net.receive(net.take_page(), packet); }
  std::optional<Transmission> transmit(Time now = 0s) { return net.next_transmission(memory.cpu, now); }
  void deliver() { net.deliver_all(memory.cpu); }

  [[nodiscard]] PageTableEntry entry(const NetGuest& guest, std::uint32_t page) const {
    return {memory.machine.contents.load(guest.image.table(0), page)};
  }
  [[nodiscard]] std::uint64_t did(NetStep step) const { return net.work[step]; }
  [[nodiscard]] std::string audit() const {
    const std::string found = net.audit();
    return found.empty() ? memory.audit(net.held()) : found;
  }

  MemoryBench memory;
  VirtualNetwork net;
};

}  // namespace xensim::test
