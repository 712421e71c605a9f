#include "models/guest/kernel_path_costs.hpp"

#include <cmath>
#include <string>

namespace xensim {

KernelPathCosts kernel_path_costs(const Calibration& calibration) {
  KernelPathCosts costs{};
  for (std::size_t i = 0; i < kernel_path_count; ++i) {
    costs[i] = {std::llround(calibration.value("kernel_paths." + std::string(kernel_path_names[i])))};
  }
  return costs;
}

}  // namespace xensim
