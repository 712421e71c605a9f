/// Quantities as people write them: `"5 ms"`, `"512 KiB"`, `"2.4 GHz"`. Exact: no rounding through
/// floating point; a value that is not a whole number of base units is refused.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/time.hpp"

namespace xensim {

/// A size in bytes.
struct Bytes {
  std::int64_t count = 0;
  constexpr auto operator<=>(const Bytes&) const = default;
};

/// Each parses a decimal number and a unit; throws std::invalid_argument with the expected form.
/// Units: s ms us ns ps | B KiB MiB GiB | kHz MHz GHz.
[[nodiscard]] Time parse_time(std::string_view text);
[[nodiscard]] Bytes parse_bytes(std::string_view text);
[[nodiscard]] Frequency parse_frequency(std::string_view text);

/// The shortest exact form, such as `"5 ms"`: parsing it gives the same value back.
[[nodiscard]] std::string format(Time time);
[[nodiscard]] std::string format(Bytes bytes);
[[nodiscard]] std::string format(Frequency frequency);

}  // namespace xensim
