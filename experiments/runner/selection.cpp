#include "experiments/runner/selection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

#include "core/error.hpp"
#include "core/json.hpp"
#include "experiments/runner/cells.hpp"

namespace xensim {
namespace {

constexpr std::string_view replication = "replication", cell = "cell";

bool is_at(const Run& run, const std::vector<std::pair<std::string, std::string>>& point) {
  return std::ranges::all_of(point, [&](const auto& at) { return std::ranges::count(run.point, at) > 0; });
}

/// What the file's runs can be selected by.
class Selector {
 public:
  Selector(const ExperimentFile& file, const std::vector<Run>& runs)
      : runs_(runs), blocks_(read_compare_blocks(file)) {
    for (const auto& [path, label] : runs.front().point) paths_.push_back(path);
    paths_.emplace_back(replication);
    if (!blocks_.empty()) paths_.emplace_back(cell);
  }

  /// What `PATH=LABEL` asks for.
  void add(const std::string& selector) {
    const std::size_t equals = selector.find('=');
    const std::string path = selector.substr(0, equals);
    const Where where{.path = "--only"};
    if (equals == std::string::npos || std::ranges::find(paths_, path) == paths_.end()) {
      throw InputError(where, fmt::format("found \"{}\"", selector),
                       fmt::format("PATH=LABEL, PATH being {}", one_of(paths_)), nearest(path, paths_));
    }
    const std::string label = selector.substr(equals + 1);
    const std::vector<std::string> known = labels(path);
    if (std::ranges::find(known, label) == known.end()) {
      throw InputError(
          where, fmt::format("found no run with {} \"{}\"", path, label),
          known.size() > 20 ? fmt::format("{} to {}", known.front(), known.back()) : one_of(known),
          nearest(label, known));
    }
    wanted_[path].insert(label);
  }

  [[nodiscard]] bool wants(const Run& run) const {
    return std::ranges::all_of(wanted_, [&](const auto& choice) {
      return std::ranges::any_of(labels_of(run, choice.first),
                                 [&](const std::string& label) { return choice.second.contains(label); });
    });
  }

  /// Those of a run: several for cells only.
  [[nodiscard]] std::vector<std::string> labels_of(const Run& run, const std::string& path) const {
    if (path == replication) return {std::to_string(run.replication)};
    if (path != cell) {
      return {std::ranges::find(run.point, path, &std::pair<std::string, std::string>::first)->second};
    }
    std::vector<std::string> cells;
    for (const CompareBlock& block : blocks_) {
      if (is_at(run, block.at)) cells.push_back(cell_of(block, run));
    }
    return cells;
  }

 private:
  /// All that occur, in order.
  [[nodiscard]] std::vector<std::string> labels(const std::string& path) const {
    std::vector<std::string> found;
    std::set<std::string> seen;
    for (const Run& run : runs_) {
      for (std::string& label : labels_of(run, path)) {
        if (seen.insert(label).second) found.push_back(std::move(label));
      }
    }
    return found;
  }

  const std::vector<Run>& runs_;
  std::vector<CompareBlock> blocks_;
  std::vector<std::string> paths_{};
  std::map<std::string, std::set<std::string>> wanted_{};  ///< by path, labels of which a run must have one
};

}  // namespace

std::vector<Run> select(const ExperimentFile& file, const std::vector<Run>& runs,
                        const std::vector<std::string>& only) {
  if (runs.empty() || only.empty()) return runs;
  Selector selector(file, runs);
  for (const std::string& one : only) selector.add(one);
  std::vector<Run> selected;
  for (const Run& run : runs) {
    if (!selector.wants(run)) continue;
    selected.push_back(run);
    selected.back().index = selected.size() - 1;
  }
  if (!selected.empty()) return selected;
  throw InputError({.path = "--only"}, "found no run that has all of them", "values of one run at least");
}

std::vector<std::string> cells_of(const ExperimentFile& file, const Run& run) {
  const std::vector<Run> runs{run};
  return Selector(file, runs).labels_of(run, std::string(cell));
}

void settle_replications(ExperimentFile& file, const std::vector<std::string>& only) {
  const bool chosen = std::ranges::any_of(
      only, [](const std::string& selector) { return selector.starts_with(std::string(replication) + '='); });
  if (chosen) file.document.erase("precision");
}

std::vector<std::string> selectors_of(const Run& run) {
  std::vector<std::string> selectors;
  for (const auto& [path, label] : run.point) selectors.push_back(path + '=' + label);
  selectors.push_back(fmt::format("{}={}", replication, run.replication));
  return selectors;
}

}  // namespace xensim
