/// Times between events that know nothing of each other.
#pragma once

#include <cstdint>

#include "core/random.hpp"

namespace xensim {

/// Exponentially distributed with mean 1. By comparisons only (von Neumann, 1951): a logarithm is not the
/// same to the last bit everywhere.
[[nodiscard]] inline double exponential(RandomStream& random) {
  for (double whole = 0;; ++whole) {
    const std::uint64_t first = random.next();
    std::uint64_t least = first;
    bool odd = true;
    for (std::uint64_t next = random.next(); next < least; next = random.next()) {
      least = next;
      odd = !odd;
    }
    if (odd) return whole + static_cast<double>(first >> 11) * 0x1p-53;
  }
}

}  // namespace xensim
