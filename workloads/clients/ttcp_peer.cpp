/// The other end of ttcp: takes or sends a stream of bytes over TCP.
#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "workloads/clients/outside_machine.hpp"

namespace xensim {
namespace {

using enum Statistic::Kind;
const Statistic transferred{"bytes", "bytes", counter, "bytes received in order, or sent and acknowledged"};
const Statistic transfers{"transfers", "connections", counter, "streams that came to their end"};
const Statistic transfer_rate{
    "rate", "Mib/s", summary,
    "mean rate of the connections, from established to the end; 2^20 bits, as ttcp"};

struct TtcpPeerParameters {
  std::string role = "either";
  std::int64_t instance = 0;
  std::int64_t port = 5001;
  Bytes amount{400'000'000};
  Bytes buffers{std::int64_t{128} << 10};
  std::int64_t mtu = 1500;
  Time service{};
};

const auto parameters =
    ParameterTable<TtcpPeerParameters>{}
        .add("role", &TtcpPeerParameters::role,
             "a sink listens; a source connects to the instance; either does both until one succeeds",
             "Barham et al., SOSP 2003, section 4.2.1: both directions",
             {.choices = {"sink", "source", "either"}})
        .add("instance", &TtcpPeerParameters::instance, "number of the instance that a source connects to",
             "choice", {.minimum = 0, .maximum = 1'000'000})
        .add("port", &TtcpPeerParameters::port, "where the receiving side listens", "ttcp",
             {.minimum = 1, .maximum = 65535})
        .add("amount", &TtcpPeerParameters::amount, "what a source sends on each connection",
             "Barham et al., SOSP 2003, section 4.2.1: 400 MB", {.minimum = Bytes{1}})
        .add("buffers", &TtcpPeerParameters::buffers, "socket buffers",
             "Barham et al., SOSP 2003, section 4.2.1: 128 kB", {.minimum = Bytes{2048}})
        .add("mtu", &TtcpPeerParameters::mtu, "longest IP packet, in bytes", "Ethernet",
             {.minimum = 68, .maximum = 1500})
        .add("service", &TtcpPeerParameters::service, "time that the machine takes for each frame",
             "choice: a machine that is never the bottleneck", {.minimum = Time{}});

class Peer final : public OutsideMachine {
 public:
  Peer(const ClientContext& context, const TtcpPeerParameters& p, const Client::Machine& machine)
      : OutsideMachine(context, options(p, machine)),
        parameters_(p),
        target_(context.address(static_cast<std::uint32_t>(p.instance))) {}

  void work(World& world) {
    World::Signal signal(world);
    signal_ = &signal;
    const auto port = static_cast<std::uint16_t>(parameters_.port);
    if (parameters_.role != "source") {
      act([&](NetworkEndpoint& endpoint, Time) { endpoint.listen(port); });
    }
    while (parameters_.role != "sink" && !incoming_) {
      const Connection connection =
          act([&](NetworkEndpoint& endpoint, Time at) { return endpoint.connect(at, target_, port); });
      source_ = connection;
      outcome_ = Outcome::none;
      while (outcome_ == Outcome::none) signal.wait();
      source_.reset();
      // Nobody listens yet, or no more; or the receiver reports before it listens again.
      World::sleep(100ms);
    }
    for (;;) signal.wait();
  }
  void measure() {
    bytes = ended_streams = 0;
    rates = 0;
  }

  std::uint64_t bytes = 0, ended_streams = 0;
  double rates = 0;  ///< sum over streams that ended, in 2^20 bit/s

