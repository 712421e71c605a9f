/// The accurate timers of one processor (Xen's ac_timer).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/time.hpp"

namespace xensim {

/// A processor's timers by purpose: setting one replaces its expiry. The local APIC is programmed for the
/// earliest.
class AccurateTimers {
 public:
  enum class Purpose : std::uint8_t {
    slice,    ///< end of the running domain's slice
    policy,   ///< the scheduling policy's own (warp limits)
    tick,     ///< the 20 ms event to every domain; on processor 0 only
    network,  ///< credit of virtual interfaces
  };

  /// Timers that expire this soon after the present run with those that are due (Xen: TIMER_SLOP).
  static constexpr Time slop = 50us;

  void set(Purpose purpose, Time expires) { expires_[index(purpose)] = expires; }
  [[nodiscard]] Time expires(Purpose purpose) const { return expires_[index(purpose)]; }
  [[nodiscard]] Time earliest() const { return *std::min_element(expires_.begin(), expires_.end()); }

  [[nodiscard]] bool any_due(Time now) const { return earliest() <= now + slop; }
  /// Takes off and returns whether the timer is due, slop included.
  [[nodiscard]] bool take_due(Purpose purpose, Time now) {
    Time& expires = expires_[index(purpose)];
    if (expires == never || expires > now + slop) return false;
    expires = never;
    return true;
  }

 private:
  static constexpr std::size_t index(Purpose purpose) { return static_cast<std::size_t>(purpose); }
  std::array<Time, 4> expires_{never, never, never, never};
};

}  // namespace xensim
