/// Who starts the instances of an experiment and reads what they did.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/world.hpp"
#include "experiments/runner/experiment.hpp"
#include "experiments/runner/instance.hpp"
#include "experiments/runner/outside.hpp"
#include "experiments/runner/prober.hpp"
#include "experiments/runner/snapshot.hpp"
#include "models/host/platform.hpp"
#include "results/time_series.hpp"
#include "workloads/workload.hpp"

namespace xensim {

/// What the programs of each template have measured themselves.
void report_workloads(const Experiment& experiment, const std::vector<std::unique_ptr<Workload>>& workloads,
                      StatisticSink& sink);

/// Starts the instances one after another, lets the host warm up, and notes what it reads before and after
/// the measurement.
class Operator {
 public:
  Operator(const Experiment& experiment, std::vector<Instance>& instances, Platform& platform,
           Outside& outside, const std::vector<std::unique_ptr<Prober>>& probers,
           const std::vector<std::unique_ptr<Workload>>& workloads, std::uint64_t seed);

  /// The life of its actor.
  void work(const World& world);

  static constexpr Time look_again = 10ms;

  bool started = false;  ///< every instance
  Snapshot before, after, workloads_before;
  std::vector<TimeSeries> series;  ///< since the beginning of the measurement

 private:
  void start_instances(const World& world);
  void measure(Time begin, const World& world);
  void read(Snapshot& snapshot);

  const Experiment& experiment_;
  std::vector<Instance>& instances_;
  Platform& platform_;
  Outside& outside_;
  const std::vector<std::unique_ptr<Prober>>& probers_;
  const std::vector<std::unique_ptr<Workload>>& workloads_;
  RandomStream random_;
};

/// The operator again, who does what the script says, once all instances are started.
class ScriptedOperator {
 public:
  /// Makes the programs that an instance begins with when it is created again.
  using MakePrograms = std::function<std::vector<Program>(std::uint32_t instance)>;

  ScriptedOperator(const Experiment& experiment, const Operator& starter, Platform& platform,
                   MakePrograms programs)
      : experiment_(experiment), operator_(starter), platform_(platform), programs_(std::move(programs)) {}

  void work(const World& world);

 private:
  void ask(const ControlStep& step, std::uint32_t instance);

  const Experiment& experiment_;
  const Operator& operator_;
  Platform& platform_;
  MakePrograms programs_;
};

}  // namespace xensim
