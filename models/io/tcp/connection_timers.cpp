/// What a connection does at its ticks.
#include <algorithm>

#include "models/io/tcp/connection.hpp"

namespace xensim {

std::optional<Jiffies> TcpConnection::deadline() const {
  if (state_ == State::closed) return {};
  std::optional<Jiffies> first;
  for (const Jiffies at : {retransmission_at_, probe_at_, end_at_, memory_at_, acknowledger_.expires()}) {
    if (at != 0 && (!first || at < *first)) first = at;
  }
  return first;
}

void TcpConnection::run_timers(Jiffies now) {
  now_ = now;
  const auto due = [&](Jiffies at) { return at != 0 && at <= now_ && state_ != State::closed; };
  if (due(acknowledger_.expires())) acknowledgement_expired();
  if (due(retransmission_at_)) retransmission_expired();
  if (due(probe_at_)) probe_expired();
  if (due(memory_at_)) memory_expired();
  if (due(end_at_)) set_closed(Ending::expected);
}

void TcpConnection::acknowledgement_expired() {
  const bool scheduled = acknowledger_.scheduled();
  acknowledger_.expired(round_trip_.timeout());
  if (scheduled) acknowledge_now();
}

void TcpConnection::retransmission_expired() {
  retransmission_at_ = 0;
  if (queue_.out() == 0) return;
  ++counts_.timeouts;
  const unsigned most = state_ == State::syn_sent ? TcpTimes::syn_retries : TcpTimes::data_retries;
  if (retransmissions_ >= most) {
    set_closed(Ending::failure);
    return;
  }
  enter_loss();
  ++retransmissions_;
  (void)retransmit(queue_.head());
  round_trip_.back_off();
  set_retransmission(round_trip_.timeout());
}

void TcpConnection::enter_loss() {
  const bool again = suspicion_ == Congestion::loss && retransmissions_ > 0;
  const bool shrinking = suspicion_ == Congestion::recovery || suspicion_ == Congestion::reduced;
  if (!again && (!shrinking || una_ == high_)) congestion_.lower_threshold();
  congestion_.collapse(now_);
  queue_.lose_all();
  suspicion_ = Congestion::loss;
  high_ = next_;
}

void TcpConnection::probe_expired() {
  probe_at_ = 0;
  if (queue_.out() > 0 || !queue_.has_unsent()) return;
  if (++probes_ > TcpTimes::data_retries) {
    set_closed(Ending::failure);
    return;
  }
  const unsigned doublings = std::min(probes_, 12U);
  send_probe();
  if (queue_.out() == 0 && state_ != State::closed) {
    probe_at_ = now_ + std::min(round_trip_.timeout() << doublings, TcpTimes::max_timeout);
  }
}

void TcpConnection::memory_expired() {
  memory_at_ = 0;
  if (!no_space_ || !writable()) return;
  no_space_ = false;
  host_.changed(*this, TcpChange::writable);
}

void TcpConnection::enter_time_wait(Jiffies ticks) {
  state_ = State::time_wait;
  retransmission_at_ = probe_at_ = 0;
  end_at_ = now_ + ticks;
}

void TcpConnection::set_closed(Ending ending) {
  const bool was_open = state_ != State::time_wait;
  state_ = State::closed;
  retransmission_at_ = probe_at_ = end_at_ = memory_at_ = 0;
  while (!queue_.empty()) {
    if (queue_.out() == 0) queue_.sent_next();
    if (queue_.head().buffer.valid()) host_.release(queue_.head().buffer);
    queued_size_ -= queue_.head().size;
    queue_.pop();
  }
  una_ = next_ = write_;
  their_end_ = true;
  received_.discard_early(host_);
  if (orphaned_) received_.clear(host_);
  if (ending == Ending::failure && was_open) {
    failed_ = true;
    host_.changed(*this, TcpChange::failed);
  }
}

}  // namespace xensim
