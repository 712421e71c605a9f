/// What a connection sends, and when.
#include <algorithm>

#include "models/io/tcp/connection.hpp"

namespace xensim {

std::uint64_t TcpConnection::send(Jiffies now, std::uint64_t bytes, std::uint64_t more) {
  now_ = now;
  if (!can_send()) return 0;
  std::uint64_t done = 0;
  while (done < bytes) {
    if (!queue_.has_unsent() || queue_.tail().length >= segment_size_) {
      const bool full = queued_size_ >= send_buffer_;
      if (full || !add_segment(segment_size_, TcpHeader::acknowledge)) {
        if (!full) memory_at_ = now_ + TcpTimes::memory_wait;
        no_space_ = true;
        if (done > 0) mark_push();
        push(Nagle::ignored);
        return done;
      }
    }
    QueuedSegment& tail = queue_.tail();
    const auto count =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(bytes - done, segment_size_ - tail.length));
    host_.fill(tail.buffer, tail.length, count);
    tail.length += count;
    tail.flags &= static_cast<std::uint8_t>(~TcpHeader::push);
    write_ += count;
    done += count;
    if (tail.length < segment_size_ || (done == bytes && more == 0)) continue;
    if (forced_push()) {
      mark_push();
      push(Nagle::ignored);
    } else if (queue_.unsent() == 1) {
      push_one();
    }
  }
  if (more == 0 && queue_.has_unsent()) {
    mark_push();
    push(Nagle::obeyed);
  }
  return done;
}

bool TcpConnection::add_segment(std::uint32_t room, std::uint8_t flags) {
  const std::uint32_t size = TcpSettings::send_size(room);
  const std::optional<TcpBuffer> buffer = room > 0 ? host_.allocate(room) : TcpBuffer{};
  if (!buffer) return false;
  queue_.append({.sequence = write_, .size = size, .buffer = *buffer, .flags = flags});
  if (room == 0) ++write_;  // SYN or FIN
  queued_size_ += size;
  return true;
}

void TcpConnection::mark_push() {
  queue_.tail().flags |= TcpHeader::push;
  pushed_ = write_;
}

bool TcpConnection::may_send(const QueuedSegment& segment, Nagle nagle) const {
  const bool fin = (segment.flags & TcpHeader::fin) != 0;
  if (nagle == Nagle::obeyed && !no_delay_ && !fin && segment.length < segment_size_ && queue_.out() > 0 &&
      after(small_end_, una_) && !after(small_end_, next_)) {
    return false;
  }
  if (queue_.in_flight() >= congestion_.size() && !fin) return false;
  return !after(segment.end(), una_ + peer_window_);
}

void TcpConnection::push(Nagle nagle) {
  bool sent = false;
  while (queue_.has_unsent()) {
    QueuedSegment& segment = queue_.next();
    if (!may_send(segment, queue_.unsent() == 1 ? nagle : Nagle::ignored)) break;
    if (!transmit(segment)) break;
    sent = true;
    queue_.sent_next();
    next_ = segment.end();
    if (queue_.out() == 1) set_retransmission(round_trip_.timeout());
    if (segment.length < segment_size_) small_end_ = segment.end();
  }
  if (sent) {
    probe_at_ = 0;
    congestion_.validate(now_, queue_.in_flight(), queue_.out(), round_trip_.timeout(),
                         suspicion_ == Congestion::open && !no_space_);
  } else if (queue_.has_unsent() && queue_.out() == 0 && probe_at_ == 0) {
    probe_at_ = now_ + round_trip_.timeout();
  }
}

void TcpConnection::push_one() {
  QueuedSegment& segment = queue_.next();
  if (!may_send(segment, Nagle::ignored) || !transmit(segment)) return;
  queue_.sent_next();
  next_ = segment.end();
  if (queue_.out() == 1) set_retransmission(round_trip_.timeout());
  probe_at_ = 0;
  congestion_.validate(now_, queue_.in_flight(), queue_.out(), round_trip_.timeout(),
                       suspicion_ == Congestion::open && !no_space_);
}

