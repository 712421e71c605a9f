#include "experiments/runner/outside.hpp"

#include <fmt/format.h>

#include <numeric>

namespace xensim {
namespace {

std::uint32_t count_instances(const Experiment& experiment) {
  return std::accumulate(experiment.domains.begin(), experiment.domains.end(), std::uint32_t{0},
                         [](std::uint32_t sum, const DomainTemplate& domain) {
                           return sum + static_cast<std::uint32_t>(domain.count);
                         });
}

}  // namespace

Outside::Outside(const Experiment& experiment, Calendar& calendar)
    : experiment_(experiment),
      network_(calendar, LinkParameters(*experiment.calibration), SwitchParameters(*experiment.calibration)) {
}

void Outside::create(const HostContext& host, const Platform& platform) {
  context_ = std::make_unique<ClientContext>(
      ClientContext{.calendar = host.calendar,
                    .network = network_,
                    .calibration = *experiment_.calibration,
                    .address = [&platform](std::uint32_t instance) { return platform.address(instance); },
                    .instances = count_instances(experiment_),
                    .host = &host});
  for (const ClientTemplate& client : experiment_.clients) {
    clients_.push_back(ClientRegistry::instance().create("client", client.behaviour, *context_));
  }
}

void Outside::start(World& world, std::uint64_t seed) {
  std::uint32_t station = 0;
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    const ClientTemplate& client = experiment_.clients[i];
    for (std::uint32_t number = 0; number < client.count; ++number) {
      const std::string name = fmt::format("{}/{}", client.name, number);
      clients_[i]->start(world, {name, number, station++, RandomStream(seed, name)});
    }
  }
}

void Outside::measure(Time now) {
  for (const auto& client : clients_) client->measure(now);
}

void Outside::report(StatisticSink& sink, Time now) const {
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    clients_[i]->report(sink, experiment_.clients[i].name + '/', now);
  }
}

std::string Outside::audit() const {
  for (const auto& client : clients_) {
    if (std::string fault = client->audit(); !fault.empty()) return fault;
  }
  return {};
}

}  // namespace xensim
