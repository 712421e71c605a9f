#include "results/compare_directories.hpp"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "results/confidence.hpp"
#include "results/metrics_table.hpp"

namespace xensim {
namespace {

struct Samples {
  std::string unit;
  std::vector<double> values;  ///< by replication
};

/// Samples in the order of the file, found by their name: metric and point.
struct Groups {
  std::vector<std::string> order;
  std::map<std::string, Samples> by_name;
};

Groups read_groups(const std::filesystem::path& directory) {
  if (std::error_code ignored; !std::filesystem::exists(directory, ignored)) {
    throw InputError({.file = directory.string()}, "no such directory", "a results directory");
  }
  if (!std::filesystem::is_regular_file(directory / "run.json")) {
    throw InputError({.file = directory.string()}, "no run.json", "a complete results directory");
  }
  const MetricsTable table = read_metrics(directory / "metrics.csv");
  Groups groups;
  for (std::size_t run = 0; run < table.results.size(); ++run) {
    std::string point;
    for (const auto& [path, label] : table.labels[run].point) {
      point += fmt::format("{}{}={}", point.empty() ? " [" : ", ", path, label);
    }
    if (!point.empty()) point += ']';
    for (const Metric& metric : table.results[run].metrics) {
      const auto [group, is_new] = groups.by_name.try_emplace(metric.name + point, Samples{metric.unit, {}});
      if (is_new) groups.order.push_back(group->first);
      group->second.values.push_back(metric.value);
    }
  }
  return groups;
}

bool identical(const Samples& a, const Samples& b) {
  if (a.unit != b.unit || a.values.size() != b.values.size()) return false;
  for (std::size_t i = 0; i < a.values.size(); ++i) {
    const bool both_unknown = std::isnan(a.values[i]) && std::isnan(b.values[i]);
    if (a.values[i] != b.values[i] && !both_unknown) return false;
  }
  return true;
}

std::string difference(const std::string& name, const Samples& a, const Samples& b) {
  const Estimate left = estimate(a.values), right = estimate(b.values);
  const double change = right.mean - left.mean;
  const std::string percent =
      left.mean != 0 ? fmt::format(" ({:+.3g} %)", 100 * change / std::abs(left.mean)) : "";
  const char* verdict = "";
  if (left.has_interval() && right.has_interval()) {
    verdict = left.overlaps(right) ? ", intervals overlap" : ", intervals do not overlap";
  }
  if (a.unit != b.unit) verdict = ", in different units";
  return fmt::format("{}: {:.6g} -> {:.6g} {}, {:+.3g}{}{}\n", name, left.mean, right.mean, b.unit, change,
                     percent, verdict);
}

}  // namespace

std::string compare_results(const std::filesystem::path& a, const std::filesystem::path& b, bool& equal) {
  const Groups left = read_groups(a), right = read_groups(b);
  std::string text;
  std::size_t same = 0, different = 0, unmatched = 0;
  for (const std::string& name : left.order) {
    const auto other = right.by_name.find(name);
    const Samples& samples = left.by_name.at(name);
    if (other == right.by_name.end()) {
      ++unmatched;
      text += fmt::format("{}: only in {}\n", name, a.string());
    } else if (identical(samples, other->second)) {
      ++same;
    } else {
      ++different;
      text += difference(name, samples, other->second);
    }
  }
  for (const std::string& name : right.order) {
    if (left.by_name.contains(name)) continue;
    ++unmatched;
    text += fmt::format("{}: only in {}\n", name, b.string());
  }
  equal = different == 0 && unmatched == 0;
  return text + fmt::format("{} metrics the same, {} different, {} in one directory only\n", same, different,
                            unmatched);
}

}  // namespace xensim
