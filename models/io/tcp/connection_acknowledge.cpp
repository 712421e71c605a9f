/// What acknowledgements do to a connection.
#include <algorithm>

#include "models/io/tcp/connection.hpp"

namespace xensim {

bool TcpConnection::take_acknowledgement(const TcpSegment& segment) {
  const Sequence ack = segment.acknowledgement;
  if (after(ack, next_)) return false;
  const Sequence old_una = una_;
  if (before(ack, una_)) {
    if (sack_ && segment.sack_count > 0 && queue_.sack(std::span(segment.sacks).first(segment.sack_count)) &&
        suspicion_ != Congestion::open) {
      alert(una_, {.sacked = true});
    }
    return true;
  }
  Acknowledged result{.carried_data = segment.length > 0};
  update_window(segment, result);
  const std::uint32_t was_out = queue_.out(), was_in_flight = queue_.in_flight();
  if (sack_ && segment.sack_count > 0 && was_out > 0) {
    result.sacked = queue_.sack(std::span(segment.sacks).first(segment.sack_count));
  }
  probes_ = 0;
  if (was_out == 0) {
    // The last segment of a handshake says how long it took.
    if (!round_trip_.known() && stamps_ && segment.stamped && segment.echo != 0) {
      round_trip_.measured(static_cast<std::uint32_t>(now_) - segment.echo, una_, next_);
    }
    if (queue_.has_unsent()) {
      const bool fits = !after(queue_.next().end(), una_ + peer_window_);
      probe_at_ = fits ? 0 : now_ + round_trip_.timeout();
    }
    return true;
  }
  clean_queue(segment, result);
  if (result.data || result.syn) host_.confirmed(*this);
  const bool full = was_in_flight >= congestion_.size();
  if (result.doubtful() || suspicion_ != Congestion::open) {
    if (result.data && full && suspicion_ != Congestion::recovery && suspicion_ != Congestion::reduced) {
      congestion_.acknowledged(now_);
    }
    alert(old_una, result);
  } else if (result.data && full) {
    congestion_.acknowledged(now_);
  }
  return true;
}

void TcpConnection::update_window(const TcpSegment& segment, Acknowledged& result) {
  std::uint32_t window = segment.window;
  if (!segment.has(TcpHeader::syn)) window <<= peer_scale_;
  const bool newer = after(segment.acknowledgement, una_) || after(segment.sequence, window_update_) ||
                     (segment.sequence == window_update_ && window > peer_window_);
  if (newer) {
    result.window = window != peer_window_;
    window_update_ = segment.sequence;
    peer_window_ = window;
    max_window_ = std::max(max_window_, window);
  }
}

void TcpConnection::clean_queue(const TcpSegment& segment, Acknowledged& result) {
  const Sequence ack = segment.acknowledgement;
  if (ack == una_) return;
  una_ = ack;
  std::optional<Jiffies> measured;
  bool repeated = false;
  while (queue_.out() > 0) {
    QueuedSegment& head = queue_.head();
    if (after(head.end(), ack)) {
      if (after(ack, head.sequence)) {
        SendQueue::trim(head, ack - head.sequence);
        result.data = true;
      }
      break;
    }
    if ((head.flags & TcpHeader::syn) != 0) {
      result.syn = true;
    } else {
      result.data = true;
    }
    repeated = repeated || head.repeated;
    measured = now_ - head.sent;
    queued_size_ -= head.size;
    shrunk_ = true;
    if (head.buffer.valid()) host_.release(head.buffer);
    queue_.pop();
  }
  retransmissions_ = 0;
  if (stamps_ && segment.stamped && segment.echo != 0) {
    round_trip_.measured(static_cast<std::uint32_t>(now_) - segment.echo, una_, next_);
  } else if (measured && !repeated) {
    round_trip_.measured(*measured, una_, next_);
  }
  if (queue_.out() == 0) {
    retransmission_at_ = 0;
  } else {
    set_retransmission(round_trip_.timeout());
  }
}

bool TcpConnection::time_to_recover() const {
  if (queue_.lost() > 0 || queue_.forward() > SendQueue::reordering) return true;
  if (queue_.out() > 0 && queue_.in_flight() > 0 && retransmission_at_ != 0 && retransmission_at_ <= now_) {
    return true;
  }
  // Too little is on its way for three more to come after a hole.
  return queue_.out() <= SendQueue::reordering &&
         queue_.sacked() >= std::max(queue_.out() / 2, SendQueue::reordering) &&
         !(queue_.has_unsent() && may_send(queue_.next(), Nagle::obeyed));
}

void TcpConnection::alert(Sequence old_una, const Acknowledged& result) {
  const bool duplicate = una_ == old_una && result.nothing();
  if (suspicion_ != Congestion::open && !before(una_, high_)) finish_recovery();
  if (suspicion_ == Congestion::loss) {
    if (result.data) retransmissions_ = 0;
    congestion_.moderate(now_, queue_.in_flight());
    repair();
    return;
  }
  if (suspicion_ != Congestion::recovery) {
    if (!time_to_recover()) {
      try_to_open();
      return;
    }
    high_ = next_;
    if (suspicion_ != Congestion::reduced) congestion_.lower_threshold();
    suspicion_ = Congestion::recovery;
    queue_.mark_lost(std::max(queue_.forward(), SendQueue::reordering + 1) - SendQueue::reordering);
  } else if (duplicate || result.sacked || result.data) {
    if (queue_.forward() > SendQueue::reordering) queue_.mark_lost(queue_.forward() - SendQueue::reordering);
  }
  congestion_.decrease(now_, queue_.in_flight());
  repair();
}

void TcpConnection::finish_recovery() {
  switch (suspicion_) {
    case Congestion::loss:
      retransmissions_ = 0;
      // Until something beyond is acknowledged, duplicates of old segments must not start a recovery.
      if (!sack_ && una_ == high_ && queue_.out() > 0) return;
      suspicion_ = Congestion::open;
      queue_.forget_retransmissions();
      break;
    case Congestion::reduced:
      if (una_ == high_ && queue_.out() > 0) return;
      congestion_.recovered(now_);
      suspicion_ = Congestion::open;
      break;
    case Congestion::recovery:
      congestion_.recovered(now_);
      suspicion_ = Congestion::open;
      break;
    default:
      suspicion_ = Congestion::open;
      break;
  }
}

void TcpConnection::try_to_open() {
  if (suspicion_ == Congestion::reduced) {
    congestion_.decrease(now_, queue_.in_flight());
    return;
  }
  const bool disorder = queue_.sacked() + queue_.lost() + queue_.retransmitted() > 0;
  const Congestion next = disorder ? Congestion::disorder : Congestion::open;
  if (next != suspicion_) {
    suspicion_ = next;
    high_ = next_;
  }
  congestion_.moderate(now_, queue_.in_flight());
}

void TcpConnection::repair() {
  while (queue_.in_flight() < congestion_.size()) {
    QueuedSegment* segment = queue_.first_to_repair();
    if (segment == nullptr) break;
    if (!retransmit(*segment)) return;
    if (segment == &queue_.head()) set_retransmission(round_trip_.timeout());
  }
  if (suspicion_ != Congestion::recovery || !sack_) return;
  // With nothing new to send, what comes before a hole's end may be lost too.
  while (queue_.in_flight() < congestion_.size()) {
    if (queue_.has_unsent() && may_send(queue_.next(), Nagle::obeyed)) return;
    QueuedSegment* segment = queue_.first_doubtful();
    if (segment == nullptr || !retransmit(*segment)) return;
  }
}

void TcpConnection::after_end_acknowledged() {
  if (!our_end_ || una_ != write_) return;
  if (state_ == State::fin_wait_1) {
    state_ = State::fin_wait_2;
    if (orphaned_) end_at_ = now_ + TcpTimes::time_wait;
  } else if (state_ == State::closing) {
    enter_time_wait(TcpTimes::time_wait);
  } else if (state_ == State::last_ack) {
    set_closed(Ending::expected);
  }
}

}  // namespace xensim
