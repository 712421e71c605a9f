#include "experiments/runner/sampler.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "core/error.hpp"

namespace xensim {

Sampler::Sampler(const Experiment& experiment, const std::vector<Instance>& instances, Platform& platform,
                 Report report)
    : experiment_(experiment),
      asked_(experiment.measure.series),
      instances_(instances),
      platform_(platform),
      report_(std::move(report)) {}

void Sampler::begin(Time now) {
  begin_ = now;
  work_ = work_by_name();
  for (Snapshot::Entry& entry : read()) {
    if (entry.statistic->kind == Statistic::Kind::counter) {
      counters_.emplace(std::move(entry.path), entry.value);
    }
  }
  mark_times();
}

void Sampler::sample(Time now) {
  const Time at = ends_.emplace_back(now - begin_);
  const double seconds = to_seconds(experiment_.measure.sample);
  for (const auto& [name, work] : work_by_name()) {
    add(name, "s/s", at, to_seconds(work - std::exchange(work_[name], work)) / seconds);
  }
  for (const auto& [name, statistic, value] : read()) {
    if (statistic->kind == Statistic::Kind::counter) {
      const double grown = value - std::exchange(counters_[name], value);
      add(name, fmt::format("{}/s", statistic->unit), at, grown / seconds);
    } else if (statistic->kind == Statistic::Kind::level) {
      add(name, std::string(statistic->unit), at, value);
    }
  }
  mark_times();
}

std::vector<TimeSeries> Sampler::finish() {
  add_elapsed();
  std::vector<TimeSeries> all;
  for (auto& [name, series] : series_) all.push_back(std::move(series));
  return all;
}

std::map<std::string, Time> Sampler::work_by_name() const {
  std::map<std::string, Time> sums;
  for (std::uint32_t i = 0; i < instances_.size(); ++i) {
    const Instance& instance = instances_[i];
    const Time work = platform_.work(i);
    for (const std::string& name :
         {std::string("throughput"), instance.path() + "throughput", instance.name + "/work_rate"}) {
      if (wanted(asked_, name)) sums[name] += work;
    }
  }
  return sums;
}

std::vector<Snapshot::Entry> Sampler::read() const {
  Snapshot snapshot(asked_);
  report_(snapshot);
  return std::move(snapshot.entries);
}

void Sampler::mark_times() {
  const Snapshot asked(asked_);
  for (std::uint32_t i = 0; i < instances_.size(); ++i) {
    if (asked.wants(instances_[i].path() + "elapsed/")) platform_.mark_times(i);
  }
}

void Sampler::add_elapsed() {
  std::map<std::string, std::vector<LifeTimes>> sums;
  for (std::uint32_t i = 0; i < instances_.size(); ++i) {
    const std::vector<LifeTimes> its = platform_.elapsed_at_marks(i);
    std::vector<LifeTimes>& sum = sums[instances_[i].path()];
    sum.resize(std::max(sum.size(), its.size()));
    for (std::size_t mark = 0; mark < its.size(); ++mark) {
      std::ranges::transform(sum[mark], its[mark], sum[mark].begin(), std::plus<>{});
    }
  }
  const double seconds = to_seconds(experiment_.measure.sample);
  for (const auto& [path, marks] : sums) {
    for (std::size_t end = 1; end < marks.size(); ++end) {
      LifeTimes spent{};
      std::ranges::transform(marks[end], marks[end - 1], spent.begin(), std::minus<>{});
      Snapshot snapshot(asked_);
      report_elapsed(spent, snapshot, path);
      for (const auto& [name, statistic, value] : snapshot.entries) {
        add(name, fmt::format("{}/s", statistic->unit), ends_[end - 1], value / seconds);
      }
    }
  }
}

void Sampler::add(const std::string& name, std::string unit, Time at, double value) {
  if (++samples_ > most_samples) {
    throw InputError({}, fmt::format("more than {} samples, of {} series", most_samples, series_.size()),
                     "a longer measure.sample, or fewer names in measure.series");
  }
  TimeSeries& series = series_[name];
  series.name = name;
  series.unit = std::move(unit);
  series.add(at, value);
}

}  // namespace xensim