TcpSegment TcpConnection::segment(std::uint8_t flags, Sequence sequence) {
  TcpSegment out{.source_port = pair_.local_port,
                 .destination_port = pair_.remote_port,
                 .sequence = sequence,
                 .flags = flags};
  if ((flags & TcpHeader::syn) != 0) {
    out.max_segment = static_cast<std::uint16_t>(max_segment_);
    out.stamped = settings_.time_stamps;
    out.sack_permitted = settings_.selective_acknowledgements;
    if (settings_.window_scaling) out.window_scale = window_.scale();
  } else {
    out.stamped = stamps_;
  }
  if (out.stamped) {
    out.stamp = static_cast<std::uint32_t>(now_);
    out.echo = recent_stamp_;
  }
  if (out.has(TcpHeader::acknowledge)) out.acknowledgement = window_.next();
  return out;
}

bool TcpConnection::put_out(TcpSegment& out, TcpBuffer payload) {
  if (out.has(TcpHeader::acknowledge) && sack_ && received_.disordered()) add_sacks(out);
  if (window_.is_short(received_.size())) acknowledger_.no_credit();
  out.window = window_.offer(received_.size(), acknowledger_.segment(), out.has(TcpHeader::syn));
  ++counts_.segments_out;
  if (out.has(TcpHeader::acknowledge)) acknowledger_.sent();
  return host_.transmit(*this, out, payload);
}

void TcpConnection::add_sacks(TcpSegment& out) const {
  const std::size_t most = out.stamped ? 3 : 4;
  const std::size_t count = received_.blocks(std::span(out.sacks).first(most));
  const std::uint32_t bytes = out.length > 0 ? static_cast<std::uint32_t>(4 + 8 * count) : 0;
  if (out.length + (out.stamped ? 12U : 0U) + bytes > max_segment_) return;
  out.sack_count = static_cast<std::uint8_t>(count);
}

bool TcpConnection::transmit(QueuedSegment& queued) {
  TcpSegment out = segment(queued.flags, queued.sequence);
  out.length = queued.length;
  queued.sent = now_;
  if (queued.length > 0) {
    const Jiffies timeout = round_trip_.timeout();
    if (queue_.out() == 0 && now_ - last_sent_ > timeout) {
      congestion_.restart(now_, now_ - last_sent_, timeout);
    }
    last_sent_ = now_;
    acknowledger_.data_sent(now_);
  }
  if (put_out(out, queued.buffer)) return true;
  ++counts_.local_drops;
  enter_reduced();
  return false;
}

bool TcpConnection::retransmit(QueuedSegment& queued) {
  ++counts_.retransmissions;
  if (!transmit(queued)) return false;
  queue_.retransmitted_now(queued, now_);
  return true;
}

void TcpConnection::enter_reduced() {
  if (suspicion_ != Congestion::open && suspicion_ != Congestion::disorder) return;
  congestion_.lower_threshold();
  congestion_.limit(now_, queue_.in_flight());
  high_ = next_;
  suspicion_ = Congestion::reduced;
}

void TcpConnection::acknowledge_now() {
  if (state_ == State::closed) return;
  TcpSegment out = segment(TcpHeader::acknowledge, next_);
  (void)put_out(out, {});
}

void TcpConnection::send_reset() {
  TcpSegment out = segment(TcpHeader::reset | TcpHeader::acknowledge, next_);
  (void)put_out(out, {});
}

void TcpConnection::send_probe() {
  if (queue_.has_unsent() && queue_.next().end() - una_ <= peer_window_) {
    push_one();
    if (queue_.out() > 0) return;
  }
  // An old sequence number draws an acknowledgement.
  TcpSegment out = segment(TcpHeader::acknowledge, una_ - 1);
  (void)put_out(out, {});
}

void TcpConnection::finish_sending() {
  if (queue_.has_unsent()) push(Nagle::obeyed);
  check_room();
}

void TcpConnection::check_room() {
  if (!shrunk_) return;
  shrunk_ = false;
  if (!no_space_) return;
  if (queue_.out() < congestion_.size() && !send_buffer_fixed_) {
    const std::uint32_t segments = std::max(congestion_.size(), SendQueue::reordering + 1);
    const std::uint64_t wanted = std::uint64_t{2} * segments * TcpSettings::send_size(segment_size_);
    send_buffer_ = std::max(
        send_buffer_, static_cast<std::uint32_t>(std::min<std::uint64_t>(wanted, settings_.max_send_buffer)));
  }
  if (!writable()) return;
  no_space_ = false;
  host_.changed(*this, TcpChange::writable);
}

}  // namespace xensim
