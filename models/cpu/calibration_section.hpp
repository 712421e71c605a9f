/// Constants of one part of the simulator, in the simulation's units.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/time.hpp"
#include "models/cpu/calibration.hpp"

namespace xensim {

/// The constants whose names begin alike, such as `network.` or `kernel_paths.nic_`. Every function throws
/// InputError if there is no such constant; what is whole is rounded to the nearest. The calibration must
/// outlive it.
class CalibrationSection {
 public:
  CalibrationSection(const Calibration& calibration, std::string prefix);

  [[nodiscard]] double value(std::string_view name) const;
  [[nodiscard]] std::uint32_t whole(std::string_view name) const;
  [[nodiscard]] Cycles cycles(std::string_view name) const;
  /// To the picosecond, of constants in the unit that the function is named after.
  [[nodiscard]] Time nanoseconds(std::string_view name) const;
  [[nodiscard]] Time microseconds(std::string_view name) const;
  [[nodiscard]] Time milliseconds(std::string_view name) const;
  [[nodiscard]] Time seconds(std::string_view name) const;

 private:
  const Calibration& calibration_;
  std::string prefix_;
};

}  // namespace xensim
