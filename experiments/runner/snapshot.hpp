/// Statistics as they were at one instant.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "core/statistic.hpp"
#include "core/time.hpp"

namespace xensim {

/// Is it among the metrics asked for, by name or prefix?
[[nodiscard]] inline bool wanted(const std::vector<std::string>& asked, std::string_view name) {
  return asked.empty() || std::any_of(asked.begin(), asked.end(),
                                      [&](const std::string& prefix) { return name.starts_with(prefix); });
}

/// What was reported at one instant, in order, of what was asked for.
class Snapshot final : public StatisticSink {
 public:
  struct Entry {
    std::string path;
    const Statistic* statistic;
    double value;
  };
  explicit Snapshot(const std::vector<std::string>& asked) : asked_(asked) {}
  void value(std::string_view path, const Statistic& statistic, double value) override {
    std::string name = fmt::format("{}{}", path, statistic.name);
    if (wanted(asked_, name)) entries.push_back({std::move(name), &statistic, value});
  }
  [[nodiscard]] bool wants(std::string_view prefix) const override {
    return wanted(asked_, prefix) || std::any_of(asked_.begin(), asked_.end(), [&](const std::string& name) {
             return name.starts_with(prefix);
           });
  }
  std::vector<Entry> entries;
  std::vector<Time> work;  ///< by instance

 private:
  const std::vector<std::string>& asked_;
};

}  // namespace xensim
