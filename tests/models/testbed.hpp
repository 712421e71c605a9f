/// The machine of SOSP'03: its constants and the shape of its processors.
#pragma once

#include "models/cpu/calibration.hpp"
#include "models/cpu/processor_shape.hpp"

namespace xensim {

[[nodiscard]] Json testbed_constants();
[[nodiscard]] Calibration testbed_calibration();
[[nodiscard]] Calibration testbed_calibration(const Json& overrides);

inline constexpr ProcessorShape testbed_processor{.clock = Frequency{2'400'000},
                                                  .line = Bytes{64},
                                                  .l1_lines = 128,
                                                  .l2_lines = 8192,
                                                  .l2_ways = 8,
                                                  .tlb_entries = 64};

}  // namespace xensim
