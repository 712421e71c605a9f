#include "experiments/runner/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <iterator>
#include <set>
#include <system_error>

#include "core/error.hpp"
#include "core/quantity.hpp"
#include "results/confidence.hpp"

namespace xensim {
namespace {

using Row = std::vector<std::string>;

std::string aligned(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) line += fmt::format("{:<{}}  ", row[i], widths[i]);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

/// The first metrics of its own that a template of domains or clients has reported: what it is run for.
std::vector<std::string> headlines(const RunResult& result, const std::string& owner) {
  constexpr std::size_t most = 3;
  std::vector<std::string> names;
  for (const Metric& metric : result.metrics) {
    if (!metric.name.starts_with(owner + '/')) continue;
    const std::string_view own = std::string_view(metric.name).substr(owner.size() + 1);
    const bool common = own == "throughput" || own.starts_with("life/") || own.starts_with("elapsed/") ||
                        own.ends_with("/work_rate");
    if (!common && names.size() < most) names.push_back(metric.name);
  }
  return names;
}

std::vector<std::string> shown_metrics(const Experiment& experiment, const RunResult& result) {
  constexpr std::size_t few = 12;
  std::vector<std::string> all, whole;
  for (const Metric& metric : result.metrics) {
    all.push_back(metric.name);
    if (metric.name.find('/') == std::string::npos) whole.push_back(metric.name);
  }
  const auto add_headlines = [&](const auto& owner) {
    for (std::string& name : headlines(result, owner.name)) whole.push_back(std::move(name));
  };
  if (experiment.measure.metrics.empty()) {
    std::ranges::for_each(experiment.domains, add_headlines);
    std::ranges::for_each(experiment.clients, add_headlines);
  }
  return all.size() <= few || whole.empty() ? all : whole;
}

/// What replications say about the mean.
std::string interval_of(const std::vector<double>& values, const Estimate& mean) {
  if (!mean.has_interval()) return "-";
  if (std::ranges::count(values, values.front()) == std::ssize(values)) return "same in all";
  return fmt::format("{:.6g} to {:.6g}", mean.low, mean.high);
}

/// The values of one metric over the replications of a point, whose `results` these are.
std::vector<double> values_of(std::span<const RunResult> results, const std::string& name,
                              std::string& unit) {
  std::vector<double> values;
  for (const RunResult& result : results) {
    for (const Metric& metric : result.metrics) {
      if (metric.name != name) continue;
      values.push_back(metric.value);
      unit = metric.unit;
    }
  }
  return values;
}

/// What was asked for by names or prefixes, and what a run has of that kind.
struct Measured {
  std::string_view list, what;
  std::vector<std::string> asked, names;
};
Measured metrics_of(const Run& run, const RunResult& result) {
  Measured metrics{"$.measure.metrics", "metric", run.experiment->measure.metrics, {}};
  for (const Metric& metric : result.metrics) metrics.names.push_back(metric.name);
  return metrics;
}
Measured series_of(const Run& run, const RunResult& result) {
  const MeasurePlan& plan = run.experiment->measure;
  Measured all{"$.measure.series", "series", {}, {}};
  if (result.series_on_disk || plan.sample == Time{} || plan.sample > plan.duration) return all;
  all.asked = plan.series;
  for (const TimeSeries& series : result.series) all.names.push_back(series.name);
  return all;
}

/// A line for each metric, or series, that was asked for and that no run has.
std::string missing(Measured (*kind)(const Run&, const RunResult&), const std::vector<Run>& runs,
                    std::span<const RunResult> results) {
  std::set<std::string> asked, names;
  std::string_view what;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    Measured its = kind(runs[i], results[i]);
    what = its.what;
    asked.insert(its.asked.begin(), its.asked.end());
    for (std::string& name : its.names) names.insert(std::move(name));
  }
  std::string text;
  for (const std::string& prefix : asked) {
    // Names are in order: those that begin with the prefix come first of all that are not before it.
    const auto first = names.lower_bound(prefix);
    if (first != names.end() && first->starts_with(prefix)) continue;
    const std::vector<std::string> all(names.begin(), names.end());
    const std::string near = nearest(prefix, all);
    text += fmt::format("no {} begins with \"{}\"{}\n", what, prefix,
                        near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near));
  }
  return text;
}

/// Asked for by the name of a template that has instances, perhaps of one of them: "web/" or "web/2/score".
bool of_a_domain(const std::string& metric, const Experiment& experiment) {
  const std::size_t slash = metric.find('/');
  if (slash == std::string::npos || slash + 1 == metric.size()) return false;
  const auto domain = std::ranges::find(experiment.domains, metric.substr(0, slash), &DomainTemplate::name);
  if (domain == experiment.domains.end()) return false;
  std::int64_t instance = 0;  // the first, where none is named
  const char* const end = metric.data() + metric.size();
  const auto [rest, error] = std::from_chars(metric.data() + slash + 1, end, instance);
  return (error != std::errc{} ? 0 : instance) < domain->count;
}

void check_measured(const Measured& measured, const Run& run) {
  const Experiment& experiment = *run.experiment;
  for (const std::string& asked : measured.asked) {
    const auto begins = [&](const std::string& name) { return name.starts_with(asked); };
    if (!of_a_domain(asked, experiment) || std::ranges::any_of(measured.names, begins)) continue;
    const std::string near = nearest(asked, measured.names);
    throw InputError(
        {.path = std::string(measured.list)},
        fmt::format("\"{}\", with which no {} of run {} begins after {}", asked, measured.what, run.index,
                    format(experiment.measure.duration)),
        near.empty() ? "time enough for it to be measured" : fmt::format("\"{}\", or more time", near));
  }
}

}  // namespace

void check_measured(const std::vector<Run>& runs, std::span<const RunResult> results) {
  for (std::size_t i = 0; i < runs.size(); ++i) {
    check_measured(metrics_of(runs[i], results[i]), runs[i]);
    check_measured(series_of(runs[i], results[i]), runs[i]);
  }
}

std::string summary_table(const std::vector<Run>& runs, std::span<const RunResult> results, bool counts) {
  if (runs.empty()) return "";
  Row head;
  for (const auto& [path, label] : runs.front().point) head.push_back(path);
  if (counts) head.emplace_back("runs");
  head.insert(head.end(), {"metric", "mean", "95 % interval", "unit"});
  std::vector<Row> rows{head};
  bool hidden = false;
  for (std::size_t first = 0, last = 0; first < runs.size(); first = last) {
    while (last < runs.size() && runs[last].point == runs[first].point) ++last;
    const std::vector<std::string> metrics = shown_metrics(*runs[first].experiment, results[first]);
    hidden = hidden || metrics.size() < results[first].metrics.size();
    for (const std::string& metric : metrics) {
      Row row;
      for (const auto& [path, label] : runs[first].point) row.push_back(label);
      if (counts) row.push_back(std::to_string(last - first));
      std::string unit;
      const std::vector<double> values = values_of(results.subspan(first, last - first), metric, unit);
      const Estimate mean = estimate(values);
      row.push_back(metric);
      row.push_back(fmt::format("{:.6g}", mean.mean));
      row.push_back(interval_of(values, mean));
      row.push_back(unit);
      rows.push_back(std::move(row));
    }
  }
  return aligned(rows) + (hidden ? "(metrics of single parts are in metrics.csv)\n" : "") +
         missing(metrics_of, runs, results) + missing(series_of, runs, results);
}

}  // namespace xensim
