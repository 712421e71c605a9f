/// Sends datagrams to an instance, now and then, and measures how long each answer takes.
#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <vector>

#include "core/histogram.hpp"
#include "workloads/clients/outside_machine.hpp"

namespace xensim {
namespace {

using enum Statistic::Kind;
const Statistic probes_sent{"probes", "datagrams", counter, "probes sent"};
const Statistic probes_answered{"answers", "datagrams", counter, "probes that were answered so far"};
const Statistic response_mean{"response/mean", "ms", summary, "mean time from a probe to its answer"};
const Statistic response_deviation{"response/sd", "ms", summary, "time of an answer: standard deviation"};
const Statistic response_p99{"response/p99", "ms", summary, "99 % of the answers took less"};
const Statistic response_maximum{"response/maximum", "ms", summary, "the answer that took longest"};

struct UdpProberParameters {
  std::int64_t instance = 0;
  std::int64_t port = 7;
  std::int64_t bytes = 64;
  Time period = 100ms;
  Time jitter = 20ms;
  std::int64_t count = 0;
};

const auto parameters =
    ParameterTable<UdpProberParameters>{}
        .add("instance", &UdpProberParameters::instance, "number of the instance that is probed", "choice",
             {.minimum = 0, .maximum = 1'000'000})
        .add("port", &UdpProberParameters::port, "where it answers", "choice: echo, RFC 862",
             {.minimum = 1, .maximum = 65535})
        .add("bytes", &UdpProberParameters::bytes, "payload of a probe", "choice",
             {.minimum = 1, .maximum = 1472})
        .add("period", &UdpProberParameters::period, "from one probe to the next, whether answered or not",
             "choice", {.minimum = 100us})
        .add("jitter", &UdpProberParameters::jitter, "each probe is later by up to this, uniformly",
             "choice: a tick of the monitor, so that probes keep no step with it", {.minimum = Time{}})
        .add("count", &UdpProberParameters::count, "probes in all; 0: no end", "choice", {.minimum = 0});

/// One machine: each probe has a port of its own, by which its answer is known.
class Prober final : public OutsideMachine {
 public:
  Prober(const ClientContext& context, const UdpProberParameters& p, const Client::Machine& machine,
         Histogram& everybodys)
      : OutsideMachine(context, {.station = machine.station}),
        everybodys_(everybodys),
        parameters_(p),
        target_(context.address(static_cast<std::uint32_t>(p.instance))),
        random_(machine.random) {}

  void work() {
    const auto to_port = static_cast<std::uint16_t>(parameters_.port);
    const auto bytes = static_cast<std::uint32_t>(parameters_.bytes);
    for (std::int64_t i = 0; parameters_.count == 0 || i < parameters_.count; ++i) {
      const Time late = random_.between(Time{}, parameters_.jitter);
      World::sleep(late);
      const auto port = static_cast<std::uint16_t>(first_port + i % ports);
      sent_at_[port] = now();
      ++sent;
      act([&](NetworkEndpoint& endpoint, Time at) {
        endpoint.send_datagram(at, port, target_, to_port, bytes);
      });
      if (parameters_.period > late) World::sleep(parameters_.period - late);
    }
  }
  void measure() {
    sent = 0;
    responses = {};
    sent_at_.clear();
  }

  std::uint64_t sent = 0;
  Histogram responses;  ///< ns

 private:
  static constexpr std::int64_t first_port = 32768, ports = 28000;

  void datagram(Time at, Ipv4Address /*from*/, std::uint16_t /*from_port*/, std::uint16_t port,
                std::uint32_t /*bytes*/) override {
    const auto probe = sent_at_.find(port);
    if (probe == sent_at_.end()) return;
    const auto took = static_cast<std::uint64_t>((at - probe->second) / 1ns);
    responses.add(took);
    everybodys_.add(took);
    sent_at_.erase(probe);
  }

  Histogram& everybodys_;
  UdpProberParameters parameters_;
  Ipv4Address target_;
  RandomStream random_;
  std::map<std::uint16_t, Time> sent_at_;
};

class UdpProber final : public Client {
 public:
  UdpProber(const UdpProberParameters& p, const ClientContext& context) : parameters_(p), context_(context) {}

  void start(World& world, const Machine& machine) override {
    Prober& prober =
        *probers_.emplace_back(std::make_unique<Prober>(context_, parameters_, machine, responses_));
    world.add_actor(
        machine.name, [&prober] { prober.work(); }, World::Ends::lasting);
  }
  void measure(Time /*now*/) override {
    responses_ = {};
    for (const auto& prober : probers_) prober->measure();
  }
  void report(StatisticSink& sink, const std::string& prefix, Time /*now*/) const override {
    constexpr double ms = 1e-6;
    double sent = 0, answered = 0, sum = 0, squares = 0;
    for (const auto& prober : probers_) {
      const auto count = static_cast<double>(prober->responses.count());
      const double mean = prober->responses.mean() * ms;
      const double deviation = prober->responses.standard_deviation() * ms;
      sent += static_cast<double>(prober->sent);
      answered += count;
      sum += count * mean;
      squares += count * (deviation * deviation + mean * mean);
    }
    sink.value(prefix, probes_sent, sent);
    sink.value(prefix, probes_answered, answered);
    if (answered == 0) return;
    const double mean = sum / answered;
    sink.value(prefix, response_mean, mean);
    sink.value(prefix, response_deviation, std::sqrt(std::max(0.0, squares / answered - mean * mean)));
    sink.value(prefix, response_p99, static_cast<double>(responses_.quantile(0.99)) * ms);
    sink.value(prefix, response_maximum, static_cast<double>(responses_.maximum()) * ms);
  }

 private:
  UdpProberParameters parameters_;
  const ClientContext& context_;
  Histogram responses_;  ///< of all probers, ns
  std::vector<std::unique_ptr<Prober>> probers_;
};

const RegisterClient<UdpProber, UdpProberParameters> registered{
    "udp_prober", "sends datagrams to an instance and times the answers", parameters};

}  // namespace
}  // namespace xensim
