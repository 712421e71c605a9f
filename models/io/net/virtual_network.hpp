/// Networking inside the monitor, as in Xen 1.0: virtual interfaces, the firewall-router between them and
/// the physical one, and the schedule of what is sent.
///
/// Pure: no clock and no NIC. Functions say what they did in `work` and what is due in `owed`; the caller
/// runs `next_transmission` while the NIC has room and `deliver_all` when packets are queued.
///
/// Stricter than the code of 2003, so that no descriptor gives a guest what it must not have:
/// - a packet is not sent from a page table or descriptor table, into which the monitor would write an
///   Ethernet address; a buffer is posted only by a table that is in use as one;
/// - when the last reference to a table was a buffer posted through it, its entries are dropped;
/// - an entry does not become global by what the guest left in its flags;
/// - a frame that comes back unmapped is marked as perhaps writable through the TLB.
/// Where the description says nothing: the low two bits of an entry's address are ignored; credit is spent
/// after the test of a packet's size and before the others; a packet whose interface is gone by the time it
/// is delivered is dropped; pages of packets are taken from the head of the free list and put back there,
/// without regard to the slack that allocations must leave.
/// Left out: failure to allocate header buffers; fragments other than one; checksums by the NIC.
/// Source: Xen 1.0, xen/net/dev.c and xen/common/network.c, from a description.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/io/net/filter_rules.hpp"
#include "models/io/net/net_work.hpp"
#include "models/io/net/vif.hpp"
#include "models/io/packet/frame.hpp"
#include "models/memory/audit.hpp"
#include "models/memory/machine_memory.hpp"

namespace xensim {

/// A packet that the NIC is sending.
struct Transmission {
  VifId vif{};
  std::uint64_t serial = 0;  ///< of the interface
  QueuedPacket packet{};
};

class VirtualNetwork {
 public:
  static constexpr std::uint32_t max_vifs = 8;  ///< of a domain
  /// Received packets above which more are dropped. One more than these are accepted, as in 2003.
  static constexpr std::size_t receive_queue_limit = 100;
  static constexpr std::uint8_t packet_offset = 18;  ///< of a received packet in its page

  VirtualNetwork(MachineMemory& machine, const MacAddress& physical, PacketLook look = PacketLook::shipped)
      : machine_(machine), physical_(physical), rules_(look) {}

  // --- Interfaces ---
  /// The domain's next; nothing if it has eight. `name` is the domain's, for the address: all but the first
  /// of domain 0 get one of their own. Domain and processor must outlive it.
  std::optional<VifId> add(MemoryDomain& domain, MemoryCpu& cpu, std::string_view name);
  /// The domain has moved to a processor whose TLB has nothing of it. Without effect if there is no such.
  void move(VifId id, MemoryCpu& cpu);
  /// What was posted goes back to the domain; what the NIC still has ends in time.
  void remove(VifId id);
  /// Packets that the NIC has of a domain, whose memory must not be released before.
  [[nodiscard]] std::uint32_t sending(DomainId domain) const;
  /// Null if there is none; any number is allowed.
  [[nodiscard]] Vif* find(VifId id) { return vif_of(id); }
  [[nodiscard]] const Vif* find(VifId id) const { return vif_of(id); }

  // --- Control, by domain 0 only: others get `not_permitted` and nothing happens ---
  HypercallStatus add_rule(const MemoryDomain& caller, const FilterRule& rule);
  /// `invalid` if there is no such rule.
  HypercallStatus remove_rule(const MemoryDomain& caller, const FilterRule& rule);
  /// `invalid` without such an interface. An interval of 0 is no limit. Without effect on what remains of
  /// the present credit, unless there was no limit.
  HypercallStatus set_credit(const MemoryDomain& caller, VifId id, std::uint32_t bytes, Time interval);
  [[nodiscard]] const FilterRules& rules() const { return rules_; }

