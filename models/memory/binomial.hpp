/// The binomial distribution, by operations alone that are the same to the last bit on every machine.
#pragma once

#include <cstdint>

namespace xensim {

/// The chance that fewer than `ways` of `n` things fall into one of `sets` places, each of which is as likely
/// as the others. `n` is used as it is where it is no whole number, but for the chance that none does.
/// O(ways + log n).
[[nodiscard]] inline double stays_below(std::uint32_t ways, double n, std::uint32_t sets) {
  if (sets == 1) return n < ways ? 1 : 0;
  const double p = 1.0 / sets;
  double none = 1;  // (1 - p)^n, by squaring
  double factor = 1 - p;
  for (auto bits = static_cast<std::uint64_t>(n); bits > 0; bits >>= 1) {
    if ((bits & 1) != 0) none *= factor;
    factor *= factor;
  }
  double sum = 0, term = none;
  for (std::uint32_t k = 0; k < ways && k <= n; ++k) {
    sum += term;
    term *= (n - k) / (k + 1.0) * p / (1 - p);
  }
  return sum;
}

}  // namespace xensim
