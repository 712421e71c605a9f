/// Congestion window of a sender (RFC 2581 and 2861, as Linux 2.4 does them).
#pragma once

#include <cstdint>
#include <optional>

#include "models/io/tcp/settings.hpp"

namespace xensim {

/// In segments. All operations are O(1).
class CongestionWindow {
 public:
  /// How things stand with the segments on their way.
  enum class State : std::uint8_t {
    open,      ///< nothing suspicious
    disorder,  ///< something came out of order
    reduced,   ///< the window shrinks because a queue of this machine was full
    recovery,  ///< losses are being repaired, the window shrinks by half
    loss,      ///< a timer expired: all that was on its way counts as lost
  };
  static constexpr std::uint32_t unlimited = 0x7fffffff;

  /// `round_trip`: that of earlier connections to the destination, if there were any.
  void begin(std::uint32_t segment_size, std::optional<Jiffies> round_trip);

  [[nodiscard]] std::uint32_t size() const { return size_; }
  [[nodiscard]] std::uint32_t threshold() const { return threshold_; }

  /// An acknowledgement of new data arrived when the window was used fully.
  void acknowledged(Jiffies now);
  /// Half of it becomes the threshold.
  void lower_threshold() {
    threshold_ = std::max(size_ / 2, 2U);
    fraction_ = 0;
  }
  /// Rate halving: one segment less for every second acknowledgement.
  void decrease(Jiffies now, std::uint32_t in_flight);
  void collapse(Jiffies now) {
    size_ = 1;
    fraction_ = 0;
    stamp_ = now;
  }
  void recovered(Jiffies now) {
    size_ = std::min(size_, threshold_);
    stamp_ = now;
  }
  /// No burst of more than 3 segments.
  void moderate(Jiffies now, std::uint32_t in_flight) {
    size_ = std::min(size_, in_flight + 3);
    stamp_ = now;
  }
  void limit(Jiffies now, std::uint32_t in_flight) {
    size_ = std::min(size_, in_flight + 1);
    stamp_ = now;
  }
  /// Nothing was sent for `idle`, longer than a timeout.
  void restart(Jiffies now, Jiffies idle, Jiffies timeout);
  /// After something was sent: a window that is not used decays.
  void validate(Jiffies now, std::uint32_t in_flight, std::uint32_t out, Jiffies timeout, bool may_decay);

 private:
  [[nodiscard]] std::uint32_t remembered_threshold() const {
    return std::max(threshold_, size_ / 2 + size_ / 4);
  }

  std::uint32_t initial_ = 2, size_ = 2, threshold_ = unlimited;
  std::uint32_t fraction_ = 0;
  std::uint32_t used_ = 0;
  Jiffies stamp_ = 0;
};

}  // namespace xensim
