/// What a run measured, by name.
#pragma once

#include <gtest/gtest.h>

#include <string_view>

#include "experiments/runner/simulation.hpp"

namespace xensim {

/// The test fails where there is none.
[[nodiscard]] inline double metric(const RunResult& result, std::string_view name) {
  for (const Metric& found : result.metrics) {
    if (found.name == name) return found.value;
  }
  ADD_FAILURE() << "no metric " << name;
  return 0;
}

}  // namespace xensim
