#include "experiments/runner/cells.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/error.hpp"
#include "core/json.hpp"
#include "core/json_type.hpp"
#include "core/parameter.hpp"
#include "results/attribution.hpp"

namespace xensim {
namespace {

using Point = std::vector<std::pair<std::string, std::string>>;

std::vector<std::string> paths_of(const Point& point) {
  std::vector<std::string> paths;
  for (const auto& [path, label] : point) paths.push_back(path);
  return paths;
}

[[noreturn]] void fail_at(const std::string& member, const std::string& found, const std::string& expected,
                          const std::string& nearest_name = {}) {
  throw InputError({.path = "$.compare." + member}, found, expected, nearest_name);
}

const std::string& label_at(const Point& point, const std::string& path, const std::string& member) {
  const auto found =
      std::find_if(point.begin(), point.end(), [&](const auto& at) { return at.first == path; });
  if (found == point.end()) {
    const std::vector<std::string> paths = paths_of(point);
    fail_at(member, fmt::format("\"{}\" is not swept", path), one_of(paths), nearest(path, paths));
  }
  return found->second;
}

/// The id of a run's cell and, in `named`, the sweep paths that its pattern names.
std::string cell_id(const std::string& pattern, const Point& point, std::vector<std::string>& named) {
  std::string id;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const std::size_t close = pattern[i] == '{' ? pattern.find('}', i) : std::string::npos;
    if (close == std::string::npos) {
      id += pattern[i];
      continue;
    }
    named.push_back(pattern.substr(i + 1, close - i - 1));
    id += label_at(point, named.back(), "cell");
    i = close;
  }
  return id;
}

/// `*` stands for anything without a slash.
bool matches(std::string_view name, std::string_view pattern) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return name == pattern;
  const std::string_view before = pattern.substr(0, star), after = pattern.substr(star + 1);
  return name.size() >= before.size() + after.size() && name.starts_with(before) && name.ends_with(after) &&
         name.substr(star, name.size() - before.size() - after.size()).find('/') == std::string_view::npos;
}

/// Of each replication the mean over all conditions (rows), of these the median.
Estimate median_of(const std::vector<std::vector<double>>& rows) {
  std::vector<double> means(rows.front().size());
  for (const std::vector<double>& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) means[i] += row[i] / static_cast<double>(rows.size());
  }
  return estimate_median(std::move(means));
}

double metric_of(const RunResult& result, const std::string& name) {
  std::vector<std::string> names;
  double sum = 0;
  bool found = false;
  for (const Metric& metric : result.metrics) {
    names.push_back(metric.name);
    if (!matches(metric.name, name)) continue;
    sum += metric.value;
    found = true;
  }
  if (found) return sum;
  fail_at("metric", fmt::format("no run has a metric \"{}\"", name), "a metric of the runs",
          nearest(name, names));
}

/// One string per point and replication; no label contains the separator.
std::string key_of(const Point& point, std::int64_t replication) {
  std::string key;
  for (const auto& [path, label] : point) key += label + '\x1f';
  return key + std::to_string(replication);
}

Point base_of(Point point, const Point& relative_to) {
  for (const auto& [path, label] : relative_to) {
    (void)label_at(point, path, "relative_to");
    for (auto& [other, value] : point) {
      if (other == path) value = label;
    }
  }
  return point;
}

std::string label_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

/// It is where the block looks.
bool counts(const CompareBlock& block, const Run& run) {
  return std::ranges::all_of(
      block.at, [&](const auto& at) { return label_at(run.point, at.first, "at") == at.second; });
}

Point read_point(const Config& config) {
  config.require_object();
  Point point;
  for (const std::string& path : config.keys()) point.emplace_back(path, label_of(config.at(path).json()));
  return point;
}

CompareBlock read_block(const Config& config) {
  static const std::vector<std::string> known{"cell",   "metric", "relative_to", "at",
                                              "change", "victim", "statistic",   "unit"};
  config.allow_only(known);
  CompareBlock block{.cell = config.at("cell").string(),
                     .metric = config.at("metric").string(),
                     .unit = config.at("unit").string(),
                     .relative_to = {}};
  if (config.has("statistic")) {
    const std::string statistic = config.at("statistic").string();
    if (statistic != "mean" && statistic != "median") {
      fail_at("statistic", fmt::format("\"{}\"", statistic), "mean or median");
    }
    block.median = statistic == "median";
  }
  if (config.has("relative_to")) block.relative_to = read_point(config.at("relative_to"));
  if (config.has("at")) block.at = read_point(config.at("at"));
  if (config.has("change")) block.change = JsonType<bool>::read(config.at("change"));
  if (config.has("victim")) block.victim = config.at("victim").string();
  if ((block.change || !block.victim.empty()) && block.relative_to.empty()) {
    config.fail("no base", "what the change is relative to");
  }
  return block;
}

}  // namespace

