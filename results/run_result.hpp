/// What one run yields.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "results/time_series.hpp"

namespace xensim {

struct Metric {
  std::string name;  ///< path and name: `host0/cpu1/switches`, `throughput`
  std::string unit;
  double value = 0;
};

struct RunResult {
  std::vector<Metric> metrics;     ///< in a fixed order
  std::vector<TimeSeries> series;  ///< by name
  bool series_on_disk = false;     ///< only: it was found in a complete directory
  double simulated_s = 0;
  std::uint64_t events = 0;
  bool audited = false;       ///< every component was checked after each scheduling pass
  std::uint64_t refused = 0;  ///< steps of the control script, told when the run is done; not kept in files
};

}  // namespace xensim