 private:
  enum class Outcome : std::uint8_t { none, sent, lost };
  struct Stream {
    Time began{};
    std::uint64_t bytes = 0;
  };
  static Options options(const TtcpPeerParameters& p, const Client::Machine& machine) {
    Options options{.station = machine.station, .service = p.service};
    options.tcp.mtu = static_cast<std::uint32_t>(p.mtu);
    // As setsockopt has it: limited, then doubled.
    const std::uint32_t buffers =
        2 * static_cast<std::uint32_t>(std::min<std::int64_t>(p.buffers.count, options.tcp.option_limit));
    options.tcp.receive_buffer = options.tcp.max_receive_buffer = buffers;
    options.tcp.send_buffer = options.tcp.max_send_buffer = buffers;
    return options;
  }

  void connected(Time at, Connection connection, std::uint16_t /*port*/) override {
    streams_[connection] = {.began = at};
    if (connection != source_) {
      incoming_ = true;
      return;
    }
    act([&](NetworkEndpoint& endpoint, Time now_there) {
      endpoint.send(now_there, connection, static_cast<std::uint64_t>(parameters_.amount.count));
      endpoint.shutdown(now_there, connection);
    });
  }
  void received(Time /*at*/, Connection connection, std::uint64_t count) override {
    bytes += count;
    streams_[connection].bytes += count;
  }
  void delivered(Time at, Connection connection) override {
    if (connection != source_) return;
    const auto amount = static_cast<std::uint64_t>(parameters_.amount.count);
    bytes += amount;
    streams_[connection].bytes = amount;
    finish(at, connection, Outcome::sent);
  }
  void ended(Time at, Connection connection) override {
    if (connection != source_) finish(at, connection, Outcome::sent);
  }
  void lost(Time /*at*/, Connection connection) override {
    streams_.erase(connection);
    if (connection == source_) conclude(Outcome::lost);
  }

  void finish(Time at, Connection connection, Outcome outcome) {
    const auto stream = streams_.find(connection);
    if (stream == streams_.end()) return;
    ++ended_streams;
    rates +=
        static_cast<double>(stream->second.bytes) * 8 / (1 << 20) / to_seconds(at - stream->second.began);
    streams_.erase(stream);
    act([&](NetworkEndpoint& endpoint, Time now_there) { endpoint.close(now_there, connection); });
    conclude(outcome);
  }
  void conclude(Outcome outcome) {
    outcome_ = outcome;
    if (signal_ != nullptr) signal_->give();
  }

  TtcpPeerParameters parameters_;
  Ipv4Address target_;
  std::map<Connection, Stream> streams_;
  std::optional<Connection> source_;
  bool incoming_ = false;
  Outcome outcome_ = Outcome::none;
  World::Signal* signal_ = nullptr;  ///< the actor's, as long as it lives
};

class TtcpPeer final : public Client {
 public:
  TtcpPeer(const TtcpPeerParameters& p, const ClientContext& context) : parameters_(p), context_(context) {}

  void start(World& world, const Machine& machine) override {
    Peer& peer = *peers_.emplace_back(std::make_unique<Peer>(context_, parameters_, machine));
    world.add_actor(
        machine.name, [&peer, &world] { peer.work(world); }, World::Ends::lasting);
  }
  void measure(Time /*now*/) override {
    for (const auto& peer : peers_) peer->measure();
  }
  void report(StatisticSink& sink, const std::string& prefix, Time /*now*/) const override {
    double bytes = 0, streams = 0, rates = 0;
    for (const auto& peer : peers_) {
      bytes += static_cast<double>(peer->bytes);
      streams += static_cast<double>(peer->ended_streams);
      rates += peer->rates;
    }
    sink.value(prefix, transferred, bytes);
    sink.value(prefix, transfers, streams);
    if (streams > 0) sink.value(prefix, transfer_rate, rates / streams);
  }

 private:
  TtcpPeerParameters parameters_;
  const ClientContext& context_;
  std::vector<std::unique_ptr<Peer>> peers_;
};

const RegisterClient<TtcpPeer, TtcpPeerParameters> registered{
    "ttcp_peer", "takes or sends a stream of bytes over TCP, as ttcp does", parameters};

}  // namespace
}  // namespace xensim
