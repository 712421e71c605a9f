#include "models/io/tcp/connection.hpp"

#include <algorithm>

namespace xensim {

TcpConnection::TcpConnection(TcpHost& host, const TcpSettings& settings, const TcpPair& pair,
                             std::uint32_t id)
    : host_(host),
      settings_(settings),
      pair_(pair),
      id_(id),
      max_segment_(host.mtu(pair.remote, settings.mtu) - 40),
      send_buffer_(settings.send_buffer) {
  window_.set_buffer(settings.receive_buffer);
}

TcpConnection::~TcpConnection() = default;

void TcpConnection::connect(Jiffies now, Sequence initial) {
  now_ = now;
  state_ = State::syn_sent;
  una_ = next_ = write_ = pushed_ = small_end_ = initial;
  window_.begin(window_.buffer(), max_segment_, settings_.window_scaling);
  add_empty_segment(TcpHeader::syn);
  congestion_.begin(segment_size_, {});
  last_sent_ = now;
  QueuedSegment& syn = queue_.next();
  queue_.sent_next();
  next_ = syn.end();
  (void)transmit(syn);
  set_retransmission(round_trip_.timeout());
}

void TcpConnection::establish(Jiffies now, const TcpRequest& request) {
  now_ = now;
  state_ = State::established;
  una_ = next_ = write_ = pushed_ = small_end_ = request.ours + 1;
  window_.begin(window_.buffer(), max_segment_, request.scaled);
  window_.starts_at(request.theirs + 1);
  peer_scale_ = request.their_scale;
  peer_window_ = max_window_ = request.window;
  window_update_ = request.theirs;
  peer_max_segment_ = request.max_segment;
  stamps_ = request.stamped;
  sack_ = request.sack;
  recent_stamp_ = request.stamp;
  start_synchronized();
}

void TcpConnection::start_synchronized() {
  const std::uint32_t longest = std::min<std::uint32_t>(peer_max_segment_, max_segment_);
  segment_size_ = longest - (stamps_ ? 12U : 0U);
  if (!send_buffer_fixed_) {
    send_buffer_ = std::max(send_buffer_,
                            std::min(3 * TcpSettings::send_size(segment_size_), settings_.max_send_buffer));
  }
  window_.open(settings_.max_receive_buffer);
  const std::uint32_t hint = std::min({max_segment_, segment_size_, 536U});
  acknowledger_.begin_measuring(std::max(std::min(hint, window_.offered() / 2), 88U));
  congestion_.begin(segment_size_, known_round_trip_);
  last_sent_ = now_;
}

void TcpConnection::set_send_buffer(std::uint32_t bytes) {
  send_buffer_ = std::max(2 * std::min(bytes, settings_.option_limit), 2048U);
  send_buffer_fixed_ = true;
}

void TcpConnection::set_receive_buffer(std::uint32_t bytes) {
  window_.set_buffer(std::max(2 * std::min(bytes, settings_.option_limit), 256U));
}

void TcpConnection::set_buffers(std::uint32_t send, bool send_is_fixed, std::uint32_t receive) {
  send_buffer_ = send;
  send_buffer_fixed_ = send_is_fixed;
  window_.set_buffer(receive);
}

void TcpConnection::set_no_delay(Jiffies now, bool no_delay) {
  now_ = now;
  no_delay_ = no_delay;
  if (no_delay) push(Nagle::ignored);
}

void TcpConnection::after_reading(Jiffies now, std::uint32_t bytes) {
  now_ = now;
  if (state_ == State::closed || state_ == State::syn_sent) return;
  bool due = false;
  if (acknowledger_.scheduled()) {
    due = window_.unacknowledged() > acknowledger_.segment() ||
          (bytes > 0 && acknowledger_.burst_ended() && !acknowledger_.interactive() && received_.size() == 0);
  }
  if (!due && bytes > 0 && !their_end_) {
    const std::uint32_t left = window_.left();
    if (2 * left <= window_.clamp()) {
      const std::uint32_t now_possible = window_.selected(received_.size(), acknowledger_.segment());
      due = now_possible > 0 && now_possible >= 2 * left;
    }
  }
  if (due) acknowledge_now();
}

void TcpConnection::shutdown(Jiffies now) {
  now_ = now;
  if (state_ == State::syn_sent) {
    set_closed(Ending::expected);
    return;
  }
  if (!can_send()) return;
  state_ = state_ == State::established ? State::fin_wait_1 : State::last_ack;
  our_end_ = true;
  if (queue_.has_unsent()) {
    queue_.tail().flags |= TcpHeader::fin;
    ++write_;
  } else {
    add_empty_segment(TcpHeader::fin | TcpHeader::acknowledge);
  }
  push(Nagle::ignored);
}

void TcpConnection::close(Jiffies now) {
  now_ = now;
  orphaned_ = true;
  if (state_ == State::closed) return;
  if (received_.readable() > 0) {
    received_.clear(host_);
    send_reset();
    set_closed(Ending::expected);
    return;
  }
  if (can_send() || state_ == State::syn_sent) {
    shutdown(now);
  } else if (state_ == State::fin_wait_2) {
    end_at_ = now_ + TcpTimes::time_wait;
  }
}

void TcpConnection::abort(Jiffies now) {
  now_ = now;
  orphaned_ = true;
  if (state_ == State::closed) return;
  if (state_ != State::syn_sent && state_ != State::time_wait) send_reset();
  set_closed(Ending::expected);
}

std::string TcpConnection::audit() const {
  if (std::string fault = queue_.audit(); !fault.empty()) return fault;
  std::uint32_t size = 0;
  Sequence end = una_;
  queue_.visit([&](const QueuedSegment& queued) {
    size += queued.size;
    end = queued.end();
  });
  if (size != queued_size_) return "the send buffer is miscounted";
  if (end != write_) return "the queue does not end at what was written";
  if (after(next_, write_) || after(una_, next_)) return "sequence numbers out of order";
  return {};
}

}  // namespace xensim
