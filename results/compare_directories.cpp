#include "results/compare_directories.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <sstream>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "core/json.hpp"
#include "results/atomic_file.hpp"
#include "results/confidence.hpp"
#include "results/metrics_table.hpp"

namespace xensim {
namespace {

namespace fs = std::filesystem;

struct Samples {
  std::string unit;
  std::vector<double> values;  ///< by replication
};

/// Samples in the order of the file, found by their name: metric and point.
struct Groups {
  std::vector<std::string> order;
  std::map<std::string, Samples> by_name;
};

Groups read_groups(const fs::path& directory) {
  if (std::error_code ignored; !fs::exists(directory, ignored)) {
    throw InputError({.file = directory.string()}, "no such directory", "a results directory");
  }
  if (!fs::is_directory(directory)) {
    throw InputError({.file = directory.string()}, "found a file", "a results directory");
  }
  const fs::path description = directory / "run.json";
  if (!fs::is_regular_file(description)) {
    throw InputError({.file = directory.string()}, "no run.json", "a complete results directory");
  }
  if (const Json json = Json::parse(read_file(description).value_or(""), nullptr, false); !json.is_object()) {
    throw InputError({.file = description.string()}, "found no JSON object", "the description of a run");
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

std::string compare_metrics(const fs::path& a, const fs::path& b, bool& equal) {
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
  equal = equal && different == 0 && unmatched == 0;
  return text + fmt::format("{} metrics the same, {} different, {} in one directory only\n", same, different,
                            unmatched);
}

std::vector<std::string> lines_of(const fs::path& file) {
  std::istringstream text(read_file(file).value_or(""));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(std::move(line));
  return lines;
}

/// Empty if the rows are the same.
std::string compare_rows(const fs::path& a, const fs::path& b, const std::string& name) {
  const std::vector<std::string> left = lines_of(a), right = lines_of(b);
  const auto row = [](const std::vector<std::string>& lines, std::size_t i) {
    return i < lines.size() ? lines[i] : "nothing";
  };
  std::size_t differ = 0, first = 0;
  for (std::size_t i = std::max(left.size(), right.size()); i-- > 0;) {
    if (row(left, i) == row(right, i)) continue;
    ++differ;
    first = i;
  }
  if (differ == 0) return {};
  return fmt::format("{}: {} of {} lines differ, first line {}: {} -> {}\n", name, differ,
                     std::max(left.size(), right.size()), first + 1, row(left, first), row(right, first));
}

/// Tables beside the metrics, relative to the directory.
std::set<std::string> tables_of(const fs::path& directory) {
  std::set<std::string> all;
  if (fs::is_regular_file(directory / "cells.csv")) all.insert("cells.csv");
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(directory / "series", none)) {
    if (entry.path().extension() == ".csv") all.insert("series/" + entry.path().filename().string());
  }
  return all;
}

std::string compare_tables(const fs::path& a, const fs::path& b, bool& equal) {
  std::set<std::string> all = tables_of(a);
  all.merge(tables_of(b));
  std::string text;
  std::size_t same = 0, different = 0, unmatched = 0;
  for (const std::string& name : all) {
    const bool left = fs::exists(a / name), right = fs::exists(b / name);
    const std::string rows = left && right ? compare_rows(a / name, b / name, name) : "";
    if (!left || !right) {
      ++unmatched;
      text += fmt::format("{}: only in {}\n", name, (left ? a : b).string());
    } else {
      ++(rows.empty() ? same : different);
      text += rows;
    }
  }
  equal = equal && different == 0 && unmatched == 0;
  if (all.empty()) return text;
  return text +
         fmt::format("{} tables of series and cells the same, {} different, {} in one directory only\n", same,
                     different, unmatched);
}

/// The results directories in a directory that is none itself.
std::set<std::string> members_of(const fs::path& directory) {
  std::set<std::string> all;
  std::error_code none;
  if (fs::is_regular_file(directory / "run.json")) return all;
  for (const auto& entry : fs::directory_iterator(directory, none)) {
    if (fs::is_regular_file(entry.path() / "run.json")) all.insert(entry.path().filename().string());
  }
  return all;
}

}  // namespace

std::string compare_results(const fs::path& a, const fs::path& b, bool& equal) {
  equal = true;
  const std::set<std::string> left = members_of(a), right = members_of(b);
  if (left.empty() || right.empty()) {
    std::string text = compare_metrics(a, b, equal);
    return text + compare_tables(a, b, equal);
  }
  std::set<std::string> all = left;
  all.insert(right.begin(), right.end());
  std::string text;
  for (const std::string& name : all) {
    if (left.contains(name) && right.contains(name)) {
      bool same = true;
      text += name + ":\n" + compare_metrics(a / name, b / name, same);
      text += compare_tables(a / name, b / name, same);
      equal = equal && same;
    } else {
      equal = false;
      text += fmt::format("{}: only in {}\n", name, (left.contains(name) ? a : b).string());
    }
  }
  return text;
}

}  // namespace xensim
