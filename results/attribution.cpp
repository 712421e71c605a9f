#include "results/attribution.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "core/error.hpp"

namespace xensim {
namespace {

double metric_of(const RunResult& result, const std::string& name) {
  const auto found = std::ranges::find(result.metrics, name, &Metric::name);
  if (found == result.metrics.end()) {
    throw InputError({}, fmt::format("no metric \"{}\"", name), "it among the metrics that are measured");
  }
  return found->value;
}

std::vector<Attribution::Part> times_of(const RunResult& result, const std::string& prefix) {
  std::vector<Attribution::Part> times;
  for (const Metric& metric : result.metrics) {
    if (metric.name.starts_with(prefix)) times.push_back({metric.name.substr(prefix.size()), metric.value});
  }
  return times;
}

double sum_of(std::span<const Attribution::Part> parts) {
  return std::accumulate(parts.begin(), parts.end(), 0.0,
                         [](double sum, const Attribution::Part& part) { return sum + part.share; });
}

}  // namespace

double Attribution::unexplained() const { return loss - sum_of(parts); }

Attribution attribute(const RunResult& alone, const RunResult& beside, std::string_view victim,
                      std::string_view score) {
  const std::string prefix = fmt::format("{}/elapsed/", victim), metric(score);
  const std::vector<Attribution::Part> before = times_of(alone, prefix);
  Attribution result{.loss = 0, .parts = times_of(beside, prefix)};
  const double work = metric_of(alone, metric), time = sum_of(result.parts);
  if (before.size() != result.parts.size() || time <= 0 || work <= 0) {
    throw InputError({}, fmt::format("no times under \"{}\", or no work alone", prefix),
                     "a victim that works alone, and its times among the metrics that are measured");
  }
  const double left = metric_of(beside, metric) / work;
  result.loss = 1 - left;
  for (std::size_t i = 0; i < before.size(); ++i) {
    result.parts[i].share = (result.parts[i].share - left * before[i].share) / time;
  }
  return result;
}

Attribution mean_of(std::span<const Attribution> replications) {
  Attribution mean = replications.front();
  const auto count = static_cast<double>(replications.size());
  for (const Attribution& other : replications.subspan(1)) {
    mean.loss += other.loss;
    for (std::size_t i = 0; i < mean.parts.size(); ++i) mean.parts[i].share += other.parts[i].share;
  }
  mean.loss /= count;
  for (Attribution::Part& part : mean.parts) part.share /= count;
  return mean;
}

std::string describe(const Attribution& attribution) {
  constexpr double visible = 0.0005;
  std::vector<Attribution::Part> parts = attribution.parts;
  std::ranges::stable_sort(parts, std::greater<>{},
                           [](const Attribution::Part& part) { return std::abs(part.share); });
  std::string text = fmt::format("{:.2f} % lost:", 100 * attribution.loss);
  double rest = attribution.loss;
  for (const Attribution::Part& part : parts) {
    if (std::abs(part.share) < visible) break;
    text += fmt::format(" {} {:+.2f},", part.name, 100 * part.share);
    rest -= part.share;
  }
  return text + fmt::format(" others {:+.2f}", 100 * rest);
}

}  // namespace xensim
