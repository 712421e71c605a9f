/// The window that a receiver offers, and when it acknowledges (Linux 2.4).
#pragma once

#include <cstdint>

#include "models/io/tcp/sequence.hpp"
#include "models/io/tcp/settings.hpp"

namespace xensim {

/// What is offered depends on the memory that received segments take, not on their bytes alone: it grows
/// towards the buffer only while that overhead stays small. In bytes.
class ReceiveWindow {
 public:
  /// Before the first segment: the buffer, and the largest segment that will come.
  void begin(std::uint32_t buffer, std::uint32_t max_segment, bool scaling);
  /// The connection is established: the whole buffer may be offered in time.
  void open(std::uint32_t max_buffer);
  void set_buffer(std::uint32_t bytes) { buffer_ = bytes; }
  [[nodiscard]] std::uint32_t buffer() const { return buffer_; }

  void starts_at(Sequence next) { next_ = acknowledged_ = next; }
  /// The next byte that is expected.
  [[nodiscard]] Sequence next() const { return next_; }
  void advance(std::uint32_t count) { next_ += count; }
  /// As of the last segment that was sent.
  [[nodiscard]] Sequence acknowledged() const { return acknowledged_; }
  [[nodiscard]] std::uint32_t unacknowledged() const { return next_ - acknowledged_; }

  [[nodiscard]] std::uint8_t scale() const { return scale_; }
  void do_not_scale();
  [[nodiscard]] std::uint32_t clamp() const { return clamp_; }
  [[nodiscard]] std::uint32_t offered() const { return offered_; }
  /// What is left of the window that was offered.
  [[nodiscard]] std::uint32_t left() const {
    const Sequence end = acknowledged_ + offered_;
    return after(end, next_) ? end - next_ : 0;
  }
  /// What could be offered while `used` bytes of the buffer are taken, for segments of `segment` bytes.
  [[nodiscard]] std::uint32_t selected(std::uint32_t used, std::uint32_t segment) const;
  /// There is less than half of the buffer left.
  [[nodiscard]] bool is_short(std::uint32_t used) const;
  /// A segment is about to be sent: the field for its header, which never takes back what was offered.
  [[nodiscard]] std::uint16_t offer(std::uint32_t used, std::uint32_t segment, bool is_syn);

  /// The buffer holds `used` bytes of memory, more than it should, with `unread` bytes in it: the window
  /// shrinks to two segments and may not grow beyond what is unread now, unless that is `disordered`.
  void overcommitted(std::uint32_t used, std::uint32_t unread, std::uint32_t segment, bool disordered);
  /// `length` bytes came in `size` bytes of memory. True: the window may grow, and has not been told.
  bool grow(std::uint32_t length, std::uint32_t size, std::uint32_t used, std::uint32_t segment,
            std::uint32_t max_buffer);

 private:
  static constexpr std::uint32_t longest = 65535;
  [[nodiscard]] std::uint32_t space(std::uint32_t used) const {
    return TcpSettings::window_from(buffer_ > used ? buffer_ - used : 0);
  }

  std::uint32_t buffer_ = 0;
  std::uint32_t max_segment_ = 0;
  std::uint32_t clamp_ = 0;
  std::uint32_t limit_ = 0;  ///< that is offered for now (rcv_ssthresh)
  std::uint32_t offered_ = 0;
  Sequence next_ = 0, acknowledged_ = 0;
  std::uint8_t scale_ = 0;
  bool scaling_ = false;
};

/// Delayed and immediate acknowledgements. In ticks.
class Acknowledger {
 public:
  static constexpr std::uint32_t most_credit = 16;

  /// So many acknowledgements go out at once, as long as data only come.
  void add_credit(std::uint32_t window, std::uint32_t segment) {
    const std::uint32_t credit = std::max(window / (2 * segment), 2U);
    credit_ = std::max(credit_, std::min(credit, most_credit));
  }
  void at_once(std::uint32_t window, std::uint32_t segment) {
    add_credit(window, segment);
    interactive_ = false;
    delay_ = TcpTimes::min_acknowledge;
  }
  void no_credit() { credit_ = 0; }
  void keep_some_credit() { credit_ |= 1U; }
  [[nodiscard]] bool is_at_once() const { return credit_ > 0 && !interactive_; }
  [[nodiscard]] bool interactive() const { return interactive_; }
  void set_interactive(bool interactive) { interactive_ = interactive; }

  void schedule() { scheduled_ = true; }
  [[nodiscard]] bool scheduled() const { return scheduled_; }
  /// Data arrived at `now`.
  void data_arrived(Jiffies now, Jiffies timeout, std::uint32_t window, std::uint32_t segment);
  /// How large segments are, from the `length` of one; and whether that ended a burst.
  void measure(std::uint32_t length, bool pushed);
  void begin_measuring(std::uint32_t hint) { segment_ = hint; }
  [[nodiscard]] std::uint32_t segment() const { return segment_; }
  [[nodiscard]] bool burst_ended() const { return pushed_; }

  /// No acknowledgement now, but by a timer. False: one is overdue and goes at once.
  [[nodiscard]] bool delay(Jiffies now, Jiffies round_trip);
  /// The timer goes off `ticks` from now at the latest, whatever else is known.
  void protect(Jiffies now, Jiffies ticks);
  [[nodiscard]] Jiffies expires() const { return expires_; }  ///< 0: no timer
  /// It has: estimates are wrong or the conversation is over.
  void expired(Jiffies timeout);
  /// A segment with an acknowledgement left.
  void sent();
  /// Data left.
  void data_sent(Jiffies now) {
    if (now - last_data_ < delay_) interactive_ = true;
  }

 private:
  std::uint32_t credit_ = 0;
  std::uint32_t segment_ = 536, last_length_ = 0;
  bool interactive_ = false, scheduled_ = false, pushed_ = false;
  Jiffies delay_ = 0;
  Jiffies expires_ = 0;
  Jiffies last_data_ = 0;
};

}  // namespace xensim
