/// Named random streams: one per consumer, so that adding a consumer never shifts another's numbers.
#pragma once

#include <cassert>
#include <cstdint>
#include <string_view>

#include "core/hash.hpp"
#include "core/time.hpp"

namespace xensim {

/// A counter-based generator (SplitMix64: Steele, Lea & Flood, OOPSLA 2014). The n-th number is a
/// pure function of (seed, name, n): two runs that differ in one consumer share all other numbers.
class RandomStream {
 public:
  /// `name` is the consumer's path, such as `host0/dom3/dbench`.
  RandomStream(std::uint64_t seed, std::string_view name)
      : key_(mix(seed ^ Fnv1a<std::uint64_t>().add(name).value())) {}

  /// Uniform over all 64-bit values.
  std::uint64_t next() { return mix(key_ + ++counter_ * golden_ratio); }

  /// Uniform integer in [0, bound); bound must be positive. Exactly uniform (rejection).
  std::uint64_t below(std::uint64_t bound) {
    assert(bound > 0);
    const std::uint64_t unfair = (0 - bound) % bound;
    for (;;) {
      const std::uint64_t value = next();
      if (value >= unfair) return value % bound;
    }
  }

  /// Uniform time in [low, high]; low must not exceed high.
  Time between(Time low, Time high) {
    assert(low <= high);
    return low + Time{static_cast<std::int64_t>(below(static_cast<std::uint64_t>((high - low).count()) + 1))};
  }

  /// A number that depends on nothing but these two, for those who need no order of numbers.
  [[nodiscard]] static constexpr std::uint64_t pure(std::uint64_t key, std::uint64_t which) {
    return mix(mix(key + golden_ratio) + (which + 1) * golden_ratio);
  }

 private:
  static constexpr std::uint64_t golden_ratio = 0x9E3779B97F4A7C15;

  static constexpr std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }

  std::uint64_t key_;
  std::uint64_t counter_ = 0;
};

}  // namespace xensim
