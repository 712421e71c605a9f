#include "models/io/net/filter_rules.hpp"

#include <algorithm>
#include <optional>

#include "models/io/packet/frame.hpp"

namespace xensim {
namespace {

using Protocol = FilterRule::Protocol;

constexpr std::size_t network_offset = EthernetHeader::size;
constexpr std::size_t transport_offset = network_offset + Ipv4Header::size;

std::optional<PacketFields> fields_of(std::span<const std::byte> frame, std::uint32_t length,
                                      PacketLook look) {
  const auto ethernet = EthernetHeader::read(frame);
  if (!ethernet) return {};
  const std::size_t known = std::min<std::size_t>(frame.size(), length);
  const auto address = [&](std::size_t offset) {
    return Ipv4Address{load_network<std::uint32_t>(frame, network_offset + offset)};
  };
  if (ethernet->type == EtherType::arp) {
    if (known < network_offset + ArpPacket::size) return {};
    return PacketFields{.protocol = Protocol::arp,
                        .source = address(ArpPacket::sender_ip_offset),
                        .destination = address(ArpPacket::target_ip_offset)};
  }
  if (ethernet->type != EtherType::ipv4 || known < transport_offset) return {};
  PacketFields fields{.protocol = Protocol::ip,
                      .source = address(Ipv4Header::source_offset),
                      .destination = address(Ipv4Header::destination_offset)};
  const bool shipped = look == PacketLook::shipped;
  const std::size_t protocol = Ipv4Header::protocol_offset + (shipped ? 0 : network_offset);
  fields.transport = std::to_integer<std::uint8_t>(frame[protocol]);
  if (!shipped && known >= transport_offset + 4) {
    fields.source_port = load_network<std::uint16_t>(frame, transport_offset);
    fields.destination_port = load_network<std::uint16_t>(frame, transport_offset + 2);
  }
  return fields;
}

bool protocol_matches(Protocol wanted, const PacketFields& packet) {
  switch (wanted) {
    case Protocol::any:
      return true;
    case Protocol::ip:
    case Protocol::arp:
      return packet.protocol == wanted;
    case Protocol::tcp:
      return packet.protocol == Protocol::ip &&
             packet.transport == static_cast<std::uint8_t>(IpProtocol::tcp);
    case Protocol::udp:
      return packet.protocol == Protocol::ip &&
             packet.transport == static_cast<std::uint8_t>(IpProtocol::udp);
  }
  return false;
}

}  // namespace

bool FilterRules::matches(const FilterRule& rule, const PacketFields& packet, VifId from) {
  if (rule.source_vif != from && rule.source_vif != any_vif) return false;
  if (from == rule.destination_vif) return false;
  if (((rule.source.value ^ packet.source.value) & rule.source_mask) != 0) return false;
  if (((rule.destination.value ^ packet.destination.value) & rule.destination_mask) != 0) return false;
  if (((rule.source_port ^ packet.source_port) & rule.source_port_mask) != 0) return false;
  if (((rule.destination_port ^ packet.destination_port) & rule.destination_port_mask) != 0) return false;
  return protocol_matches(rule.protocol, packet);
}

bool FilterRules::remove(const FilterRule& rule) {
  const auto found = std::find(rules_.begin(), rules_.end(), rule);
  if (found == rules_.end()) return false;
  rules_.erase(found);
  return true;
}

FilterRules::Route FilterRules::route(std::span<const std::byte> frame, std::uint32_t length,
                                      VifId from) const {
  Route route;
  const auto packet = fields_of(frame, length, look_);
  if (!packet) return route;
  for (const FilterRule& rule : rules_) {
    ++route.rules_tried;
    if (!matches(rule, *packet, from)) continue;
    route.to = rule.destination_vif;
    if (!route.to.special()) break;
  }
  return route;
}

}  // namespace xensim
