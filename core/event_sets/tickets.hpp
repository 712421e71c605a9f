/// Tickets for events, so that an event can be cancelled without looking for its entry.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "core/event.hpp"

namespace xensim::ladder {

/// A ticket stands for an event until it is revoked (the event was cancelled and may be gone), and is taken
/// until it is redeemed. All in constant time.
class Tickets {
 public:
  [[nodiscard]] std::uint32_t issue(Event& event) {
    if (free_.empty()) {
      events_.push_back(&event);
      return static_cast<std::uint32_t>(events_.size() - 1);
    }
    const std::uint32_t ticket = free_.back();
    free_.pop_back();
    events_[ticket] = &event;
    return ticket;
  }

  void revoke(std::uint32_t ticket) { events_[ticket] = nullptr; }

  /// The event, or null if the ticket was revoked. It stays taken.
  [[nodiscard]] Event* event(std::uint32_t ticket) const { return events_[ticket]; }

  /// Gives the ticket back; the event, or null if it was revoked.
  Event* redeem(std::uint32_t ticket) {
    free_.push_back(ticket);
    return events_[ticket];
  }

 private:
  std::vector<Event*> events_;
  std::vector<std::uint32_t> free_;
};

}  // namespace xensim::ladder
