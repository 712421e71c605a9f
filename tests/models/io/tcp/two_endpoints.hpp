/// Two machines outside, joined by a link that may do anything to their frames.
#pragma once

#include <functional>
#include <map>
#include <queue>
#include <vector>

#include "models/io/tcp/endpoint.hpp"

namespace xensim {

struct LinkFault {
  bool lost = false;
  unsigned copies = 1;
  Time delay{};  ///< more than usual
};

class TwoEndpoints {
 public:
  struct Machine final : EndpointClient {
    Machine(TwoEndpoints& all, unsigned index, const NetworkEndpoint::Options& options)
        : world(all), number(index), endpoint(options, *this) {}
    void transmit(Time when, const EthernetFrame& frame) override { world.carry(number, when, frame); }
    void connected(Time, Connection id, std::uint16_t) override {
      connections.push_back(id);
      if (on_connected) on_connected(id);
    }
    void received(Time, Connection id, std::uint64_t bytes) override { got[id] += bytes; }
    void delivered(Time, Connection id) override { done[id] = true; }
    void ended(Time, Connection id) override { ends[id] = true; }
    void lost(Time, Connection id) override { failures[id] = true; }
    void datagram(Time, Ipv4Address from, std::uint16_t from_port, std::uint16_t port,
                  std::uint32_t bytes) override {
      datagrams.push_back({from, from_port, port, bytes});
    }

    struct Datagram {
      Ipv4Address from;
      std::uint16_t from_port, port;
      std::uint32_t bytes;
    };
    TwoEndpoints& world;
    unsigned number;
    NetworkEndpoint endpoint;
    std::vector<Connection> connections;
    std::map<Connection, std::uint64_t> got;
    std::map<Connection, bool> done, ends, failures;
    std::vector<Datagram> datagrams;
    std::function<void(Connection)> on_connected;
  };

  static NetworkEndpoint::Options options(unsigned number) {
    return {.mac = {{2, 0, 0, 0, 0, static_cast<std::uint8_t>(number)}},
            .address = Ipv4Address::of(10, 0, 0, static_cast<std::uint8_t>(number))};
  }

  explicit TwoEndpoints(const NetworkEndpoint::Options& first = options(1),
                        const NetworkEndpoint::Options& second = options(2))
      : a(*this, 0, first), b(*this, 1, second) {}

  /// Runs until `until` or until nothing waits.
  void run(Time until) {
    for (;;) {
      const Time timer = std::min(a.endpoint.next_timer(), b.endpoint.next_timer());
      const Time arrival = frames.empty() ? never : frames.top().at;
      const Time next = std::min(timer, arrival);
      if (next > until || next == never) break;
      now = next;
      if (arrival <= timer) {
        const Flight flight = frames.top();
        frames.pop();
        if (tap) tap(flight.to, flight.frame);
        (flight.to == 0 ? a : b).endpoint.receive(now, flight.frame);
      } else {
        a.endpoint.run_timers(now);
        b.endpoint.run_timers(now);
      }
    }
    now = std::max(now, until);
  }

  Time now = 1s;
  Time delay = 50us;
  Time gap{};  ///< between the starts of frames in one direction
  std::function<LinkFault(unsigned from, const EthernetFrame&)> fault;
  std::function<void(unsigned to, const EthernetFrame&)> tap;
  std::uint64_t carried = 0;
  Machine a, b;

 private:
  struct Flight {
    Time at;
    std::uint64_t order;
    unsigned to;
    EthernetFrame frame;
    bool operator>(const Flight& other) const { return at != other.at ? at > other.at : order > other.order; }
  };
  void carry(unsigned from, Time when, const EthernetFrame& frame) {
    ++carried;
    const LinkFault what = fault ? fault(from, frame) : LinkFault{};
    if (what.lost) return;
    free[from] = std::max(free[from], when) + gap;
    for (unsigned i = 0; i < what.copies; ++i) {
      frames.push({free[from] + delay + what.delay * (i + 1), order++, 1 - from, frame});
    }
  }

  std::priority_queue<Flight, std::vector<Flight>, std::greater<>> frames;
  std::uint64_t order = 0;
  Time free[2]{};
};

}  // namespace xensim
