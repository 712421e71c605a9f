/// One simulated user of web servers: one connection at a time, one request after another on it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/histogram.hpp"
#include "workloads/clients/outside_machine.hpp"
#include "workloads/web/specweb99.hpp"

namespace xensim {

class HttpUser;

/// How many requests a user makes on one connection.
enum class HttpSessions : std::uint8_t {
  sessions,  ///< one for 30 % of the connections, 5 to 15 for the others
  requests,  ///< one for 30 % of the requests
  single,    ///< one
};

/// What the users of a template have in common, and what they count together.
struct HttpTraffic {
  HttpTraffic(WebDraw::How how, const RandomStream& random) : mix(how, random) {}

  WebRequestMix mix;
  HttpSessions sessions = HttpSessions::sessions;
  double line_rate = 0;  ///< bit/s that a user's line carries; 0: as fast as it comes
  double waiting = 0;    ///< part of their time that users wait for answers to begin
  std::uint32_t chunk = 4096;

  // Since the beginning of the measurement.
  std::uint64_t operations = 0, bytes = 0, errors = 0, connections = 0;
  Histogram first_bytes, answers;  ///< ns from the request to the first byte, and to the last
  void measure() {
    operations = bytes = errors = connections = 0;
    first_bytes = answers = {};
  }
};

/// A machine with any number of users.
class HttpMachine final : public OutsideMachine {
 public:
  HttpMachine(const ClientContext& context, std::uint32_t station, Time service)
      : OutsideMachine(context, {.station = station, .service = service}), calendar_(context.calendar) {}

  [[nodiscard]] Calendar& calendar() { return calendar_; }
  [[nodiscard]] Connection connect(HttpUser& user, Ipv4Address to, std::uint16_t port);
  void ask(Connection connection, std::uint32_t bytes) {
    act([&](NetworkEndpoint& there, Time at) { there.send(at, connection, bytes); });
  }
  [[nodiscard]] std::uint32_t take(Connection connection, std::uint32_t most) {
    return act([&](NetworkEndpoint& there, Time at) { return there.take(at, connection, most); });
  }
  void close(Connection connection);
  /// It has a port free to connect from.
  [[nodiscard]] std::size_t connections() const { return endpoint().tcp().size(); }

 private:
  void connected(Time at, Connection connection, std::uint16_t port) override;
  void readable(Time at, Connection connection) override;
  void ended(Time at, Connection connection) override;
  void lost(Time at, Connection connection) override;
  [[nodiscard]] HttpUser* user_of(Connection connection) const {
    return connection < users_.size() ? users_[connection] : nullptr;
  }

  Calendar& calendar_;
  std::vector<HttpUser*> users_;  ///< by connection; null: nobody's any more
};

/// Reads answers no faster than its line carries them: what has not come over it waits in the receive
/// buffer, whose window the server sees. Everything happens on the calendar.
class HttpUser {
 public:
  HttpUser(HttpMachine& machine, HttpTraffic& traffic, Ipv4Address server, std::uint16_t port,
           const RandomStream& random)
      : machine_(machine),
        traffic_(traffic),
        server_(server),
        port_(port),
        random_(random),
        timer_(Event::calling<&HttpUser::on_timer>(*this)) {}
  ~HttpUser() { machine_.calendar().cancel(timer_); }
  HttpUser(const HttpUser&) = delete;
  HttpUser& operator=(const HttpUser&) = delete;

  /// Connects at `when`, unless it is there already, and goes on until it is told to leave.
  void come(Time when);
  /// Connects at `when`, and leaves when that connection is over. It must not be active.
  void come_once(Time when) {
    come(when);
    once_ = true;
  }
  /// In the middle of whatever it does.
  void leave();
  [[nodiscard]] bool active() const { return state_ != State::idle; }

  std::uint64_t bytes = 0;  ///< of answers, since somebody set it to zero

 private:
  friend class HttpMachine;
  enum class State : std::uint8_t { idle, away, connecting, waiting, receiving, closing };

  void on_timer();
  void connect();
  void on_connected();
  void ask();
  void on_readable();
  void on_ended();
  void on_lost();
  void take();
  void complete();
  void end_session();
  void fail();
  /// Requests of the next session.
  [[nodiscard]] std::uint32_t session_length();
  void pause(Time length) { machine_.calendar().schedule(timer_, machine_.now() + length); }

  HttpMachine& machine_;
  HttpTraffic& traffic_;
  Ipv4Address server_;
  std::uint16_t port_;
  RandomStream random_;
  Event timer_;
  State state_ = State::idle;
  bool once_ = false, server_ended_ = false;
  bool newcomer_ = true;           ///< who has not asked yet, and is met in the middle of an answer
  bool connection_began_ = false;  ///< it has been asked on
  OutsideMachine::Connection connection_ = 0;
  std::uint32_t requests_left_ = 0;
  WebRequest request_;
  std::uint32_t expected_ = 0, taken_ = 0;
  Time asked_at_{};
};

}  // namespace xensim
