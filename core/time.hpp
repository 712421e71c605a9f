/// Simulated time: integer picoseconds, and processor cycles that convert to them exactly.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <numeric>
#include <ratio>

namespace xensim {

/// An instant (since the start of the run) or a span, in picoseconds. Range: +-106 days.
using Time = std::chrono::duration<std::int64_t, std::pico>;

/// Later than every event.
inline constexpr Time never = Time::max();

using namespace std::chrono_literals;

/// For reports only: the simulation itself never computes with floating-point time.
[[nodiscard]] constexpr double to_seconds(Time time) { return static_cast<double>(time.count()) * 1e-12; }

/// A count of processor cycles.
struct Cycles {
  std::int64_t count = 0;
  constexpr auto operator<=>(const Cycles&) const = default;
  constexpr Cycles& operator+=(Cycles other) {
    count += other.count;
    return *this;
  }
};
[[nodiscard]] constexpr Cycles operator+(Cycles a, Cycles b) { return {a.count + b.count}; }
[[nodiscard]] constexpr Cycles operator-(Cycles a, Cycles b) { return {a.count - b.count}; }
[[nodiscard]] constexpr Cycles operator*(Cycles a, std::int64_t n) { return {a.count * n}; }

/// A clock rate in kHz. Range: 1 kHz to 100 GHz.
struct Frequency {
  std::int64_t kilohertz = 0;
  constexpr auto operator<=>(const Frequency&) const = default;
};

/// Converts cycles of one processor to time, carrying the remainder, so that no sequence of
/// conversions drifts: after any number of calls the total is exact to less than 1 ps.
class CycleClock {
 public:
  constexpr explicit CycleClock(Frequency frequency)
      : frequency_(frequency),
        multiplier_(ps_per_ms / std::gcd(ps_per_ms, frequency.kilohertz)),
        divisor_(frequency.kilohertz / std::gcd(ps_per_ms, frequency.kilohertz)),
        reciprocal_(UINT64_MAX / static_cast<std::uint64_t>(divisor_) + 1),
        short_(divisor_ == 1 ? 0 : INT64_MAX / multiplier_ / divisor_ - 1) {}

  /// `cycles` must not be negative.
  [[nodiscard]] constexpr Time convert(Cycles cycles) {
    if (cycles.count >= short_) return convert_long(cycles);
    // Division by multiplication with the reciprocal, rounded up: exact as long as the dividend times the
    // divisor stays below 2^64 (Granlund & Montgomery, "Division by invariant integers", PLDI 1994).
    const std::int64_t scaled = cycles.count * multiplier_ + remainder_;
    const auto quotient =
        static_cast<std::int64_t>((Wide{static_cast<std::uint64_t>(scaled)} * reciprocal_) >> 64);
    remainder_ = scaled - quotient * divisor_;
    return Time{quotient};
  }

  [[nodiscard]] constexpr Frequency frequency() const { return frequency_; }

 private:
  static constexpr std::int64_t ps_per_ms = 1'000'000'000;
  __extension__ using Wide = unsigned __int128;

  constexpr Time convert_long(Cycles cycles) {
    const std::int64_t scaled = cycles.count % divisor_ * multiplier_ + remainder_;
    remainder_ = scaled % divisor_;
    return Time{cycles.count / divisor_ * multiplier_ + scaled / divisor_};
  }

  Frequency frequency_;
  std::int64_t multiplier_, divisor_;  ///< so many picoseconds are so many cycles
  std::uint64_t reciprocal_;    ///< 2^64 / divisor_, rounded up; of no use if a cycle has whole picoseconds
  std::int64_t short_;          ///< below so many cycles the reciprocal is exact
  std::int64_t remainder_ = 0;  ///< of a picosecond, in units of 1 / divisor_
};

}  // namespace xensim
