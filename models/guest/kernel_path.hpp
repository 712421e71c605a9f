/// The stretches of kernel code that have a price of their own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace xensim {

/// Each is one loop body or one straight stretch of Linux 2.4.21 whose work depends on nothing but how often
/// it runs: what an operation costs follows from what it did. Prices: `kernel_paths` in the calibration.
enum class KernelPath : std::uint8_t {
  // Every system call and every fault.
  system_call,  ///< table call and the tests on return; the processor's entry and return come on top
  fault,        ///< do_page_fault up to the handler: find the area, check permission
  count_,
};
inline constexpr std::size_t kernel_path_count = static_cast<std::size_t>(KernelPath::count_);

/// Names in the calibration file and in explanations, in the order of the enumeration.
inline constexpr std::array<std::string_view, kernel_path_count> kernel_path_names{
    "system_call",
    "fault",
};

}  // namespace xensim
