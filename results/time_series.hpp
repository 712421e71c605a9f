/// A level as it was over time.
#pragma once

#include <vector>

#include "core/time.hpp"

namespace xensim {

/// Samples of a level over time.
struct TimeSeries {
  struct Sample {
    Time at{};
    double value = 0;
  };
  std::vector<Sample> samples;
  void add(Time at, double value) { samples.push_back({at, value}); }
};

}  // namespace xensim
