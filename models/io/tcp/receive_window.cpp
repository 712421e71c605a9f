#include "models/io/tcp/receive_window.hpp"

#include <algorithm>

namespace xensim {

void ReceiveWindow::begin(std::uint32_t buffer, std::uint32_t max_segment, bool scaling) {
  buffer_ = buffer;
  max_segment_ = max_segment;
  scaling_ = scaling;
  std::uint32_t window = TcpSettings::window_from(buffer);
  if (window > max_segment) window = window / max_segment * max_segment;
  scale_ = 0;
  for (std::uint32_t rest = window; scaling && rest > longest && scale_ < 14; rest /= 2) ++scale_;
  constexpr std::uint32_t segments = 4;
  // 32,767: some hosts take the window for a signed number. Scaled ones must not be a few segments short.
  offered_ = std::min({window, 32767U, std::max(segments * max_segment, 1U << scale_)});
  limit_ = offered_;
  clamp_ = longest << scale_;
}

void ReceiveWindow::do_not_scale() {
  scale_ = 0;
  clamp_ = std::min(clamp_, longest);
}

void ReceiveWindow::open(std::uint32_t max_buffer) {
  // Room for 4 segments at least.
  std::uint32_t memory = TcpSettings::send_size(max_segment_);
  while (TcpSettings::window_from(memory) < max_segment_) memory += 128;
  if (buffer_ < 4 * memory) buffer_ = std::max(buffer_, std::min(4 * memory, max_buffer));
  const std::uint32_t whole = TcpSettings::window_from(buffer_);
  clamp_ = std::min(clamp_, whole);
  if (clamp_ > 2 * max_segment_ && clamp_ + max_segment_ > whole) {
    clamp_ = std::max(2 * max_segment_, whole - max_segment_);
  }
  limit_ = std::min(limit_, clamp_);
}

bool ReceiveWindow::is_short(std::uint32_t used) const {
  return space(used) < std::min(clamp_, TcpSettings::window_from(buffer_)) / 2;
}

std::uint32_t ReceiveWindow::selected(std::uint32_t used, std::uint32_t segment) const {
  const std::uint32_t whole = std::min(clamp_, TcpSettings::window_from(buffer_));
  segment = std::min(segment, whole);
  const std::uint32_t free = space(used);
  if (segment == 0 || free < segment) return 0;
  const std::uint32_t usable = std::min(free, limit_);
  // Whole segments, and small changes not at all (RFC 1122, 4.2.3.3).
  if (offered_ + segment <= usable || offered_ > usable) return usable / segment * segment;
  return offered_;
}

std::uint16_t ReceiveWindow::offer(std::uint32_t used, std::uint32_t segment, bool is_syn) {
  if (is_syn) {
    acknowledged_ = next_;
    return static_cast<std::uint16_t>(std::min(offered_, longest));  // never scaled (RFC 1323)
  }
  offered_ = std::max(selected(used, segment), left());
  acknowledged_ = next_;
  const std::uint32_t field = std::min(offered_ >> scale_, longest);
  offered_ = std::min(offered_, longest << scale_);
  return static_cast<std::uint16_t>(field);
}

bool ReceiveWindow::grow(std::uint32_t length, std::uint32_t size, std::uint32_t used, std::uint32_t segment,
                         std::uint32_t max_buffer) {
  if (limit_ >= clamp_ || limit_ >= space(used)) return false;
  std::uint32_t more = 0;
  if (TcpSettings::window_from(size) <= length) {
    more = 2 * max_segment_;
  } else {
    // Overhead is large: a smaller window bears more of it.
    std::uint32_t memory = TcpSettings::window_from(size) / 2;
    std::uint32_t window = TcpSettings::window_from(max_buffer) / 2;
    for (; limit_ <= window && more == 0; window /= 2, memory /= 2) {
      if (memory <= length) more = 2 * segment;
    }
  }
  limit_ = std::min(limit_ + more, clamp_);
  return more > 0;
}

void ReceiveWindow::overcommitted(std::uint32_t used, std::uint32_t unread, std::uint32_t segment,
                                  bool disordered) {
  if (used <= buffer_) return;
  if (used >= 2 * buffer_) unread /= 2;
  const std::uint32_t least = 2 * max_segment_;
  if (!disordered) clamp_ = std::min(clamp_, std::max(unread - std::min(unread, segment), least));
  limit_ = std::min(clamp_, least);
}

void Acknowledger::data_arrived(Jiffies now, Jiffies timeout, std::uint32_t window, std::uint32_t segment) {
  scheduled_ = true;
  if (delay_ == 0) {
    add_credit(window, segment);
    delay_ = TcpTimes::min_acknowledge;
  } else {
    const Jiffies gap = now - last_data_;
    if (gap <= TcpTimes::min_acknowledge / 2) {
      delay_ = delay_ / 2 + TcpTimes::min_acknowledge / 2;
    } else if (gap < delay_) {
      delay_ = std::min(delay_ / 2 + gap, timeout);
    } else if (gap > timeout) {
      add_credit(window, segment);
    }
  }
  last_data_ = now;
}

void Acknowledger::measure(std::uint32_t length, bool pushed) {
  if (length >= segment_) {
    segment_ = length;
    last_length_ = 0;
    return;
  }
  // Two small ones of the same size in the middle of a stream: segments are that small.
  if (length == last_length_ && !pushed && length >= 88) {
    segment_ = length;
    return;
  }
  last_length_ = length;
  pushed_ = true;
}

bool Acknowledger::delay(Jiffies now, Jiffies round_trip) {
  Jiffies ticks = delay_;
  if (ticks > TcpTimes::min_acknowledge) {
    Jiffies most = interactive_ || pushed_ ? TcpTimes::max_acknowledge : TcpTimes::hertz / 2;
    if (round_trip > 0) most = std::min(most, std::max(round_trip, TcpTimes::min_acknowledge));
    ticks = std::min(ticks, most);
  }
  scheduled_ = true;
  if (expires_ != 0) {
    if (expires_ <= now + ticks / 4) return false;
    expires_ = std::min(expires_, now + ticks);
  } else {
    expires_ = now + std::max<Jiffies>(ticks, 1);
  }
  return true;
}

void Acknowledger::protect(Jiffies now, Jiffies ticks) {
  scheduled_ = true;
  if (expires_ == 0 || expires_ > now + ticks) expires_ = now + ticks;
}

void Acknowledger::expired(Jiffies timeout) {
  expires_ = 0;
  if (!scheduled_) return;
  if (interactive_) {
    interactive_ = false;
    delay_ = TcpTimes::min_acknowledge;
  } else {
    delay_ = std::min(delay_ * 2, timeout);
  }
}

void Acknowledger::sent() {
  if (credit_ > 0 && --credit_ == 0) delay_ = TcpTimes::min_acknowledge;
  scheduled_ = pushed_ = false;
  expires_ = 0;
}

}  // namespace xensim
