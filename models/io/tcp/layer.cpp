#include "models/io/tcp/layer.hpp"

#include <algorithm>

namespace xensim {

TcpConnection& TcpLayer::make(const TcpPair& pair) {
  auto id = static_cast<Id>(connections_.size());
  if (free_.empty()) {
    connections_.emplace_back();
    armed_.push_back(0);
    waiting_.push_back(false);
  } else {
    id = free_.back();
    free_.pop_back();
  }
  connections_[id] = std::make_unique<TcpConnection>(host_, settings_, pair, id);
  if (const auto known = known_.find(pair.remote); known != known_.end()) {
    connections_[id]->set_known_destination(known->second);
  }
  index_.try_emplace(pair, id);
  return *connections_[id];
}

void TcpLayer::remove(TcpConnection& connection) {
  if (connection.round_trip().known()) known_[connection.pair().remote] = connection.round_trip().smoothed();
  host_.gone(connection);
  if (last_ == &connection) last_ = nullptr;
  const Id id = connection.id();
  index_.erase(connection.pair());
  armed_[id] = 0;
  if (waiting_[id]) --waiting_count_;
  waiting_[id] = false;
  connections_[id].reset();
  free_.push_back(id);
}

std::uint16_t TcpLayer::free_port(const TcpPair& pair) {
  const std::uint16_t first_port = settings_.first_port, last_port = settings_.last_port;
  for (int tries = 0; tries <= last_port - first_port; ++tries) {
    TcpPair candidate = pair;
    candidate.local_port = next_port_;
    next_port_ = next_port_ == last_port ? first_port : static_cast<std::uint16_t>(next_port_ + 1);
    if (!index_.contains(candidate) && !listeners_.contains(candidate.local_port))
      return candidate.local_port;
  }
  return 0;
}

TcpConnection* TcpLayer::open(TcpPair pair) {
  if (pair.local_port == 0) pair.local_port = free_port(pair);
  if (pair.local_port == 0 || index_.contains(pair)) return nullptr;
  ++counts_.opened;
  return &make(pair);
}

Sequence TcpLayer::initial_sequence(Jiffies now) {
  // 250,000 a second (RFC 793), and apart from each other.
  initial_ += 64'021;
  return initial_ + static_cast<Sequence>(now * 2'500);
}

void TcpLayer::count_waiting(TcpConnection& connection) {
  const Id id = connection.id();
  const bool waits = connection.state() == TcpConnection::State::time_wait;
  if (waits == waiting_[id]) return;
  if (waits && waiting_count_ >= settings_.most_waiting) {
    ++counts_.not_waited;
    connection.end_time_wait();
    return;
  }
  waiting_[id] = waits;
  waiting_count_ += waits ? 1U : UINT32_MAX;
}

void TcpLayer::settle(TcpConnection& connection) {
  count_waiting(connection);
  if (connection.is_over()) {
    remove(connection);
    return;
  }
  const std::optional<Jiffies> deadline = connection.deadline();
  if (!deadline) return;
  Jiffies& armed = armed_[connection.id()];
  if (armed != 0 && armed <= *deadline) return;
  armed = *deadline;
  alarms_.push({armed, connection.id()});
}

std::optional<Jiffies> TcpLayer::deadline() const {
  std::optional<Jiffies> first;
  if (!alarms_.empty()) first = alarms_.top().at;
  for (const auto& [port, listener] : listeners_) {
    for (const Open& open : listener.requests) {
      if (!first || open.expires < *first) first = open.expires;
    }
  }
  return first;
}

void TcpLayer::run_timers(Jiffies now) {
  while (!alarms_.empty() && alarms_.top().at <= now) {
    const Alarm alarm = alarms_.top();
    alarms_.pop();
    // An alarm whose connection is gone, or asked for another since.
    if (armed_[alarm.id] != alarm.at) continue;
    armed_[alarm.id] = 0;
    TcpConnection& connection = *connections_[alarm.id];
    connection.run_timers(now);
    settle(connection);
  }
  run_requests(now);
}

TcpConnection* TcpLayer::find(const TcpPair& pair) {
  if (last_ != nullptr && last_->pair() == pair) return last_;
  const Id* const found = index_.find(pair);
  if (found == nullptr) return nullptr;
  last_ = connections_[*found].get();
  return last_;
}

void TcpLayer::receive(Jiffies now, const TcpPair& pair, const TcpSegment& segment, TcpBuffer buffer,
                       std::uint32_t size) {
  if (TcpConnection* connection = find(pair)) {
    const bool begins_again = connection->state() == TcpConnection::State::time_wait &&
                              segment.has(TcpHeader::syn) && !segment.has(TcpHeader::reset) &&
                              after(segment.sequence, connection->next_expected()) &&
                              connection->orphaned() && listeners_.contains(pair.local_port);
    if (!begins_again) {
      connection->receive(now, segment, buffer, size);
      settle(*connection);
      return;
    }
    remove(*connection);
  }
  if (!receive_new(now, pair, segment, buffer, size)) refuse(pair, segment);
  if (buffer.valid()) host_.release(buffer);
}

void TcpLayer::refuse(const TcpPair& pair, const TcpSegment& segment) {
  if (segment.has(TcpHeader::reset)) return;
  ++counts_.resets_sent;
  TcpSegment reset{
      .source_port = pair.local_port, .destination_port = pair.remote_port, .flags = TcpHeader::reset};
  if (segment.has(TcpHeader::acknowledge)) {
    reset.sequence = segment.acknowledgement;
  } else {
    reset.flags |= TcpHeader::acknowledge;
    reset.acknowledgement = segment.end();
  }
  host_.transmit_unconnected(pair, reset);
}

std::string TcpLayer::audit() const {
  for (const auto& connection : connections_) {
    if (!connection) continue;
    if (std::string fault = connection->audit(); !fault.empty()) return fault;
    const bool waits = connection->state() == TcpConnection::State::time_wait;
    if (waits != waiting_[connection->id()]) return "a connection is in TIME_WAIT, but is not counted there";
    const Id* const found = index_.find(connection->pair());
    if (found == nullptr || *found != connection->id()) return "a connection cannot be found";
  }
  return {};
}

}  // namespace xensim
