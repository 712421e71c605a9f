/// Errors a person can act on: what was found, where, what was expected, the nearest valid name.
#pragma once

#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace xensim {

/// Exit codes of the `xensim` command.
enum class ExitCode : int { done = 0, simulation_failed = 1, bad_input = 2 };

/// Where in an input something stands. Empty parts are left out of messages.
struct Where {
  std::string file{};
  int line = 0;        ///< from 1; 0 if unknown
  std::string path{};  ///< JSON path such as `$.machine.cpus`
  int column = 0;      ///< in bytes, from 1; 0 if unknown
};

/// Bad input or bad usage: exit code 2.
class InputError : public std::runtime_error {
 public:
  /// The message reads `file:line: path: found X; expected Y; did you mean "Z"?`, in one line of UTF-8: other
  /// bytes and control characters are written as `\xNN`.
  InputError(const Where& where, std::string_view found, std::string_view expected = {},
             std::string_view nearest = {});
};

/// The simulation contradicted itself or can no longer proceed: exit code 1.
class SimulationError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The candidate with the least edit distance to `name`, or an empty string if none is near
/// (more than half of the longer word would have to change). O(candidates * length^2).
[[nodiscard]] std::string nearest(std::string_view name, std::span<const std::string> candidates);

/// `a, b or c`.
[[nodiscard]] std::string one_of(std::span<const std::string> names);

}  // namespace xensim
