#include "models/guest/kernel_path_costs.hpp"

#include <algorithm>
#include <cmath>
#include <string>

namespace xensim {
namespace {

using enum KernelPath;

/// Their time is the processor's, in one instruction or a loop of a few: a line of code.
constexpr std::array microcoded{
    locked_operation, exchange,  copy_line,      clear_line, bitmap_word,
    zero_page,        copy_page, directory_page, signal_fpu, debug_register_load,
};

}  // namespace

KernelPathCosts kernel_path_costs(const Calibration& calibration) {
  KernelPathCosts costs{};
  const auto lines = [&](const char* name) {
    return static_cast<std::uint32_t>(std::llround(calibration.value(name)));
  };
  const double cycles_per_line = calibration.value("guest.code_line");
  for (std::size_t i = 0; i < kernel_path_count; ++i) {
    const double cycles = calibration.value("kernel_paths." + std::string(kernel_path_names[i]));
    costs[i] = {std::llround(cycles)};
    const bool is_short = std::ranges::find(microcoded, static_cast<KernelPath>(i)) != microcoded.end();
    costs.static_lines[i] = is_short ? 0 : lines("guest.path_data_lines");
    costs.code_lines[i] =
        is_short ? 1 : std::max(1U, static_cast<std::uint32_t>(cycles / cycles_per_line + 0.5));
  }
  costs.process_lines = lines("guest.process_data_lines");
  return costs;
}

}  // namespace xensim
