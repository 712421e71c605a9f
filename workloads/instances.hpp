/// What each instance of a workload keeps for itself.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "core/statistic.hpp"

namespace xensim {

/// A state stays where it is as long as the workload does, so programs may refer to it.
template <class State>
class Instances {
 public:
  /// The state of instance number `instance`, which begins, perhaps not for the first time: a domain may be
  /// created again.
  State& add(std::uint32_t instance, State state = {}) {
    return states_.insert_or_assign(instance, std::move(state)).first->second;
  }

  /// The state of the only instance; null if there are several.
  [[nodiscard]] const State* only() const { return states_.size() == 1 ? &states_.begin()->second : nullptr; }

  /// Reports what `result` (State to std::optional<double>) gives: the mean, once all instances have a
  /// result, and that of each one that has, if there are several.
  template <class Result>
  void report(StatisticSink& sink, const std::string& prefix, const Statistic& statistic,
              Result result) const {
    double sum = 0;
    bool all = !states_.empty();
    for (const auto& [instance, state] : states_) {
      const std::optional<double> one = result(state);
      all = all && one.has_value();
      sum += one.value_or(0);
    }
    if (all) sink.value(prefix, statistic, sum / static_cast<double>(states_.size()));
    if (states_.size() == 1) return;
    for (const auto& [instance, state] : states_) {
      if (const std::optional<double> one = result(state)) {
        sink.value(fmt::format("{}{}/", prefix, instance), statistic, *one);
      }
    }
  }

  [[nodiscard]] auto begin() const { return states_.begin(); }
  [[nodiscard]] auto end() const { return states_.end(); }

 private:
  std::map<std::uint32_t, State> states_;
};

}  // namespace xensim
