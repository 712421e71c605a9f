#include "workloads/clients/http_user.hpp"

#include <algorithm>
#include <utility>

namespace xensim {

HttpMachine::Connection HttpMachine::connect(HttpUser& user, Ipv4Address to, std::uint16_t port) {
  const Connection connection = act([&](NetworkEndpoint& there, Time at) {
    const Connection made = there.connect(at, to, port);
    there.hold(made);
    return made;
  });
  users_.resize(std::max<std::size_t>(users_.size(), connection + std::size_t{1}));
  users_[connection] = &user;
  return connection;
}

void HttpMachine::close(Connection connection) {
  users_[connection] = nullptr;
  act([&](NetworkEndpoint& there, Time at) { there.close(at, connection); });
}

void HttpMachine::connected(Time /*at*/, Connection connection, std::uint16_t /*port*/) {
  if (HttpUser* user = user_of(connection)) user->on_connected();
}
void HttpMachine::readable(Time /*at*/, Connection connection) {
  if (HttpUser* user = user_of(connection)) user->on_readable();
}
void HttpMachine::ended(Time /*at*/, Connection connection) {
  if (HttpUser* user = user_of(connection)) user->on_ended();
}
void HttpMachine::lost(Time /*at*/, Connection connection) {
  HttpUser* user = user_of(connection);
  if (user == nullptr) return;
  users_[connection] = nullptr;
  user->on_lost();
}

void HttpUser::come(Time when) {
  once_ = false;
  newcomer_ = true;
  if (active()) return;
  state_ = State::away;
  machine_.calendar().schedule(timer_, when);
}

void HttpUser::leave() {
  machine_.calendar().cancel(timer_);
  const bool is_connected = state_ != State::idle && state_ != State::away;
  state_ = State::idle;
  connection_began_ = false;
  if (is_connected) machine_.close(connection_);
}

void HttpUser::on_timer() {
  if (state_ == State::away) return connect();
  if (state_ != State::receiving) return;
  if (taken_ == expected_) return complete();
  take();
}

std::uint32_t HttpUser::session_length() {
  constexpr std::uint64_t shortest = 5, longest = 15;
  // With 10 requests in the others, 30 % of the requests are single if 81.08 % of the sessions are.
  const std::uint64_t single = traffic_.sessions == HttpSessions::sessions ? 3000 : 8108;
  if (traffic_.sessions == HttpSessions::single || random_.below(10000) < single) return 1;
  return static_cast<std::uint32_t>(shortest + random_.below(longest - shortest + 1));
}

void HttpUser::connect() {
  state_ = State::connecting;
  server_ended_ = false;
  requests_left_ = session_length();
  asked_at_ = machine_.now();
  ++traffic_.connections;
  connection_ = machine_.connect(*this, server_, port_);
}

void HttpUser::on_connected() {
  if (state_ == State::connecting) ask();
}

void HttpUser::ask() {
  state_ = State::waiting;
  const bool under_way = std::exchange(newcomer_, false) && !once_;
  request_ = under_way ? traffic_.mix.next_under_way(traffic_.waiting) : traffic_.mix.next();
  request_.last = --requests_left_ == 0;
  expected_ = request_.answer_length();
  taken_ = 0;
  // The first one waits for its connection, too.
  if (connection_began_) asked_at_ = machine_.now();
  connection_began_ = true;
  machine_.ask(connection_, request_.length());
}

void HttpUser::on_readable() {
  if (state_ == State::waiting) {
    state_ = State::receiving;
    traffic_.first_bytes.add(static_cast<std::uint64_t>((machine_.now() - asked_at_) / 1ns));
  }
  if (state_ == State::receiving && !timer_.pending()) take();
}

void HttpUser::take() {
  const std::uint32_t count = machine_.take(connection_, std::min(traffic_.chunk, expected_ - taken_));
  if (count == 0) {
    if (server_ended_) fail();
    return;
  }
  taken_ += count;
  bytes += count;
  traffic_.bytes += count;
  const double seconds = traffic_.line_rate > 0 ? count * 8.0 / traffic_.line_rate : 0;
  pause(Time{static_cast<std::int64_t>(seconds * 1e12)});
}

void HttpUser::complete() {
  ++traffic_.operations;
  traffic_.answers.add(static_cast<std::uint64_t>((machine_.now() - asked_at_) / 1ns));
  if (!request_.last) return ask();
  state_ = State::closing;
  if (server_ended_) end_session();
}

void HttpUser::on_ended() {
  server_ended_ = true;
  if (state_ == State::closing) return end_session();
  if (state_ == State::waiting || (state_ == State::receiving && !timer_.pending())) fail();
}

void HttpUser::end_session() {
  machine_.close(connection_);
  connection_began_ = false;
  state_ = State::idle;
  if (!once_) connect();
}

void HttpUser::fail() {
  machine_.close(connection_);
  on_lost();
}

void HttpUser::on_lost() {
  constexpr Time patience = 100ms;
  ++traffic_.errors;
  connection_began_ = false;
  state_ = State::idle;
  if (once_) return;
  state_ = State::away;
  pause(patience);
}

}  // namespace xensim