  // --- Transmission ---
  /// Hypercall net_update: serves new requests of all the caller's interfaces, up to the first that does
  /// not exist. O(requests * rules).
  void update(const MemoryCall& call, Time now);
  /// The next packet for the NIC: interfaces take turns, packet by packet. Nothing: no more to send now.
  std::optional<Transmission> next_transmission(MemoryCpu& cpu, Time now);
  /// What a device sees when it reads the packet: the header kept, the rest as it is in memory by then.
  [[nodiscard]] EthernetFrame on_wire(const Transmission& transmission) const;
  /// The NIC is done with it. It must have come from `next_transmission`, once.
  void transmitted(const Transmission& transmission, MemoryCpu& cpu, Time now);
  /// A timer expired that was set for the interface.
  void refill(VifId id, MemoryCpu& cpu, Time now);

  // --- Reception ---
  /// A page for the NIC to receive into; invalid if no memory is free. And back, unused.
  FrameNumber take_page() { return machine_.frames.take_free(); }
  void put_page(FrameNumber page) { machine_.frames.put_free(page); }
  /// The NIC has written a frame of 60 to 1514 bytes into a page of its own; queued or dropped. The page is
  /// no longer the NIC's.
  void receive(FrameNumber page, const EthernetFrame& frame);
  /// Delivers what is queued, including what that queues. O(packets * rules).
  void deliver_all(MemoryCpu& cpu);
  [[nodiscard]] std::size_t queued() const { return received_.size(); }

  // --- Observation ---
  /// Called with each packet that an interface sends, as the rules see it, or is given. `frame` lasts as long
  /// as the call.
  using Observe = std::function<void(VifId vif, const EthernetFrame& frame)>;
  void observe(Observe observe) { observe_ = std::move(observe); }

  // --- Audit ---
  /// References that stand in no table, for the audit of memory.
  [[nodiscard]] std::vector<HeldReference> held() const;
  /// Empty, or the first contradiction: every request is answered or under way, schedule and interfaces
  /// agree, the frames that the monitor keeps are its own and nobody's twice. O(requests under way).
  [[nodiscard]] std::string audit() const;

  WorkCount<NetStep> work{};
  NetEffects owed{};

 private:
  [[nodiscard]] Vif* vif_of(VifId id) const;
  struct ReceivedPacket {
    FrameNumber page{};
    std::uint16_t size = 0;
    std::optional<VifId> to{};  ///< known already
  };
  enum class Outcome : std::uint8_t { queued, answered };

  // Transmission.
  bool pull(Vif& vif, MemoryCpu& cpu, Time now);
  [[nodiscard]] bool spend(Vif& vif, std::uint32_t size, Time now);
  Outcome serve_tx(Vif& vif, MemoryCpu& cpu, const TxRequest& request);
  [[nodiscard]] bool may_send_from(const Vif& vif, const TxRequest& request) const;
  [[nodiscard]] bool send_locally(VifId to, const TxRequest& request, MemoryCpu& cpu);
  void schedule(Vif& vif);
  void respond_tx(Vif& vif, TxResponse response);

  // Reception.
  void pull_buffers(const MemoryCall& call, Vif& vif);
  [[nodiscard]] std::optional<PostedBuffer> post(const MemoryCall& call, const RxRequest& request);
  void enqueue(const ReceivedPacket& packet);
  [[nodiscard]] Vif* destination(const ReceivedPacket& packet);
  /// The frame to be freed: the packet's own, or the one it was exchanged for.
  [[nodiscard]] FrameNumber deliver(Vif& vif, const ReceivedPacket& packet, MemoryCpu& cpu);
  void shoot_down(Vif& vif, const PostedBuffer& buffer, const MemoryCpu& here);
  void give_up(Vif& vif, const PostedBuffer& buffer);
  void respond_rx(Vif& vif, RxResponse response);

  /// A packet's bytes in a frame, as many as rules look at.
  [[nodiscard]] EthernetFrame look_at(FrameNumber frame, std::uint32_t offset, std::uint32_t size) const;
  [[nodiscard]] VifId route(const EthernetFrame& packet, VifId from);
  void notify(const Vif& vif);

  MachineMemory& machine_;
  MacAddress physical_;
  FilterRules rules_;
  std::vector<std::array<std::unique_ptr<Vif>, max_vifs>> domains_;
  std::uint64_t next_serial_ = 0;
  std::deque<VifId> schedule_;
  std::vector<Transmission> sending_;
  std::deque<ReceivedPacket> received_;
  Observe observe_;  ///< may be empty
};

}  // namespace xensim
