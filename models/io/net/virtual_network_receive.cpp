/// From the wire to the buffers that domains have posted.
#include <algorithm>
#include <cassert>

#include "models/io/machine_bytes.hpp"
#include "models/io/net/virtual_network.hpp"
#include "models/memory/page_validation.hpp"

namespace xensim {
namespace {

using Entry = PageTableEntry;

constexpr std::uint32_t flags_that_stay = Entry::user | Entry::accessed | Entry::dirty;
/// Where a reply to an address resolution says whom it is for.
constexpr std::uint32_t arp_target = EthernetHeader::size + ArpPacket::target_mac_offset;

std::uint16_t truncated(std::uint32_t flushes) { return static_cast<std::uint16_t>(flushes); }

std::uint32_t& word_at(MachineMemory& machine, EntryPlace place) {
  return machine.contents.words(place.table)[place.index];
}

}  // namespace

void VirtualNetwork::pull_buffers(const MemoryCall& call, Vif& vif) {
  while (const auto request = vif.rx.take(vif.page.rx)) {
    work.did(NetStep::rx_request);
    if (const auto buffer = post(call, *request)) {
      vif.posted.push_back(*buffer);
    } else {
      work.did(NetStep::rx_refused);
      respond_rx(vif, {request->id, 0, NetStatus::bad_page, 0});
    }
  }
}

std::optional<PostedBuffer> VirtualNetwork::post(const MemoryCall& call, const RxRequest& request) {
  FrameTable& frames = machine_.frames;
  const EntryPlace place{{request.entry.page()}, request.entry.value % page_size / 4};
  if (!frames.exists(place.table)) return {};
  const Frame& table = frames[place.table];
  if (table.owner() != call.domain.id || !table.in_use_as(FrameType::l1)) return {};

  call.cpu.map();
  const Entry entry{machine_.contents.load(place.table, place.index)};
  const FrameNumber frame = entry.frame();
  if (!entry.has(Entry::present) || !frames.exists(frame)) return {};
  const Frame& f = frames[frame];
  if (f.owner() != call.domain.id || f.type() != FrameType::writable || f.total != 1) return {};

  frames.hold_in_use(place.table);
  word_at(machine_, place) = entry.without(Entry::present).bits;
  frames.seize(call.domain, frame);
  return PostedBuffer{request.id, truncated(call.cpu.flushes), place, frame};
}

void VirtualNetwork::receive(FrameNumber page, const EthernetFrame& frame) {
  assert(frame.length() >= EthernetHeader::min_frame && frame.length() <= EthernetHeader::max_frame);
  std::array<std::byte, EthernetFrame::room> bytes{};
  std::copy(frame.known().begin(), frame.known().end(), bytes.begin());
  const std::size_t looked_at = std::min<std::size_t>(frame.length(), bytes.size());
  store_bytes(machine_.contents, page, packet_offset, std::span(bytes).first(looked_at));
  enqueue({page, static_cast<std::uint16_t>(frame.length()), {}});
}

void VirtualNetwork::enqueue(const ReceivedPacket& packet) {
  if (received_.size() > receive_queue_limit) {
    work.did(NetStep::congestion_drop);
    put_page(packet.page);
    return;
  }
  work.did(NetStep::queued);
  received_.push_back(packet);
  owed.receive = true;
}

void VirtualNetwork::deliver_all(MemoryCpu& cpu) {
  while (!received_.empty()) {
    const ReceivedPacket packet = received_.front();
    received_.pop_front();
    Vif* vif = destination(packet);
    if (vif == nullptr) work.did(NetStep::unrouted_drop);
    put_page(vif == nullptr ? packet.page : deliver(*vif, packet, cpu));
  }
}

/// What the rules give to no interface is domain 0's.
Vif* VirtualNetwork::destination(const ReceivedPacket& packet) {
  if (packet.to) return find(*packet.to);
  const VifId to = route(look_at(packet.page, packet_offset, packet.size), physical_vif);
  Vif* vif = to.special() ? nullptr : find(to);
  return vif != nullptr ? vif : find(VifId::of(DomainId{0}, 0));
}

FrameNumber VirtualNetwork::deliver(Vif& vif, const ReceivedPacket& packet, MemoryCpu& cpu) {
  EthernetFrame seen = look_at(packet.page, packet_offset, packet.size);
  cpu.map();
  std::size_t changed = MacAddress::size;
  vif.mac.store(seen.known(), EthernetHeader::destination_offset);
  if (EthernetHeader::read(seen.known())->type == EtherType::arp &&
      seen.known().size() >= arp_target + MacAddress::size) {
    vif.mac.store(seen.known(), arp_target);
    changed = arp_target + MacAddress::size;
  }
  store_bytes(machine_.contents, packet.page, packet_offset, seen.known().first(changed));

  if (vif.posted.empty()) {
    work.did(NetStep::capacity_drop);
    return packet.page;
  }
  const PostedBuffer buffer = vif.posted.front();
  vif.posted.pop_front();
  cpu.map();
  const Entry entry{word_at(machine_, buffer.entry)};
  if (entry.has(Entry::present)) {
    work.did(NetStep::entry_reused);
    give_up(vif, buffer);
    respond_rx(vif, {buffer.id, 0, NetStatus::bad_page, 0});
    return packet.page;
  }

  work.did(NetStep::delivered);
  if (observe_) observe_(vif.id, seen);
  if (vif.cpu != &cpu) work.did(NetStep::remote_packet);
  machine_.frames.bestow(*vif.domain, packet.page, true);
  machine_.machine_to_physical[packet.page.value] = machine_.machine_to_physical[buffer.frame.value];
  word_at(machine_, buffer.entry) =
      Entry::to(packet.page, (entry.bits & flags_that_stay) | Entry::writable | Entry::present).bits;
  drop_table({machine_, *vif.cpu, *vif.domain}, buffer.entry.table, FrameType::l1);
  shoot_down(vif, buffer, cpu);
  ++vif.counters.rx_packets;
  vif.counters.rx_bytes += packet.size;
  respond_rx(vif, {buffer.id, packet.size, NetStatus::ok, packet_offset});
  return buffer.frame;
}

/// The guest may still write to the frame it gave away unless its processor was flushed since.
void VirtualNetwork::shoot_down(Vif& vif, const PostedBuffer& buffer, const MemoryCpu& here) {
  if (truncated(vif.cpu->flushes) != buffer.flushes) return;
  work.did(NetStep::shootdown);
  if (vif.cpu != &here) work.did(NetStep::remote_shootdown);
  ++vif.cpu->flushes;
  vif.cpu->owed.all = true;
}

/// The buffer goes back: where it was, if nothing else is there, else unmapped.
void VirtualNetwork::give_up(Vif& vif, const PostedBuffer& buffer) {
  const Entry entry{word_at(machine_, buffer.entry)};
  const bool free = !entry.has(Entry::present);
  machine_.frames.bestow(*vif.domain, buffer.frame, free);
  if (free) {
    word_at(machine_, buffer.entry) =
        Entry::to(buffer.frame, (entry.bits & flags_that_stay) | Entry::writable | Entry::present).bits;
  }
  drop_table({machine_, *vif.cpu, *vif.domain}, buffer.entry.table, FrameType::l1);
}

void VirtualNetwork::respond_rx(Vif& vif, RxResponse response) {
  work.did(NetStep::rx_response);
  if (vif.rx.respond(vif.page.rx, response)) notify(vif);
}

}  // namespace xensim
