#include "models/host/xen/xen_network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <utility>

#include "models/guest/network/packet_memory.hpp"
#include "models/io/machine_bytes.hpp"

namespace xensim {

void XenNetwork::open(const KernelContext& kernel, GuestMemory& memory) {
  kernel_ = &kernel;
  memory_ = &memory;
  rx_.want_event(interface_.page.rx, 1);
  tx_.want_event(interface_.page.tx, 1);
  post_buffers();
}

void XenNetwork::update() {
  ++counts_.updates;
  update_();
}

// --- Transmission ---

bool XenNetwork::transmit(unsigned vcpu, const NetworkPacket& packet) {
  if (stopped_) return false;
  kernel_->did(KernelPath::vif_transmit);
  Sending sending{packet.page, {}};
  std::uint32_t offset = packet.offset;
  if (offset + packet.frame.length() >= page_size) {
    sending.copy = copy_of(vcpu, packet);
    if (!sending.copy.valid()) return true;  // dropped, as any packet may be
    offset = 0;
  }
  const PageNumber from = sending.copy.valid() ? sending.copy : packet.page;
  const FrameNumber frame = paging_.frame(from);
  store_bytes(machine_.contents, frame, offset, packet.frame.known());

  TxRing& ring = interface_.page.tx;
  const std::uint32_t used = tx_.next_request();
  tx_.put(ring, {.id = sending_.take(sending),
                 .size = static_cast<std::uint16_t>(packet.frame.length()),
                 .machine = {frame.value * page_size + offset}});
  tx_.publish(ring);
  ++counts_.sent;
  reclaim(vcpu);
  if (tx_.unanswered() == most_sent) stopped_ = true;
  // Otherwise the monitor finds it when it is done with those before.
  if (ring.response_producer == used) update();
  return true;
}

PageNumber XenNetwork::copy_of(unsigned vcpu, const NetworkPacket& packet) {
  const auto page = memory_->packets.allocate();
  if (!page) {
    client_->sent(vcpu, packet.page);
    return {};
  }
  ++counts_.copied;
  kernel_->did(KernelPath::copy_line, (packet.frame.length() + 63) / 64);
  return *page;
}

void XenNetwork::reclaim(unsigned vcpu) {
  TxRing& ring = interface_.page.tx;
  do {
    while (const auto response = tx_.take(ring)) {
      kernel_->did(KernelPath::vif_reclaim);
      if (response->status != NetStatus::ok) ++counts_.refused;
      const Sending sent = sending_.release(response->id);
      if (sent.copy.valid()) memory_->packets.free(sent.copy);
      client_->sent(vcpu, sent.page);
    }
    tx_.want_event(ring, tx_.unanswered() / 2 + 1);
  } while (tx_.has_response(ring));
  if (stopped_ && tx_.unanswered() < most_sent) {
    stopped_ = false;
    client_->has_room(vcpu);
  }
}

// --- Reception ---

void XenNetwork::post_buffers() {
  RxRing& ring = interface_.page.rx;
  std::uint32_t added = 0;
  for (; rx_.unanswered() < most_posted; ++added) {
    const auto page = memory_->packets.allocate();
    if (!page) break;
    kernel_->did(KernelPath::vif_post);
    kernel_->uses(KernelObject::packet, page->value, PacketMemory::head_lines);
    rx_.put(ring, {.id = buffers_.take(*page), .entry = paging_.entry_address(*page)});
  }
  if (added == 0) return;
  (void)paging_.commit();  // a page that was a table is ordinary from now on
  rx_.publish(ring);
  counts_.posted += added;
  untold_ += added;
  if (untold_ <= notify_posted) return;
  untold_ = 0;
  update();
}

void XenNetwork::interrupt(unsigned vcpu) {
  ++counts_.interrupts;
  kernel_->did(KernelPath::device_interrupt);
  kernel_->did(KernelPath::vif_interrupt);
  reclaim(vcpu);
  RxRing& ring = interface_.page.rx;
  do {
    while (const auto response = rx_.take(ring)) receive(*response);
    post_buffers();
    rx_.want_event(ring, 1);
  } while (rx_.has_response(ring));
  for (const NetworkPacket& packet : std::exchange(backlog_, {})) client_->received(vcpu, packet);
}

void XenNetwork::receive(const RxResponse& response) {
  constexpr std::uint8_t least_offset = 16;
  kernel_->did(KernelPath::vif_receive);
  const PageNumber page = buffers_.release(response.id);
  paging_.exchanged(page);
  const bool good = response.status == NetStatus::ok && response.offset >= least_offset;
  if (!good) ++counts_.refused;
  if (good && backlog_.size() >= backlog_limit) ++counts_.backlog_drops;
  if (!good || backlog_.size() >= backlog_limit || client_ == nullptr) {
    memory_->packets.free(page);
    return;
  }
  ++counts_.received;
  // Another frame: nothing of it is in a cache or in the TLB. eth_type_trans looks at the header.
  kernel_->work.device_wrote(KernelObject::page, page.value);
  kernel_->work.use(page, Access::read);
  kernel_->reads(KernelObject::page, page.value);
  std::array<std::byte, EthernetFrame::room> bytes{};
  const auto known = std::span(bytes).first(std::min<std::size_t>(response.size, bytes.size()));
  load_bytes(machine_.contents, paging_.frame(page), response.offset, known);
  backlog_.push_back({EthernetFrame(known, response.size), page, response.offset});
}

// --- Audit ---

void XenNetwork::count_references(std::span<std::uint32_t> references) const {
  for (const PageNumber page : buffers_.items()) {
    if (page.valid()) ++references[page.value];
  }
  for (const Sending& sending : sending_.items()) {
    if (sending.copy.valid()) ++references[sending.copy.value];
  }
  for (const NetworkPacket& packet : backlog_) ++references[packet.page.value];
}

bool XenNetwork::posted(PageNumber page) const {
  return page.valid() && std::ranges::find(buffers_.items(), page) != buffers_.items().end();
}

std::string XenNetwork::audit() const {
  if (tx_.unanswered() != sending_.used()) {
    return fmt::format("{} packets are in the transmit ring, but {} have names", tx_.unanswered(),
                       sending_.used());
  }
  if (rx_.unanswered() != buffers_.used()) {
    return fmt::format("{} buffers are in the receive ring, but {} have names", rx_.unanswered(),
                       buffers_.used());
  }
  return {};
}

}  // namespace xensim
