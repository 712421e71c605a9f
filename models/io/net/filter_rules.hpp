/// The rules by which the monitor's virtual firewall-router decides where a packet goes.
///
/// Rules stand in one list, new ones first, and the whole list is walked for a packet: its destination is
/// the first real interface that a matching rule names, whatever came before it; where matching rules name
/// none, the last of them decides: the physical interface, or nowhere. So without rules nothing passes.
/// Where the description says nothing: the number of rules has no limit but memory, removing a rule that is
/// not there is an error, and packets too short for the fields that rules look at go nowhere.
/// Source: Xen 1.0, xen/common/network.c, from a description.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>

#include "core/ids.hpp"
#include "models/io/packet/ipv4.hpp"

namespace xensim {

/// A virtual interface of a domain, or one of the special destinations.
struct VifId {
  std::uint32_t value = 0xfffff000;

  constexpr auto operator<=>(const VifId&) const = default;
  /// `index` below 4096.
  [[nodiscard]] static constexpr VifId of(DomainId domain, std::uint32_t index) {
    return {domain.value << 12 | index};
  }
  [[nodiscard]] constexpr DomainId domain() const { return {value >> 12}; }
  [[nodiscard]] constexpr std::uint32_t index() const { return value & 0xfff; }
  /// No interface of a domain.
  [[nodiscard]] constexpr bool special() const { return (value & 0xfffff000) == 0xfffff000; }
};
inline constexpr VifId unknown_vif{0xfffff000}, physical_vif{0xfffff001}, any_vif{0xfffff002};

struct FilterRule {
  enum class Protocol : std::uint16_t { any, ip, tcp, udp, arp };
  enum class Action : std::uint16_t { accept, count };

  Ipv4Address source{}, destination{};
  std::uint16_t source_port = 0, destination_port = 0;
  std::uint32_t source_mask = 0, destination_mask = 0;
  std::uint16_t source_port_mask = 0, destination_port_mask = 0;
  Protocol protocol = Protocol::any;
  VifId source_vif = any_vif, destination_vif = unknown_vif;
  Action action = Action::accept;  ///< kept, but matching ignores it

  constexpr bool operator==(const FilterRule&) const = default;
  /// Whether it is about an interface of the domain.
  [[nodiscard]] constexpr bool names(DomainId domain) const {
    return (!source_vif.special() && source_vif.domain() == domain) ||
           (!destination_vif.special() && destination_vif.domain() == domain);
  }
};

/// What rules look at in a packet.
struct PacketFields {
  FilterRule::Protocol protocol{};  ///< arp or ip
  std::uint8_t transport = 0;       ///< of IP
  Ipv4Address source{}, destination{};
  std::uint16_t source_port = 0, destination_port = 0;
};

/// How packets are looked at.
enum class PacketLook : std::uint8_t {
  /// As the code of 2003 does: ports are always 0, and what it takes for the transport protocol is a byte of
  /// the sender's Ethernet address.
  shipped,
  /// As the rules mean it.
  intended,
};

class FilterRules {
 public:
  explicit FilterRules(PacketLook look = PacketLook::shipped) : look_(look) {}

  /// O(1).
  void add(const FilterRule& rule) { rules_.push_front(rule); }
  /// The first that equals `rule` in every field; false if there is none. O(rules).
  bool remove(const FilterRule& rule);
  [[nodiscard]] const std::deque<FilterRule>& list() const { return rules_; }

  struct Route {
    VifId to = unknown_vif;         ///< perhaps an interface that does not exist
    std::uint32_t rules_tried = 0;  ///< what it costs
  };
  /// `frame`: the known first bytes of a packet that came from `from`; any bytes are allowed. `length`: of
  /// the whole packet. O(rules).
  [[nodiscard]] Route route(std::span<const std::byte> frame, std::uint32_t length, VifId from) const;

  [[nodiscard]] static bool matches(const FilterRule& rule, const PacketFields& packet, VifId from);

 private:
  std::deque<FilterRule> rules_;
  PacketLook look_;
};

}  // namespace xensim
