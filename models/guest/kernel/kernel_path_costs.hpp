/// Prices of a guest kernel's paths.
#pragma once

#include "models/cpu/calibration.hpp"
#include "models/cpu/costs.hpp"
#include "models/guest/kernel/kernel_work.hpp"

namespace xensim {

/// `kernel_paths` of the calibration: instructions, or cycles of what is microcode. Throws InputError if one
/// is missing.
[[nodiscard]] KernelPathCosts kernel_path_costs(const Calibration& calibration,
                                                const ProcessorCosts& processor);

}  // namespace xensim
