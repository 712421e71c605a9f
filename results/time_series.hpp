/// A statistic as it was over time.
#pragma once

#include <string>
#include <vector>

#include "core/time.hpp"

namespace xensim {

/// Samples of a statistic, each of the interval that ends at its time: of a counter how fast it grew, in its
/// unit per second; of a level its value at the end.
struct TimeSeries {
  struct Sample {
    Time at{};
    double value = 0;
  };
  std::string name;
  std::string unit;
  std::vector<Sample> samples;
  void add(Time at, double value) { samples.push_back({at, value}); }
};

}  // namespace xensim
