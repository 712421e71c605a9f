/// The machine of SOSP'03: its constants and the shape of its processors.
#pragma once

#include <fstream>

#include "models/cpu/calibration.hpp"
#include "models/cpu/processor_shape.hpp"
#include "tests/project_folder.hpp"

namespace xensim {

[[nodiscard]] inline Json testbed_constants() {
  std::ifstream file(project_folder() / "experiments/calibration/dell2650.json");
  return Json::parse(file);
}

[[nodiscard]] inline Calibration testbed_calibration(const Json& overrides = Json::object()) {
  return Calibration(testbed_constants()).with(Config(overrides));
}

inline constexpr ProcessorShape testbed_processor{.clock = Frequency{2'400'000},
                                                  .line = Bytes{64},
                                                  .l1_lines = 128,
                                                  .l2_lines = 8192,
                                                  .l2_ways = 8,
                                                  .tlb_entries = 64};

}  // namespace xensim
