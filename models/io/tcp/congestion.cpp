#include "models/io/tcp/congestion.hpp"

namespace xensim {

void CongestionWindow::begin(std::uint32_t segment_size, std::optional<Jiffies> round_trip) {
  constexpr Jiffies far = TcpTimes::hertz / 50;
  const std::uint32_t segments = segment_size <= 1095 ? 4 : 3;
  initial_ = segment_size > 1460 || !round_trip || *round_trip > far ? 2 : segments;
  size_ = initial_;
}

void CongestionWindow::acknowledged(Jiffies now) {
  if (size_ <= threshold_) {
    ++size_;
  } else if (fraction_ >= size_) {
    ++size_;
    fraction_ = 0;
  } else {
    ++fraction_;
  }
  stamp_ = now;
}

void CongestionWindow::decrease(Jiffies now, std::uint32_t in_flight) {
  const std::uint32_t halves = fraction_ + 1;
  fraction_ = halves % 2;
  if (halves > 1 && size_ > threshold_ / 2) --size_;
  size_ = std::max(std::min(size_, in_flight + 1), 1U);
  stamp_ = now;
}

void CongestionWindow::restart(Jiffies now, Jiffies idle, Jiffies timeout) {
  threshold_ = remembered_threshold();
  const std::uint32_t least = std::min(initial_, size_);
  for (; idle > timeout && size_ > least; idle -= timeout) size_ /= 2;
  size_ = std::max(size_, least);
  used_ = 0;
  stamp_ = now;
}

void CongestionWindow::validate(Jiffies now, std::uint32_t in_flight, std::uint32_t out, Jiffies timeout,
                                bool may_decay) {
  if (in_flight >= size_) {
    used_ = 0;
    stamp_ = now;
    return;
  }
  used_ = std::max(used_, out);
  if (now - stamp_ < timeout) return;
  if (may_decay) {
    const std::uint32_t used = std::max(used_, initial_);
    if (used < size_) {
      threshold_ = remembered_threshold();
      size_ = (size_ + used) / 2;
    }
  }
  used_ = 0;
  stamp_ = now;
}

}  // namespace xensim
