/// A processor's time, by what it was spent on.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/time.hpp"

namespace xensim {

/// Where a processor's time goes. The parts always add up to the elapsed time.
enum class Activity : std::uint8_t {
  idle,     ///< halted
  user,     ///< programs, as if with warm caches
  refill,   ///< extra cache and TLB misses of programs after others ran
  kernel,   ///< guest kernels, their own misses included
  monitor,  ///< the monitor, its own misses included
};
inline constexpr std::size_t activity_count = 5;

/// By Activity.
using TimeAccount = std::array<Time, activity_count>;

}  // namespace xensim
