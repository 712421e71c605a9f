/// The switch and the machines outside that are attached to it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/world.hpp"
#include "experiments/runner/experiment.hpp"
#include "models/host/platform.hpp"
#include "models/io/net/switch.hpp"
#include "workloads/clients/client.hpp"

namespace xensim {

class Outside {
 public:
  Outside(const Experiment& experiment, Calendar& calendar);

  [[nodiscard]] Switch& network() { return network_; }
  /// Both last as long as the run.
  void create(const HostContext& host, const Platform& platform);
  void start(World& world, std::uint64_t seed);
  void measure(Time now);
  void report(StatisticSink& sink, Time now) const;
  [[nodiscard]] std::string audit() const;

 private:
  const Experiment& experiment_;
  Switch network_;
  std::unique_ptr<ClientContext> context_;
  std::vector<std::unique_ptr<Client>> clients_;
};

}  // namespace xensim
