/// A processor's time, by what it was spent on.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/time.hpp"

namespace xensim {

/// Where a processor's time goes. The parts always add up to the elapsed time.
enum class Activity : std::uint8_t {
  idle,         ///< halted
  user,         ///< programs, as if with warm caches
  refill,       ///< extra cache misses of programs after others ran
  translation,  ///< page-table walks of programs after TLB misses
  kernel,       ///< guest kernels, their own misses included
  monitor,      ///< the monitor, its own misses included, for whom it interrupts
  interrupts,   ///< kernel and monitor in interrupts, softirqs and timers of the machine, for whomever they
                ///< are
};
inline constexpr std::size_t activity_count = 7;

/// By Activity.
using TimeAccount = std::array<Time, activity_count>;

/// For how long a virtual processor has waited for a processor after events had woken it.
struct ProcessorWaits {
  Time all{};   ///< since the beginning
  Time last{};  ///< before its present turn
};

}  // namespace xensim
