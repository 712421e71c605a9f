#include "experiments/runner/cells.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "core/error.hpp"

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

double metric_of(const RunResult& result, const std::string& name) {
  std::vector<std::string> names;
  for (const Metric& metric : result.metrics) {
    if (metric.name == name) return metric.value;
    names.push_back(metric.name);
  }
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

CompareBlock read_block(const Config& config) {
  static const std::vector<std::string> known{"cell", "metric", "relative_to", "unit"};
  config.allow_only(known);
  CompareBlock block{.cell = config.at("cell").string(),
                     .metric = config.at("metric").string(),
                     .unit = config.at("unit").string(),
                     .relative_to = {}};
  if (config.has("relative_to")) {
    const Config base = config.at("relative_to");
    base.require_object();
    for (const std::string& path : base.keys()) {
      block.relative_to.emplace_back(path, label_of(base.at(path).json()));
    }
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
    double value = metric_of(results[i], block.metric);
    bool is_base = false;
    if (!block.relative_to.empty()) {
      const auto base = by_key.find(key_of(base_of(runs[i].point, block.relative_to), runs[i].replication));
      if (base == by_key.end()) {
        fail_at("relative_to", "no run at this point", "values that the sweep contains");
      }
      is_base = base->second == i;
      value = is_base ? 1 : value / metric_of(results[base->second], block.metric);
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
    Cell& cell =
        cells.emplace_back(make_cell(id, block.unit, estimate_crossed(rows),
                                     calibrated.contains(id) ? "calibrated" : "predicted", published));
    cell.by_definition = !measured.contains(id);
  }
  return cells;
}

}  // namespace xensim
