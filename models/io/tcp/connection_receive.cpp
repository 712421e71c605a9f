/// Segments as they come in, in each state of a connection.
#include <algorithm>

#include "models/io/tcp/connection.hpp"

namespace xensim {

void TcpConnection::receive(Jiffies now, const TcpSegment& segment, TcpBuffer buffer, std::uint32_t size) {
  now_ = now;
  ++counts_.segments_in;
  bool kept = false;
  if (state_ == State::syn_sent) {
    receive_answer(segment);
  } else if (state_ == State::time_wait) {
    receive_in_time_wait(segment);
  } else if (state_ != State::closed && acceptable(segment) && take_acknowledgement(segment)) {
    after_end_acknowledged();
    if (receives() && (segment.length > 0 || segment.has(TcpHeader::fin))) {
      kept = take_data(segment, buffer, size);
    }
    if (state_ != State::closed) finish_sending();
    if (acknowledger_.scheduled()) acknowledge_data();
  }
  if (!kept && buffer.valid()) host_.release(buffer);
}

void TcpConnection::note_options(const TcpSegment& answer) {
  stamps_ = settings_.time_stamps && answer.stamped;
  sack_ = settings_.selective_acknowledgements && answer.sack_permitted;
  if (answer.stamped) recent_stamp_ = answer.stamp;
  if (answer.max_segment != 0) peer_max_segment_ = answer.max_segment;
  if (settings_.window_scaling && answer.window_scale != TcpSegment::no_scale) {
    peer_scale_ = answer.window_scale;
  } else {
    window_.do_not_scale();
  }
}

void TcpConnection::receive_answer(const TcpSegment& segment) {
  if (!segment.has(TcpHeader::acknowledge)) return;  // simultaneous open is left out
  if (segment.acknowledgement != next_) {
    if (!segment.has(TcpHeader::reset)) {
      TcpSegment out{.source_port = pair_.local_port,
                     .destination_port = pair_.remote_port,
                     .sequence = segment.acknowledgement,
                     .flags = TcpHeader::reset};
      (void)host_.transmit(*this, out, {});
    }
    return;
  }
  if (segment.has(TcpHeader::reset)) {
    set_closed(Ending::failure);
    return;
  }
  if (!segment.has(TcpHeader::syn)) return;
  window_.starts_at(segment.sequence + 1);
  note_options(segment);
  window_update_ = segment.sequence;
  peer_window_ = max_window_ = segment.window;
  Acknowledged result;
  clean_queue(segment, result);
  state_ = State::established;
  start_synchronized();
  host_.changed(*this, TcpChange::established);
  if (state_ == State::established) acknowledge_now();
}

bool TcpConnection::acceptable(const TcpSegment& segment) {
  const bool reset = segment.has(TcpHeader::reset);
  const bool old =
      stamps_ && segment.stamped && !reset && static_cast<std::int32_t>(segment.stamp - recent_stamp_) < 0;
  const bool outside = before(segment.end(), window_.acknowledged()) ||
                       after(segment.sequence, window_.next() + window_.left());
  if (old || outside) {
    if (reset) return false;
    if (segment.end() != segment.sequence && before(segment.sequence, window_.next())) {
      ++counts_.duplicates;
      acknowledger_.at_once(window_.offered(), acknowledger_.segment());
    }
    acknowledge_now();
    return false;
  }
  if (reset) {
    set_closed(Ending::failure);
    return false;
  }
  if (stamps_ && segment.stamped && !after(segment.sequence, window_.acknowledged())) {
    recent_stamp_ = segment.stamp;
  }
  if (segment.has(TcpHeader::syn) && !before(segment.sequence, window_.next())) {
    send_reset();
    set_closed(Ending::failure);
    return false;
  }
  return segment.has(TcpHeader::acknowledge);
}

void TcpConnection::receive_in_time_wait(const TcpSegment& segment) {
  if (segment.has(TcpHeader::reset)) {
    set_closed(Ending::expected);
    return;
  }
  if (segment.has(TcpHeader::fin)) end_at_ = now_ + TcpTimes::time_wait;
  if (segment.end() != segment.sequence) acknowledge_now();
}

bool TcpConnection::has_room() {
  // As long as it is not full, it takes one more, whatever that one's size.
  if (received_.size() <= window_.buffer()) return true;
  acknowledger_.no_credit();
  window_.overcommitted(received_.size(), received_.readable(), acknowledger_.segment(),
                        received_.disordered());
  received_.compact(host_);
  ++counts_.compacted;
  if (received_.size() <= window_.buffer()) return true;
  if (received_.disordered()) {
    received_.discard_early(host_);
    ++counts_.pruned;
  }
  return received_.size() <= window_.buffer();
}

bool TcpConnection::take_data(const TcpSegment& segment, TcpBuffer buffer, std::uint32_t size) {
  if (orphaned_ && segment.length > 0) {  // nobody will ever read it
    send_reset();
    set_closed(Ending::failure);
    return false;
  }
  ReceivedBytes bytes{.sequence = segment.sequence,
                      .length = segment.length,
                      .size = size,
                      .buffer = buffer,
                      .fin = segment.has(TcpHeader::fin)};
  const Sequence expected = window_.next();
  if (!after(bytes.end(), expected)) {
    ++counts_.duplicates;
    acknowledger_.at_once(window_.offered(), acknowledger_.segment());
    acknowledger_.schedule();
    return false;
  }
  if (!has_room()) {
    ++counts_.pruned;
    acknowledger_.at_once(window_.offered(), acknowledger_.segment());
    acknowledger_.schedule();
    return false;
  }
  if (!after(bytes.sequence, expected)) {
    if (window_.left() == 0 && bytes.length > 0) {  // a probe, or more than was offered
      acknowledger_.at_once(window_.offered(), acknowledger_.segment());
      acknowledger_.schedule();
      return false;
    }
    bytes.skip(std::min(expected - bytes.sequence, bytes.length));
    const bool has_bytes = bytes.length > 0, was_disordered = received_.disordered();
    take_in_order(bytes);
    if (segment.length > 0) data_arrived(segment.length, size, segment.has(TcpHeader::push));
    ReceivedBytes ready;
    while (received_.take_ready(window_.next(), ready)) {
      if (ready.length == 0 && ready.buffer.valid()) host_.release(ready.buffer);
      take_in_order(ready);
    }
    if (was_disordered && !received_.disordered()) acknowledger_.set_interactive(false);
    if (has_bytes || !their_end_) host_.changed(*this, TcpChange::readable);
    return has_bytes;
  }
  ++counts_.early;
  acknowledger_.schedule();
  return received_.insert(bytes);
}

void TcpConnection::take_in_order(const ReceivedBytes& bytes) {
  window_.advance(bytes.length);
  if (bytes.length > 0) received_.append(bytes);
  if (bytes.fin && !their_end_) take_end();
}

void TcpConnection::take_end() {
  window_.advance(1);
  their_end_ = true;
  acknowledger_.schedule();
  switch (state_) {
    case State::established:
      state_ = State::close_wait;
      acknowledger_.set_interactive(true);
      break;
    case State::fin_wait_1:
      acknowledge_now();
      state_ = State::closing;
      break;
    case State::fin_wait_2:
      acknowledge_now();
      enter_time_wait(TcpTimes::time_wait);
      break;
    default:
      break;
  }
  received_.discard_early(host_);
  host_.changed(*this, TcpChange::ended);
}

void TcpConnection::data_arrived(std::uint32_t length, std::uint32_t size, bool pushed) {
  acknowledger_.measure(length, pushed);
  acknowledger_.data_arrived(now_, round_trip_.timeout(), window_.offered(), acknowledger_.segment());
  if (length < 128) return;
  if (window_.grow(length, size, received_.size(), acknowledger_.segment(), settings_.max_receive_buffer)) {
    acknowledger_.keep_some_credit();
  }
}

void TcpConnection::acknowledge_data() {
  const bool second = window_.unacknowledged() > acknowledger_.segment() &&
                      window_.selected(received_.size(), acknowledger_.segment()) >= window_.offered();
  if (second || acknowledger_.is_at_once() || received_.disordered() ||
      !acknowledger_.delay(now_, round_trip_.smoothed())) {
    acknowledge_now();
  }
}

}  // namespace xensim
