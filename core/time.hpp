/// Simulated time: integer picoseconds, and processor cycles that convert to them exactly.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
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
  constexpr explicit CycleClock(Frequency frequency) : frequency_(frequency) {}

  [[nodiscard]] constexpr Time convert(Cycles cycles) {
    const std::int64_t kilohertz = frequency_.kilohertz;
    const std::int64_t scaled = (cycles.count % kilohertz) * ps_per_ms + remainder_;
    remainder_ = scaled % kilohertz;
    return Time{(cycles.count / kilohertz) * ps_per_ms + scaled / kilohertz};
  }

  [[nodiscard]] constexpr Frequency frequency() const { return frequency_; }

 private:
  static constexpr std::int64_t ps_per_ms = 1'000'000'000;
  Frequency frequency_;
  std::int64_t remainder_ = 0;
};

}  // namespace xensim
