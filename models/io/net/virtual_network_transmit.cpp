/// From the rings to the wire or to another domain.
#include <algorithm>
#include <cassert>

#include "models/io/machine_bytes.hpp"
#include "models/io/net/virtual_network.hpp"

namespace xensim {
namespace {

constexpr std::uint32_t arp_length = EthernetHeader::size + ArpPacket::size;

std::uint32_t offset_in_page(Address address) { return address.value % page_size; }

}  // namespace

void VirtualNetwork::update(const MemoryCall& call, Time now) {
  work.did(NetStep::hypercall);
  if (call.domain.id.value >= domains_.size()) return;
  for (const auto& vif : domains_[call.domain.id.value]) {
    if (vif == nullptr) return;
    if (pull(*vif, call.cpu, now)) schedule(*vif);
    pull_buffers(call, *vif);
  }
}

/// Takes requests from the ring. True if there is more for the wire.
bool VirtualNetwork::pull(Vif& vif, MemoryCpu& cpu, Time now) {
  if (vif.credit.waiting) return false;
  bool queued = false;
  while (vif.tx.has_request(vif.page.tx)) {
    const TxRequest request = vif.tx.peek(vif.page.tx);
    const bool plausible = request.size >= protected_header && request.size <= EthernetHeader::max_frame;
    if (plausible && !spend(vif, request.size, now)) break;
    vif.tx.skip();
    work.did(NetStep::tx_request);
    if (!plausible) {
      work.did(NetStep::tx_refused);
      respond_tx(vif, {request.id, NetStatus::bad_page});
    } else {
      queued |= serve_tx(vif, cpu, request) == Outcome::queued;
    }
  }
  return queued;
}

bool VirtualNetwork::spend(Vif& vif, std::uint32_t size, Time now) {
  Credit& credit = vif.credit;
  if (size > credit.remaining) {
    const Time next = credit.refilled + credit.interval;
    if (next > now) {
      credit.remaining = 0;
      credit.waiting = true;
      work.did(NetStep::credit_wait);
      owed.refills.push_back({vif.id, next});
      return false;
    }
    credit.refilled = now;
    credit.remaining = credit.bytes;
  }
  credit.remaining -= size;
  return true;
}

void VirtualNetwork::refill(VifId id, MemoryCpu& cpu, Time now) {
  Vif* vif = find(id);
  if (vif == nullptr || !vif->credit.waiting) return;
  vif->credit.waiting = false;
  vif->credit.refilled = now;
  vif->credit.remaining = vif->credit.bytes;
  if (pull(*vif, cpu, now)) schedule(*vif);
}

bool VirtualNetwork::may_send_from(const Vif& vif, const TxRequest& request) const {
  const FrameNumber frame{request.machine.page()};
  if (offset_in_page(request.machine) + request.size >= page_size) return false;
  if (!machine_.frames.exists(frame)) return false;
  const Frame& f = machine_.frames[frame];
  return f.owner() == vif.id.domain() && (f.typed == 0 || f.type() == FrameType::writable);
}

VirtualNetwork::Outcome VirtualNetwork::serve_tx(Vif& vif, MemoryCpu& cpu, const TxRequest& request) {
  const auto answer = [&](NetStep step, NetStatus status) {
    work.did(step);
    respond_tx(vif, {request.id, status});
    return Outcome::answered;
  };
  if (!may_send_from(vif, request)) return answer(NetStep::tx_refused, NetStatus::bad_page);

  const FrameNumber frame{request.machine.page()};
  const std::uint32_t offset = offset_in_page(request.machine);
  cpu.map();
  EthernetFrame packet = look_at(frame, offset, request.size);
  const std::span<std::byte> bytes = packet.known();
  physical_.store(bytes, EthernetHeader::source_offset);
  const EtherType type = EthernetHeader::read(bytes)->type;
  std::size_t changed = EthernetHeader::source_offset + MacAddress::size;
  if (type == EtherType::arp && request.size >= arp_length) {
    physical_.store(bytes, EthernetHeader::size + ArpPacket::sender_mac_offset);
    changed = arp_length;
  }
  // The guest's own copy: it sees what is sent.
  store_bytes(machine_.contents, frame, offset, bytes.first(changed));
  if (type != EtherType::ipv4 && type != EtherType::arp) {
    return answer(NetStep::tx_refused, NetStatus::bad_page);
  }

  if (observe_) observe_(vif.id, packet);
  const VifId to = route(packet, vif.id);
  if (!to.special() && find(to) != nullptr) {
    const bool sent = send_locally(to, request, cpu);
    return sent ? answer(NetStep::local_copy, NetStatus::ok)
                : answer(NetStep::out_of_pages, NetStatus::bad_page);
  }
  if (to != physical_vif && !vif.domain->privileged) {
    return answer(NetStep::tx_unrouted, NetStatus::dropped);
  }
  work.did(NetStep::header_copied);
  QueuedPacket queued{.id = request.id,
                      .size = request.size,
                      .rest = {request.machine.value + static_cast<std::uint32_t>(protected_header)}};
  std::copy_n(bytes.begin(), queued.header.size(), queued.header.begin());
  machine_.frames.hold(frame);
  vif.to_send.push_back(queued);
  return Outcome::queued;
}

/// The copy is queued, or dropped if the queue is full, which its sender does not hear of.
bool VirtualNetwork::send_locally(VifId to, const TxRequest& request, MemoryCpu& cpu) {
  const FrameNumber page = take_page();
  if (!page.valid()) return false;
  std::array<std::byte, EthernetHeader::max_frame> bytes{};
  const std::span<std::byte> packet = std::span(bytes).first(request.size);
  load_bytes(machine_.contents, {request.machine.page()}, offset_in_page(request.machine), packet);
  store_bytes(machine_.contents, page, packet_offset, packet);
  cpu.map();
  work.did(NetStep::byte_copied, request.size);
  enqueue({page, request.size, to});
  return true;
}

void VirtualNetwork::schedule(Vif& vif) {
  owed.transmit = true;
  if (vif.scheduled) return;
  vif.scheduled = true;
  schedule_.push_back(vif.id);
}

std::optional<Transmission> VirtualNetwork::next_transmission(MemoryCpu& cpu, Time now) {
  while (!schedule_.empty()) {
    Vif& vif = *find(schedule_.front());
    schedule_.pop_front();
    vif.scheduled = false;
    if (vif.to_send.empty() && !pull(vif, cpu, now)) continue;
    vif.scheduled = true;
    schedule_.push_back(vif.id);

    const Transmission& sent = sending_.emplace_back(Transmission{vif.id, vif.serial, vif.to_send.front()});
    vif.to_send.pop_front();
    ++vif.sending;
    ++vif.counters.tx_packets;
    vif.counters.tx_bytes += sent.packet.size;
    work.did(NetStep::transmitted);
    return sent;
  }
  return {};
}

EthernetFrame VirtualNetwork::on_wire(const Transmission& transmission) const {
  const QueuedPacket& packet = transmission.packet;
  std::array<std::byte, EthernetFrame::room> bytes{};
  std::copy(packet.header.begin(), packet.header.end(), bytes.begin());
  const std::span<std::byte> known = std::span(bytes).first(std::min<std::size_t>(packet.size, bytes.size()));
  load_bytes(machine_.contents, packet.frame(), offset_in_page(packet.rest), known.subspan(protected_header));
  return {known, packet.size};
}

void VirtualNetwork::transmitted(const Transmission& transmission, MemoryCpu& cpu, Time now) {
  const auto entry = std::find_if(sending_.begin(), sending_.end(), [&](const Transmission& other) {
    return other.serial == transmission.serial && other.packet.rest == transmission.packet.rest &&
           other.packet.id == transmission.packet.id;
  });
  assert(entry != sending_.end());
  sending_.erase(entry);
  machine_.frames.let_go(transmission.packet.frame());

  Vif* vif = find(transmission.vif);
  if (vif == nullptr || vif->serial != transmission.serial) return;
  --vif->sending;
  if (vif->cpu != &cpu) work.did(NetStep::remote_packet);
  respond_tx(*vif, {transmission.packet.id, NetStatus::ok});
  if (vif->to_send.empty() && pull(*vif, cpu, now)) schedule(*vif);
}

void VirtualNetwork::respond_tx(Vif& vif, TxResponse response) {
  work.did(NetStep::tx_response);
  if (vif.tx.respond(vif.page.tx, response)) notify(vif);
}

}  // namespace xensim
