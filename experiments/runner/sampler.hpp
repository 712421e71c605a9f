/// What an experiment wants to know over time (`measure.series`), read at equal intervals (`measure.sample`).
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/time.hpp"
#include "experiments/runner/experiment.hpp"
#include "experiments/runner/instance.hpp"
#include "experiments/runner/snapshot.hpp"
#include "models/host/platform.hpp"
#include "results/time_series.hpp"

namespace xensim {

/// Of each counter how fast it grew in an interval, of each level its value at the end; a summary has no
/// course. An interval costs what reading these statistics once costs.
class Sampler {
 public:
  /// Reports what there is besides the instances' work and elapsed times.
  using Report = std::function<void(StatisticSink&)>;

  Sampler(const Experiment& experiment, const std::vector<Instance>& instances, Platform& platform,
          Report report);

  /// The first interval begins at `now`. Here and for each sample the platform must be settled.
  void begin(Time now);
  /// An interval ends. Throws InputError when the samples are more than `most_samples`.
  void sample(Time now);
  /// All series that were asked for, by name. What instances waited for is known only now.
  [[nodiscard]] std::vector<TimeSeries> finish();

  static constexpr std::size_t most_samples = 50'000'000;  ///< of all series of a run: a gigabyte

 private:
  [[nodiscard]] std::map<std::string, Time> work_by_name() const;
  [[nodiscard]] std::vector<Snapshot::Entry> read() const;
  void mark_times();
  void add_elapsed();
  void add(const std::string& name, std::string unit, Time at, double value);

  const Experiment& experiment_;
  const std::vector<std::string>& asked_;
  const std::vector<Instance>& instances_;
  Platform& platform_;
  Report report_;
  Time begin_{};
  std::vector<Time> ends_;  ///< of the intervals, since `begin_`
  std::map<std::string, Time> work_;
  std::map<std::string, double> counters_;
  std::map<std::string, TimeSeries> series_;
  std::size_t samples_ = 0;
};

}  // namespace xensim
