#include "models/cpu/calibration_section.hpp"

#include <cmath>
#include <utility>

namespace xensim {

CalibrationSection::CalibrationSection(const Calibration& calibration, std::string prefix)
    : calibration_(calibration), prefix_(std::move(prefix)) {}

double CalibrationSection::value(std::string_view name) const {
  return calibration_.value(prefix_ + std::string(name));
}

std::uint32_t CalibrationSection::whole(std::string_view name) const {
  return static_cast<std::uint32_t>(std::llround(value(name)));
}

Cycles CalibrationSection::cycles(std::string_view name) const { return {std::llround(value(name))}; }

Time CalibrationSection::nanoseconds(std::string_view name) const {
  return Time{std::llround(value(name) * 1e3)};
}

Time CalibrationSection::microseconds(std::string_view name) const {
  return Time{std::llround(value(name) * 1e6)};
}

Time CalibrationSection::milliseconds(std::string_view name) const {
  return Time{std::llround(value(name) * 1e9)};
}

Time CalibrationSection::seconds(std::string_view name) const {
  return Time{std::llround(value(name) * 1e12)};
}

}  // namespace xensim
