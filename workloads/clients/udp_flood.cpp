/// Sends datagrams that nobody asked for to an instance, at a steady rate.
#include <memory>
#include <vector>

#include "workloads/clients/outside_machine.hpp"

namespace xensim {
namespace {

using enum Statistic::Kind;
const Statistic flood_sent{"flood_sent", "datagrams", counter, "datagrams of the flood"};

struct UdpFloodParameters {
  std::int64_t instance = 0;
  std::int64_t port = 9;
  std::int64_t bytes = 64;
  double rate = 10'000;
  Time begin = 300ms;
};

const auto parameters =
    ParameterTable<UdpFloodParameters>{}
        .add("instance", &UdpFloodParameters::instance,
             "number of the instance that is flooded; where there is none, nothing is sent", "choice",
             {.minimum = 0, .maximum = 1'000'000})
        .add("port", &UdpFloodParameters::port, "there; nobody needs to listen",
             "choice: the discard service, RFC 863", {.minimum = 1, .maximum = 65535})
        .add("bytes", &UdpFloodParameters::bytes, "payload of a datagram", "choice: small packets cost most",
             {.minimum = 1, .maximum = 1472})
        .add("rate", &UdpFloodParameters::rate, "datagrams per second", "choice",
             {.minimum = 0.001, .maximum = 1'488'000})
        .add("begin", &UdpFloodParameters::begin,
             "before that nothing is sent: who is not up yet does not answer ARP, for a second", "choice",
             {.minimum = Time{}});

class Flooder final : public OutsideMachine {
 public:
  Flooder(const ClientContext& context, const UdpFloodParameters& p, const Client::Machine& machine)
      : OutsideMachine(context, {.station = machine.station}),
        parameters_(p),
        target_(context.address(static_cast<std::uint32_t>(p.instance))) {}

  void work() {
    constexpr std::uint16_t from = 32768;
    const auto port = static_cast<std::uint16_t>(parameters_.port);
    const auto bytes = static_cast<std::uint32_t>(parameters_.bytes);
    World::sleep(parameters_.begin);
    const Time period{static_cast<std::int64_t>(1e12 / parameters_.rate)};
    for (;;) {
      act([&](NetworkEndpoint& endpoint, Time at) {
        endpoint.send_datagram(at, from, target_, port, bytes);
      });
      ++sent;
      World::sleep(period);
    }
  }

  std::uint64_t sent = 0;

 private:
  UdpFloodParameters parameters_;
  Ipv4Address target_;
};

class UdpFlood final : public Client {
 public:
  UdpFlood(const UdpFloodParameters& p, const ClientContext& context) : parameters_(p), context_(context) {}

  void start(World& world, const Machine& machine) override {
    if (parameters_.instance >= std::int64_t{context_.instances}) return;
    Flooder& flooder = *flooders_.emplace_back(std::make_unique<Flooder>(context_, parameters_, machine));
    world.add_actor(
        machine.name, [&flooder] { flooder.work(); }, World::Ends::lasting);
  }
  void measure(Time /*now*/) override {
    for (const auto& flooder : flooders_) flooder->sent = 0;
  }
  void report(StatisticSink& sink, const std::string& prefix, Time /*now*/) const override {
    double all = 0;
    for (const auto& flooder : flooders_) all += static_cast<double>(flooder->sent);
    sink.value(prefix, flood_sent, all);
  }

 private:
  UdpFloodParameters parameters_;
  const ClientContext& context_;
  std::vector<std::unique_ptr<Flooder>> flooders_;
};

const RegisterClient<UdpFlood, UdpFloodParameters> registered{
    "udp_flood", "sends an instance datagrams that nobody asked for", parameters};

}  // namespace
}  // namespace xensim
