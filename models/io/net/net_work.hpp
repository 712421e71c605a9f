/// What the monitor's networking has done, counted, and what it owes to others.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "core/ids.hpp"
#include "core/time.hpp"
#include "core/work_count.hpp"
#include "models/io/net/filter_rules.hpp"

namespace xensim {

/// Stretches of the monitor's code whose work depends on nothing but how often they run. The counters that
/// Xen 1.0 itself has are named after it.
enum class NetStep : std::uint8_t {
  hypercall,  ///< net_hypercalls
  rule_tried,
  // Transmission.
  tx_request,  ///< taken from a ring, before any test
  tx_refused,
  header_copied,  ///< 34 bytes, and a frame pinned
  local_copy,     ///< a whole packet for another domain
  byte_copied,    ///< of these
  tx_unrouted,    ///< dropped by the rules
  out_of_pages,   ///< no page for a local copy
  credit_wait,    ///< out of credit until a timer expires
  transmitted,    ///< given to the NIC: net_tx_transmitted
  tx_response,
  // Reception.
  rx_request,
  rx_refused,
  queued,
  congestion_drop,   ///< net_rx_congestion_drop
  unrouted_drop,     ///< for an interface that does not exist
  capacity_drop,     ///< no buffer posted: net_rx_capacity_drop
  delivered,         ///< pages flipped: net_rx_delivered
  entry_reused,      ///< the guest mapped something else where its buffer was to be
  shootdown,         ///< net_rx_tlbflush
  remote_shootdown,  ///< of these, on another processor than the one that delivers
  rx_response,
  event,          ///< marked for a domain
  remote_packet,  ///< delivered or sent for a domain on another processor than the one that does it
  count_,
};
inline constexpr std::array<std::string_view, WorkCount<NetStep>::steps> net_step_names{
    "hypercall",       "rule_tried",       "tx_request",    "tx_refused",   "header_copied",
    "local_copy",      "byte_copied",      "tx_unrouted",   "out_of_pages", "credit_wait",
    "transmitted",     "tx_response",      "rx_request",    "rx_refused",   "queued",
    "congestion_drop", "unrouted_drop",    "capacity_drop", "delivered",    "entry_reused",
    "shootdown",       "remote_shootdown", "rx_response",   "event",        "remote_packet"};
static_assert(net_step_names.back() == "remote_packet", "a name for every step");

/// What the caller has to see to; it clears what it has seen to.
struct NetEffects {
  struct Refill {
    VifId vif;
    Time at;
  };

  std::vector<DomainId> events{};  ///< to be marked with EventBit::network, in order
  bool transmit = false;           ///< the transmit schedule is no longer empty, perhaps
  bool receive = false;            ///< the queue of received packets is not empty
  std::vector<Refill> refills{};   ///< timers to set

  void clear() { *this = {}; }
};

}  // namespace xensim
