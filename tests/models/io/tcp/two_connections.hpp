/// Two TCP connections with nothing but a test between them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <vector>

#include "models/io/tcp/connection.hpp"

namespace xensim {

/// Segments wait between them until the test hands them over, one by one.
struct TwoConnections : testing::Test {
  struct Side final : TcpHost {
    explicit Side(std::deque<TcpSegment>& to) : out(to) {}
    bool transmit(TcpConnection&, const TcpSegment& segment, TcpBuffer) override {
      if (refuse) return false;
      out.push_back(segment);
      return true;
    }
    void changed(TcpConnection&, TcpChange change) override { changes.push_back(change); }
    std::optional<TcpBuffer> allocate(std::uint32_t) override {
      return starved ? std::optional<TcpBuffer>{} : TcpBuffer{};
    }
    [[nodiscard]] bool saw(TcpChange change) const {
      return std::find(changes.begin(), changes.end(), change) != changes.end();
    }
    std::deque<TcpSegment>& out;
    std::vector<TcpChange> changes;
    bool refuse = false;   ///< the queue is full
    bool starved = false;  ///< there is no memory
  };

  /// A handshake without loss, the answering side's part made up. Nothing is on its way afterwards.
  void open(Sequence initial = 1000) {
    client.connect(now, initial);
    const TcpSegment syn = take(to_server);
    const TcpSegment answer{.source_port = 80,
                            .destination_port = 1025,
                            .sequence = 5000,
                            .acknowledgement = initial + 1,
                            .window = 5840,
                            .flags = TcpHeader::syn | TcpHeader::acknowledge,
                            .stamped = settings.time_stamps,
                            .stamp = static_cast<std::uint32_t>(now),
                            .echo = syn.stamp,
                            .max_segment = 1460,
                            .window_scale = 0,
                            .sack_permitted = true};
    client.receive(now, answer, {}, 0);
    server.establish(now, {.theirs = initial,
                           .ours = 5000,
                           .stamp = syn.stamp,
                           .window = syn.window,
                           .max_segment = 1460,
                           .their_scale = syn.window_scale,
                           .scaled = true,
                           .stamped = settings.time_stamps,
                           .sack = true});
    deliver();
  }
  static TcpSegment take(std::deque<TcpSegment>& queue) {
    const TcpSegment first = queue.front();
    queue.pop_front();
    return first;
  }
  void deliver_to(TcpConnection& connection, std::deque<TcpSegment>& queue) {
    const TcpSegment segment = take(queue);
    connection.receive(now, segment, {}, TcpSettings::receive_size(66 + segment.length));
  }
  void deliver() {
    while (!to_server.empty() || !to_client.empty()) {
      if (!to_server.empty()) deliver_to(server, to_server);
      if (!to_client.empty()) deliver_to(client, to_client);
    }
  }
  /// Moves everything until nothing is left to send; the server's reader reads at once.
  void transfer(std::uint64_t bytes) {
    while (bytes > 0 || client.undelivered() > 0) {
      bytes -= client.send(now, bytes);
      deliver();
      server.after_reading(now, server.read(UINT32_MAX));
      deliver();
      if (client.undelivered() > 0) pass(1);
    }
  }
  void pass(Jiffies ticks) {
    for (; ticks > 0; --ticks) {
      ++now;
      client.run_timers(now);
      server.run_timers(now);
    }
  }

  TcpSettings settings;
  std::deque<TcpSegment> to_server, to_client;
  Side client_side{to_server}, server_side{to_client};
  TcpPair client_pair{Ipv4Address::of(10, 0, 0, 1), Ipv4Address::of(10, 0, 0, 2), 1025, 80};
  TcpPair server_pair{Ipv4Address::of(10, 0, 0, 2), Ipv4Address::of(10, 0, 0, 1), 80, 1025};
  TcpConnection client{client_side, settings, client_pair, 0};
  TcpConnection server{server_side, settings, server_pair, 0};
  Jiffies now = 1000;
};

}  // namespace xensim
