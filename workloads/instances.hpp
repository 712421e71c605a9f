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

  /// The mean of what `result` (State to std::optional<double>) gives, once all instances have a result.
  template <class Result>
  [[nodiscard]] std::optional<double> mean(Result result) const {
    if (states_.empty()) return std::nullopt;
    double sum = 0;
    for (const auto& [instance, state] : states_) {
      const std::optional<double> one = result(state);
      if (!one) return std::nullopt;
      sum += *one;
    }
    return sum / static_cast<double>(states_.size());
  }

  /// Reports the mean, if there is one, and if there are several instances also the result of each that has
  /// one.
  template <class Result>
  void report(StatisticSink& sink, const std::string& prefix, const Statistic& statistic,
              Result result) const {
    if (const std::optional<double> all = mean(result)) sink.value(prefix, statistic, *all);
    if (states_.size() == 1) return;
    for (const auto& [instance, state] : states_) {
      if (const std::optional<double> one = result(state)) {
        sink.value(fmt::format("{}{}/", prefix, instance), statistic, *one);
      }
    }
  }

  [[nodiscard]] auto begin() const { return states_.begin(); }
  [[nodiscard]] auto end() const { return states_.end(); }
  [[nodiscard]] std::size_t size() const { return states_.size(); }

 private:
  std::map<std::uint32_t, State> states_;
};

}  // namespace xensim
