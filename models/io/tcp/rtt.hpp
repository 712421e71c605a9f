/// Round-trip time and retransmission timeout (Jacobson 1988, as Linux 2.4 computes it).
#pragma once

#include "models/io/tcp/sequence.hpp"
#include "models/io/tcp/settings.hpp"

namespace xensim {

class RoundTrip {
 public:
  /// A measurement, when bytes up to `acknowledged` have been acknowledged and up to `sent` sent.
  void measured(Jiffies time, Sequence acknowledged, Sequence sent) {
    auto error = static_cast<std::int64_t>(std::max<Jiffies>(time, 1));
    if (smoothed_ == 0) {
      smoothed_ = error * 8;
      deviation_ = error * 2;
      variance_ = largest_ = std::max(deviation_, floor);
      round_ = sent;
    } else {
      error -= smoothed_ / 8;
      smoothed_ += error;
      if (error < 0) {
        error = -error - deviation_ / 4;
        // Do not let the deviation grow from times that got shorter.
        if (error > 0) error /= 8;
      } else {
        error -= deviation_ / 4;
      }
      deviation_ += error;
      largest_ = std::max(largest_, deviation_);
      variance_ = std::max(variance_, largest_);
      if (after(acknowledged, round_)) {
        if (largest_ < variance_) variance_ -= (variance_ - largest_) / 4;
        round_ = sent;
        largest_ = floor;
      }
    }
    timeout_ = std::min<Jiffies>(static_cast<Jiffies>(smoothed_ / 8 + variance_), TcpTimes::max_timeout);
  }
  /// A timer has expired.
  void back_off() { timeout_ = std::min(timeout_ * 2, TcpTimes::max_timeout); }

  [[nodiscard]] bool known() const { return smoothed_ != 0; }
  [[nodiscard]] Jiffies smoothed() const { return static_cast<Jiffies>(smoothed_ / 8); }
  [[nodiscard]] Jiffies timeout() const { return timeout_; }

 private:
  static constexpr auto floor = static_cast<std::int64_t>(TcpTimes::min_timeout);
  std::int64_t smoothed_ = 0;   ///< times 8
  std::int64_t deviation_ = 0;  ///< times 4, and the two below: as Linux scales them
  std::int64_t variance_ = 0, largest_ = 0;
  Sequence round_ = 0;  ///< the deviation's maximum is taken anew once this is acknowledged
  Jiffies timeout_ = TcpTimes::first_timeout;
};

}  // namespace xensim
