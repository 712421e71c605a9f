#include "models/io/net/virtual_network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/hash.hpp"
#include "models/io/machine_bytes.hpp"

namespace xensim {
namespace {

/// AA:00:00 and three bytes of a hash of what tells interfaces apart.
MacAddress derived_mac(const MacAddress& physical, std::uint32_t index, std::string_view name) {
  Fnv1a<std::uint32_t> hash;
  for (const std::uint8_t byte : physical.bytes) hash.add(byte);
  hash.add(static_cast<std::uint8_t>(index)).add(name);
  const auto byte = [hash = hash.value()](int shift) { return static_cast<std::uint8_t>(hash >> shift); };
  return {{0xaa, 0, 0, static_cast<std::uint8_t>(byte(16) & 0xef), byte(8), byte(0)}};
}

}  // namespace

std::optional<VifId> VirtualNetwork::add(MemoryDomain& domain, MemoryCpu& cpu, std::string_view name) {
  if (domain.id.value >= domains_.size()) domains_.resize(domain.id.value + 1);
  auto& vifs = domains_[domain.id.value];
  const auto place = std::find(vifs.begin(), vifs.end(), nullptr);
  if (place == vifs.end()) return {};
  const auto index = static_cast<std::uint32_t>(place - vifs.begin());
  *place = std::make_unique<Vif>();
  Vif& vif = **place;
  vif.id = VifId::of(domain.id, index);
  vif.serial = next_serial_++;
  vif.mac = vif.id == VifId{0} ? physical_ : derived_mac(physical_, index, name);
  vif.domain = &domain;
  vif.cpu = &cpu;
  return vif.id;
}

Vif* VirtualNetwork::vif_of(VifId id) const {
  const std::uint32_t domain = id.domain().value;
  if (domain >= domains_.size() || id.index() >= max_vifs) return nullptr;
  return domains_[domain][id.index()].get();
}

void VirtualNetwork::move(VifId id, MemoryCpu& cpu) {
  Vif* const vif = find(id);
  if (vif == nullptr) return;
  vif->cpu = &cpu;
  for (PostedBuffer& buffer : vif->posted) buffer.flushes = static_cast<std::uint16_t>(cpu.flushes - 1);
}

void VirtualNetwork::remove(VifId id) {
  Vif* vif = find(id);
  if (vif == nullptr) return;
  for (const PostedBuffer& buffer : vif->posted) give_up(*vif, buffer);
  for (const QueuedPacket& packet : vif->to_send) machine_.frames.let_go(packet.frame());
  std::erase(schedule_, id);
  domains_[id.domain().value][id.index()].reset();
}

std::uint32_t VirtualNetwork::sending(DomainId domain) const {
  return static_cast<std::uint32_t>(std::count_if(
      sending_.begin(), sending_.end(), [&](const Transmission& t) { return t.vif.domain() == domain; }));
}

HypercallStatus VirtualNetwork::add_rule(const MemoryDomain& caller, const FilterRule& rule) {
  if (!caller.privileged) return HypercallStatus::not_permitted;
  rules_.add(rule);
  return HypercallStatus::done;
}

HypercallStatus VirtualNetwork::remove_rule(const MemoryDomain& caller, const FilterRule& rule) {
  if (!caller.privileged) return HypercallStatus::not_permitted;
  return rules_.remove(rule) ? HypercallStatus::done : HypercallStatus::invalid;
}

HypercallStatus VirtualNetwork::set_credit(const MemoryDomain& caller, VifId id, std::uint32_t bytes,
                                           Time interval) {
  if (!caller.privileged) return HypercallStatus::not_permitted;
  Vif* vif = find(id);
  if (vif == nullptr || interval < Time{0}) return HypercallStatus::invalid;
  Credit& credit = vif->credit;
  credit.bytes = interval == Time{0} ? Credit::unlimited : bytes;
  credit.interval = interval;
  credit.remaining = std::min(credit.remaining, credit.bytes);
  if (interval == Time{0}) credit.remaining = Credit::unlimited;
  return HypercallStatus::done;
}

EthernetFrame VirtualNetwork::look_at(FrameNumber frame, std::uint32_t offset, std::uint32_t size) const {
  std::array<std::byte, EthernetFrame::room> bytes{};
  const std::span<std::byte> known = std::span(bytes).first(std::min<std::size_t>(size, bytes.size()));
  load_bytes(machine_.contents, frame, offset, known);
  return {known, size};
}

VifId VirtualNetwork::route(const EthernetFrame& packet, VifId from) {
  const FilterRules::Route route = rules_.route(packet.known(), packet.length(), from);
  work.did(NetStep::rule_tried, route.rules_tried);
  return route.to;
}

void VirtualNetwork::notify(const Vif& vif) {
  work.did(NetStep::event);
  owed.events.push_back(vif.id.domain());
}

std::vector<HeldReference> VirtualNetwork::held() const {
  std::vector<HeldReference> held;
  for (const auto& vifs : domains_) {
    for (const auto& vif : vifs) {
      if (vif == nullptr) continue;
      for (const PostedBuffer& b : vif->posted) held.push_back({b.entry.table, 1, 1, "a posted buffer"});
      for (const QueuedPacket& p : vif->to_send) held.push_back({p.frame(), 1, 0, "a packet to be sent"});
    }
  }
  for (const Transmission& t : sending_) held.push_back({t.packet.frame(), 1, 0, "a packet being sent"});
  return held;
}

std::string VirtualNetwork::audit() const {
  std::set<FrameNumber> kept;
  std::string found;
  const auto keep = [&](FrameNumber frame, std::string_view as) {
    if (!kept.insert(frame).second) found = fmt::format("frame {} is kept twice, as {}", frame.value, as);
    const Frame& f = machine_.frames[frame];
    if (f.owner().valid() || !f.unreferenced()) {
      found = fmt::format("frame {} is kept as {}, but is domain {}'s or referred to", frame.value, as,
                          f.owner().value);
    }
  };
  std::vector<VifId> scheduled;
  for (const auto& vifs : domains_) {
    for (const auto& vif : vifs) {
      if (vif == nullptr) continue;
      for (const PostedBuffer& buffer : vif->posted) keep(buffer.frame, "a posted buffer");
      const auto sending = static_cast<std::uint32_t>(std::count_if(
          sending_.begin(), sending_.end(), [&](const Transmission& t) { return t.serial == vif->serial; }));
      std::string wrong = vif->tx.audit(static_cast<std::uint32_t>(vif->to_send.size()) + sending);
      if (wrong.empty()) wrong = vif->rx.audit(static_cast<std::uint32_t>(vif->posted.size()));
      if (wrong.empty() && vif->sending != sending) {
        wrong = fmt::format("it counts {} packets at the NIC, which has {}", vif->sending, sending);
      }
      if (!wrong.empty()) found = fmt::format("interface {:#x}: {}", vif->id.value, wrong);
      if (vif->scheduled) scheduled.push_back(vif->id);
    }
  }
  for (const ReceivedPacket& packet : received_) keep(packet.page, "a received packet");
  std::vector<VifId> listed(schedule_.begin(), schedule_.end());
  std::sort(listed.begin(), listed.end());
  if (listed != scheduled) found = "the transmit schedule is not that of the interfaces marked so";
  return found;
}

}  // namespace xensim
