/// What each instance of a workload keeps for itself.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "core/statistic.hpp"

namespace xensim {

/// A state stays where it is as long as the workload does, so programs may refer to it: those of a domain
/// that is still dying, too, while the next one with its number is being built.
template <class State>
class Instances {
 public:
  /// The state of instance number `instance`, which begins, perhaps not for the first time: a domain may be
  /// created again.
  State& add(std::uint32_t instance, State state = {}) {
    State& added = all_.emplace_back(std::move(state));
    states_.insert_or_assign(instance, &added);
    return added;
  }

  /// The latest state of the only instance; null if there are several.
  [[nodiscard]] const State* only() const { return states_.size() == 1 ? states_.begin()->second : nullptr; }

  /// Reports what `result` (State to std::optional<double>) gives: the mean, once all instances have a
  /// result, and that of each one that has, if there are several.
  template <class Result>
  void report(StatisticSink& sink, const std::string& prefix, const Statistic& statistic,
              Result result) const {
    double sum = 0;
    bool all = !states_.empty();
    for (const auto& [instance, state] : states_) {
      const std::optional<double> one = result(*state);
      all = all && one.has_value();
      sum += one.value_or(0);
    }
    if (all) sink.value(prefix, statistic, sum / static_cast<double>(states_.size()));
    if (states_.size() == 1) return;
    for (const auto& [instance, state] : states_) {
      if (const std::optional<double> one = result(*state)) {
        sink.value(fmt::format("{}{}/", prefix, instance), statistic, *one);
      }
    }
  }

  /// By instance, the latest that it began with.
  [[nodiscard]] const std::map<std::uint32_t, State*>& latest() const { return states_; }
  /// Of those that have ended and begun again, too, in the order in which they began.
  [[nodiscard]] const std::deque<State>& all() const { return all_; }

 private:
  std::deque<State> all_;
  std::map<std::uint32_t, State*> states_;  ///< by instance, its latest
};

}  // namespace xensim
