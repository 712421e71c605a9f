#include "core/quantity.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>
#include <numeric>
#include <span>
#include <stdexcept>

namespace xensim {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;  ///< in base units
};
// Largest first: formatting takes the first that divides.
constexpr std::array time_units{Unit{"s", 1'000'000'000'000}, Unit{"ms", 1'000'000'000},
                                Unit{"us", 1'000'000}, Unit{"ns", 1'000}, Unit{"ps", 1}};
constexpr std::array byte_units{Unit{"GiB", 1LL << 30}, Unit{"MiB", 1LL << 20}, Unit{"KiB", 1LL << 10},
                                Unit{"B", 1}};
// The base unit of Frequency is the kHz.
constexpr std::array frequency_units{Unit{"GHz", 1'000'000}, Unit{"MHz", 1'000}, Unit{"kHz", 1}};

[[noreturn]] void refuse(std::string_view example, std::span<const Unit> units) {
  std::string names;
  for (const Unit& unit : units) names += fmt::format("{}{}", names.empty() ? "" : " ", unit.name);
  throw std::invalid_argument(fmt::format("a number with a unit ({}), such as \"{}\"", names, example));
}

/// `0.fraction * factor`, which must be whole.
std::int64_t part_of(std::string_view fraction, std::int64_t factor, std::span<const Unit> units) {
  while (fraction.ends_with('0')) fraction.remove_suffix(1);
  std::int64_t numerator = 0, denominator = 1;
  constexpr std::size_t most_digits = 18;  // what 64 bits hold
  for (const char digit : fraction.substr(0, most_digits)) {
    numerator = numerator * 10 + (digit - '0');
    denominator *= 10;
  }
  const std::int64_t common = std::gcd(factor, denominator);
  if (fraction.size() > most_digits || numerator % (denominator / common) != 0) {
    throw std::invalid_argument(fmt::format("a whole number of {}", units.back().name));
  }
  return numerator / (denominator / common) * (factor / common);
}

/// Exact decimal arithmetic: `digits[.digits] unit`.
std::int64_t parse(std::string_view text, std::span<const Unit> units, std::string_view example) {
  const std::size_t number_end = text.find_first_not_of("+-0123456789.");
  if (number_end == std::string_view::npos || number_end == 0) refuse(example, units);
  std::string_view name = text.substr(number_end);
  name.remove_prefix(std::min(name.find_first_not_of(' '), name.size()));
  std::int64_t factor = 0;
  for (const Unit& unit : units) {
    if (unit.name == name) factor = unit.factor;
  }
  if (factor == 0) refuse(example, units);

  std::string_view number = text.substr(0, number_end);
  const bool negative = number.front() == '-';
  if (number.front() == '-' || number.front() == '+') number.remove_prefix(1);
  const std::size_t point = number.find('.');
  const std::string_view whole = number.substr(0, point);
  const std::string_view fraction =
      point == std::string_view::npos ? std::string_view{} : number.substr(point + 1);

  const auto digits = [&](std::string_view part) {
    std::int64_t value = 0;
    if (part.empty()) return value;
    if (part.front() == '-') refuse(example, units);
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    if (error != std::errc{} || end != part.data() + part.size()) refuse(example, units);
    return value;
  };
  if (whole.empty() && fraction.empty()) refuse(example, units);
  if (fraction.find_first_not_of("0123456789") != std::string_view::npos) refuse(example, units);
  const std::int64_t integral = digits(whole);
  if (integral > std::numeric_limits<std::int64_t>::max() / factor - 1) {
    throw std::invalid_argument("a value below 2^63 base units (106 days for a time)");
  }
  const std::int64_t value = integral * factor + part_of(fraction, factor, units);
  return negative ? -value : value;
}

std::string format(std::int64_t value, std::span<const Unit> units) {
  for (const Unit& unit : units.first(units.size() - 1)) {
    if (value != 0 && value % unit.factor == 0) return fmt::format("{} {}", value / unit.factor, unit.name);
  }
  return fmt::format("{} {}", value, units.back().name);
}

}  // namespace

Time parse_time(std::string_view text) { return Time{parse(text, time_units, "5 ms")}; }
Bytes parse_bytes(std::string_view text) { return Bytes{parse(text, byte_units, "512 KiB")}; }
Frequency parse_frequency(std::string_view text) {
  return Frequency{parse(text, frequency_units, "2.4 GHz")};
}

std::string format(Time time) {
  return time == Time{} ? "0 s" : format(time.count(), time_units);  // 0 ps would look like a precision
}
std::string format(Bytes bytes) { return format(bytes.count, byte_units); }
std::string format(Frequency frequency) { return format(frequency.kilohertz, frequency_units); }

}  // namespace xensim
