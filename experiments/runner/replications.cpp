#include "experiments/runner/replications.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/error.hpp"

namespace xensim {
namespace {

double value_of(const Run& run, const RunResult& result, const std::string& metric) {
  const auto found = std::ranges::find(result.metrics, metric, &Metric::name);
  if (found != result.metrics.end()) return found->value;
  std::vector<std::string> names;
  for (const Metric& other : result.metrics) names.push_back(other.name);
  throw InputError({.path = "$.precision.metric"},
                   fmt::format("found \"{}\", which run {} has not measured", metric, run.index),
                   "a metric that every run has, and time enough for it to be measured",
                   nearest(metric, names));
}

}  // namespace

std::size_t Replications::Point::count() const {
  return estimate ? static_cast<std::size_t>(estimate->count()) : size;
}

Replications::Replications(const std::vector<Run>& runs, std::optional<Precision> precision)
    : runs_(runs), precision_(std::move(precision)), states_(runs.size()) {
  point_of_.reserve(runs.size());
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (i == 0 || runs[i].point != runs[i - 1].point) points_.push_back({.first = i});
    ++points_.back().size;
    point_of_.push_back(points_.size() - 1);
  }
  if (!precision_) return;
  for (Point& point : points_) {
    point.estimate.emplace(*precision_);
    point.values.resize(point.size);
  }
}

void Replications::take(std::size_t run, const RunResult& result) {
  Point& point = points_[point_of_[run]];
  if (precision_) point.values[run - point.first] = value_of(runs_[run], result, precision_->metric);
  states_[run] = State::done;
  while (!point.decided() && states_[point.first + point.count()] == State::done) {
    point.estimate->add(point.values[point.count()]);
  }
}

void Replications::lose(std::size_t run) {
  points_[point_of_[run]].failed = true;
  states_[run] = State::lost;
}

bool Replications::matters(std::size_t run) const {
  const Point& point = points_[point_of_[run]];
  return !point.decided() || run < point.first + point.count();
}

std::size_t Replications::target(const Point& point, std::size_t ahead) const {
  const std::size_t count = point.count();
  if (point.decided()) return count;
  const auto minimum = static_cast<std::size_t>(precision_->minimum);
  if (point.failed || count < minimum) return minimum;
  return std::min(count + std::max<std::size_t>(ahead, 1), point.size);
}

std::vector<std::size_t> Replications::next(std::size_t ahead) const {
  std::vector<std::size_t> runs;
  for (const Point& point : points_) {
    const std::size_t end = point.first + target(point, ahead);
    for (std::size_t run = point.first; run < end; ++run) {
      if (states_[run] == State::missing) runs.push_back(run);
    }
  }
  return runs;
}

std::size_t Replications::undecided() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(points_, [](const Point& point) { return !point.decided() && !point.failed; }));
}

bool Replications::complete() const {
  return std::ranges::all_of(points_, [&](const Point& point) {
    const auto begin = states_.begin() + static_cast<std::ptrdiff_t>(point.first);
    return point.decided() && std::all_of(begin, begin + static_cast<std::ptrdiff_t>(point.count()),
                                          [](State state) { return state == State::done; });
  });
}

std::vector<std::size_t> Replications::counted() const {
  std::vector<std::size_t> runs;
  for (const Point& point : points_) {
    for (std::size_t i = 0; point.decided() && i < point.count(); ++i) runs.push_back(point.first + i);
  }
  return runs;
}

std::size_t Replications::beyond() const {
  std::size_t runs = 0;
  for (const Point& point : points_) {
    if (!point.decided()) continue;
    const auto begin = states_.begin() + static_cast<std::ptrdiff_t>(point.first);
    runs +=
        static_cast<std::size_t>(std::count(begin + static_cast<std::ptrdiff_t>(point.count()),
                                            begin + static_cast<std::ptrdiff_t>(point.size), State::done));
  }
  return runs;
}

std::vector<Replications::Outcome> Replications::outcomes() const {
  std::vector<Outcome> outcomes;
  for (const Point& point : points_) {
    if (!point.estimate || !point.decided()) continue;
    const SequentialEstimate& estimate = *point.estimate;
    outcomes.push_back({.first = runs_[point.first],
                        .replications = estimate.count(),
                        .mean = estimate.mean(),
                        .half_width = estimate.half_width(),
                        .reached = estimate.reached()});
  }
  return outcomes;
}

std::vector<std::string> describe_missed_aims(const Replications& replications) {
  std::vector<std::string> sentences;
  for (const Replications::Outcome& outcome : replications.outcomes()) {
    if (outcome.reached) continue;
    const Precision& aim = *replications.precision();
    std::string point;
    for (const auto& [path, label] : outcome.first.point) point += fmt::format("{}={}, ", path, label);
    sentences.push_back(fmt::format(
        "{}{} runs: the {:.6g} % interval of {} is {:.4g} +- {:.2g}, not within {:.4g} % of the mean", point,
        outcome.replications, 100 * aim.confidence, aim.metric, outcome.mean, outcome.half_width,
        100 * aim.half_width));
  }
  return sentences;
}

}  // namespace xensim
