#include "experiments/runner/explanation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace xensim {
namespace {

constexpr std::string_view counted = "/count/";

/// The runs of one title, added up.
struct Counts {
  std::string title;
  std::vector<std::pair<std::string, double>> sums;  ///< by metric, in the order of the metrics
  std::size_t runs = 0;

  void add(const RunResult& result) {
    ++runs;
    for (const Metric& metric : result.metrics) {
      if (metric.name.find(counted) == std::string::npos) continue;
      auto sum = std::ranges::find(sums, metric.name, &std::pair<std::string, double>::first);
      if (sum == sums.end()) sum = sums.insert(sums.end(), {metric.name, 0});
      sum->second += metric.value;
    }
  }
  [[nodiscard]] std::string text() const {
    std::string lines;
    for (const auto& [name, sum] : sums) {
      if (sum <= 0) continue;
      const std::size_t at = name.find(counted);
      lines += fmt::format("  {:<22}{:>10.5g}\n", name.substr(at + counted.size()),
                           sum / static_cast<double>(runs));
    }
    return lines.empty() ? lines : title + '\n' + lines;
  }
};

}  // namespace

std::string explanation(const std::vector<Run>& runs, std::span<const RunResult> results,
                        const std::function<std::string(const Run&)>& title_of) {
  std::vector<Counts> all;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const std::string title = title_of(runs[i]);
    auto counts = std::ranges::find(all, title, &Counts::title);
    if (counts == all.end()) counts = all.insert(all.end(), {title, {}, 0});
    counts->add(results[i]);
  }
  std::string text;
  for (const Counts& counts : all) text += counts.text();
  if (text.empty()) return "no workload here counts its operations\n";
  return "counts per operation, in the intervals that are timed\n" + text;
}

std::string describe_point(const Run& run) {
  std::string text;
  for (const auto& [path, label] : run.point) {
    text += fmt::format("{}{}={}", text.empty() ? "" : ", ", path, label);
  }
  return text.empty() ? "all runs" : text;
}

}  // namespace xensim