std::vector<CompareBlock> read_compare_blocks(const ExperimentFile& file) {
  const Config root(file.document, file.source);
  if (!root.has("compare")) return {};
  const Config compare = root.at("compare");
  if (!compare.json().is_array()) return {read_block(compare)};
  std::vector<CompareBlock> blocks;
  for (std::size_t i = 0; i < compare.size(); ++i) blocks.push_back(read_block(compare.at(i)));
  return blocks;
}

std::string cell_of(const CompareBlock& block, const Run& run) {
  std::vector<std::string> named;
  return cell_id(block.cell, run.point, named);
}

std::vector<Cell> form_cells(const CompareBlock& block, const std::vector<Run>& runs,
                             std::span<const RunResult> results, const PublishedValues& published,
                             const std::set<std::string, std::less<>>& calibrated) {
  std::map<std::string, std::size_t> by_key;
  for (std::size_t i = 0; i < runs.size(); ++i) by_key[key_of(runs[i].point, runs[i].replication)] = i;

  // By cell: conditions that its id does not name -> one value per replication.
  std::vector<std::string> order;
  std::map<std::string, std::map<std::string, std::vector<double>>> samples;
  std::set<std::string> measured;  // cells with a run that is not its own base
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (!counts(block, runs[i])) continue;
    double value = metric_of(results[i], block.metric);
    bool is_base = false;
    if (!block.relative_to.empty()) {
      const auto base = by_key.find(key_of(base_of(runs[i].point, block.relative_to), runs[i].replication));
      if (base == by_key.end()) {
        if (runs[i].replication > 0) continue;  // a precision took fewer of the base
        fail_at("relative_to", "no run at this point", "values that the sweep contains");
      }
      is_base = base->second == i;
      value = is_base ? 1 : value / metric_of(results[base->second], block.metric);
      if (block.change) value = 100 * (value - 1);
    }
    std::vector<std::string> named;
    const std::string id = cell_id(block.cell, runs[i].point, named);
    Point others = runs[i].point;
    std::erase_if(others, [&](const auto& at) { return std::ranges::count(named, at.first) > 0; });
    if (!samples.contains(id)) order.push_back(id);
    if (!is_base) measured.insert(id);
    samples[id][key_of(others, 0)].push_back(value);
  }

  std::vector<Cell> cells;
  for (const std::string& id : order) {
    std::vector<std::vector<double>> rows;
    for (const auto& [condition, values] : samples[id]) rows.push_back(values);
    std::size_t common = rows.front().size();  // replications, of which a precision takes more at some points
    for (const std::vector<double>& row : rows) common = std::min(common, row.size());
    for (std::vector<double>& row : rows) row.resize(common);
    Cell& cell =
        cells.emplace_back(make_cell(id, block.unit, block.median ? median_of(rows) : estimate_crossed(rows),
                                     calibrated.contains(id) ? "calibrated" : "predicted", published));
    cell.by_definition = !measured.contains(id);
  }
  return cells;
}

std::string explain_losses(const CompareBlock& block, const std::vector<Run>& runs,
                           std::span<const RunResult> results) {
  if (block.victim.empty()) return {};
  std::vector<std::pair<std::string, std::vector<Attribution>>> by_cell;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (!counts(block, runs[i])) continue;
    const Point at = base_of(runs[i].point, block.relative_to);
    const auto base = std::ranges::find_if(runs, [&](const Run& other) {
      return other.point == at && other.replication == runs[i].replication;
    });
    if (base == runs.end()) {
      if (runs[i].replication > 0) continue;
      fail_at("relative_to", "no run at this point", "values that the sweep contains");
    }
    if (base->index == runs[i].index) continue;
    const std::string id = cell_of(block, runs[i]);
    auto cell = std::ranges::find(by_cell, id, &decltype(by_cell)::value_type::first);
    if (cell == by_cell.end()) cell = by_cell.insert(by_cell.end(), {id, {}});
    cell->second.push_back(attribute(results[static_cast<std::size_t>(base - runs.begin())], results[i],
                                     block.victim, block.metric));
  }
  std::string text;
  for (const auto& [id, parts] : by_cell) text += fmt::format("{}: {}\n", id, describe(mean_of(parts)));
  return text;
}

}  // namespace xensim
