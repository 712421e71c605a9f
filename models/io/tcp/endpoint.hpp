/// A machine outside the simulated hosts: real protocols, but no processor.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/time.hpp"
#include "models/io/arp/neighbours.hpp"
#include "models/io/packet/frame.hpp"
#include "models/io/tcp/layer.hpp"

namespace xensim {

/// What its programs are told, and where its frames go. Every call says when.
class EndpointClient {
 public:
  using Connection = TcpLayer::Id;

  EndpointClient() = default;
  EndpointClient(const EndpointClient&) = delete;
  EndpointClient& operator=(const EndpointClient&) = delete;
  virtual ~EndpointClient() = default;

  /// A frame leaves the machine, not before `when`, which is not before that of earlier ones.
  virtual void transmit(Time when, const EthernetFrame& frame) = 0;

  /// One that it opened, or that came in at `port`, is established.
  virtual void connected(Time /*now*/, Connection, std::uint16_t /*port*/) {}
  /// So many bytes came in order; they are taken at once, so the window is always open.
  virtual void received(Time /*now*/, Connection, std::uint64_t /*bytes*/) {}
  /// Bytes came on a connection that holds them, or its end: see `take`.
  virtual void readable(Time /*now*/, Connection) {}
  /// All that it was given to send is acknowledged.
  virtual void delivered(Time /*now*/, Connection) {}
  /// The other side will send no more.
  virtual void ended(Time /*now*/, Connection) {}
  /// Reset, refused or given up; its number is used again.
  virtual void lost(Time /*now*/, Connection) {}
  virtual void datagram(Time /*now*/, Ipv4Address /*from*/, std::uint16_t /*from_port*/,
                        std::uint16_t /*port*/, std::uint32_t /*bytes*/) {}
};

class NetworkEndpoint final : private TcpLayer::Host {
 public:
  struct Options {
    MacAddress mac;
    Ipv4Address address;
    /// For each frame in and out, one after another: the machine does nothing else in that time.
    Time service{};
    TcpSettings tcp{};
    std::uint32_t socket_buffer = 0;  ///< bytes, as setsockopt is given it for both directions; 0: not called
  };
  using Connection = EndpointClient::Connection;

  /// `client` must outlive it.
  NetworkEndpoint(const Options& options, EndpointClient& client);
  ~NetworkEndpoint() override;

  // Times of all calls, also of `run_timers`, must not run backwards.
  /// A frame arrives. Frames to other machines are ignored.
  void receive(Time now, const EthernetFrame& frame);
  /// When to call `run_timers`; `never`: nothing waits. May come earlier with each call of anything else.
  [[nodiscard]] Time next_timer() const;
  void run_timers(Time now);

  /// Throws std::length_error if there is no free port.
  [[nodiscard]] Connection connect(Time now, Ipv4Address to, std::uint16_t port);
  void listen(std::uint16_t port, std::uint32_t backlog = 128);
  /// Any number; what the send buffer cannot hold follows by itself.
  void send(Time now, Connection id, std::uint64_t bytes);
  /// From now on what comes stays in the receive buffer until it is taken, as far as that has room.
  void hold(Connection id) { flows_[id].held = true; }
  /// Up to `most` bytes of what is held.
  [[nodiscard]] std::uint32_t take(Time now, Connection id, std::uint32_t most);
  /// Nothing more will be sent; what was given is sent first.
  void shutdown(Time now, Connection id);
  /// Reads no more either; the number is not to be used again.
  void close(Time now, Connection id);
  /// UDP, without fragments: at most 1,472 bytes.
  void send_datagram(Time now, std::uint16_t port, Ipv4Address to, std::uint16_t to_port,
                     std::uint32_t bytes);

  [[nodiscard]] const TcpLayer& tcp() const { return tcp_; }
  /// Frames that were damaged or not for it.
  [[nodiscard]] std::uint64_t ignored() const { return ignored_; }

 private:
  /// What is known of a connection here, and what its client has not been told.
  struct Flow {
    std::uint64_t unsent = 0;    ///< given to send, not yet taken by the connection
    std::uint64_t received = 0;  ///< read from it
    enum class Then : std::uint8_t { nothing, shutdown, close } then = Then::nothing;  ///< unsent is sent
    bool sending = false;  ///< `delivered` follows
    bool held = false;     ///< its bytes wait for `take`
    bool established = false, ended = false, failed = false, readable = false, touched = false;
  };

  bool transmit(TcpConnection& connection, const TcpSegment& segment, TcpBuffer payload) override;
  void transmit_unconnected(const TcpPair& pair, const TcpSegment& segment) override;
  void changed(TcpConnection& connection, TcpChange change) override;
  void arrived(std::uint16_t port) override;
  void gone(TcpConnection& connection) override;
  void confirmed(const TcpConnection& connection) override {
    neighbours_.confirm(jiffies(), connection.pair().remote);
  }

  void receive_ip(const EthernetFrame& frame);
  void receive_tcp(const Ipv4Header& ip, const EthernetFrame& frame);
  void receive_udp(const Ipv4Header& ip, const EthernetFrame& frame);
  void emit(Ipv4Address to, const EthernetFrame& frame);
  void leave(EthernetFrame frame, MacAddress to);
  void send_out_what_waited();
  void touch(TcpConnection& connection);
  /// Goes on with all connections that something happened to, and tells the client.
  void serve();
  void serve(Connection id);
  void feed(TcpConnection& connection);
  [[nodiscard]] Jiffies jiffies() const { return static_cast<Jiffies>(now_ / jiffy); }
  /// One frame has been dealt with.
  void work() { free_at_ = std::max(free_at_, now_) + options_.service; }

  Options options_;
  EndpointClient& client_;
  NeighbourCache<EthernetFrame> neighbours_;
  TcpLayer tcp_;
  std::vector<Flow> flows_;  ///< by connection
  std::vector<Connection> touched_;
  bool serving_ = false;
  Time now_{}, free_at_{};
  std::uint16_t identification_ = 0;
  std::uint64_t ignored_ = 0;
};

}  // namespace xensim
