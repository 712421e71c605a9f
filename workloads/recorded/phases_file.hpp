/// Run and block phases as CSV, which most studies of schedulers reduce a load to.
#pragma once

#include <cstdint>
#include <istream>
#include <string>
#include <string_view>
#include <vector>

#include "core/time.hpp"

namespace xensim {

/// 16 bytes.
struct RecordedPhase {
  Time run{};    ///< work at full speed
  Time other{};  ///< closed loop: blocked behind it; open loop: when it is asked for
};

/// The phases of tasks, each in the order of the file.
struct RecordedPhases {
  struct Task {
    std::string name;
    std::vector<RecordedPhase> phases{};
  };
  /// Work is asked for at given times, whether what came before is done or not; otherwise each phase follows
  /// the one before.
  bool open_loop = false;
  std::vector<Task> tasks;  ///< in the order of their first lines

  /// So many tasks, and phases of all together, at most: 1 GiB.
  static constexpr std::size_t most_tasks = 100'000, most_phases = std::size_t{1} << 26;
  /// A time, in microseconds; up to six digits may follow the point.
  static constexpr std::int64_t longest_us = 1'000'000'000'000;

  /// Throws InputError, naming `where`, if there is none of this name. Empty: number `instance`, beginning
  /// again behind the last.
  [[nodiscard]] const Task& task(const std::string& name, std::uint32_t instance,
                                 const std::string& where) const;
};

/// The first line names the columns, in any order: `task,run_us,block_us` for a closed loop,
/// `task,time_us,run_us` for an open one; `task` may be left out if there is one. Empty lines and those that
/// begin with `#` are left out. Reads line by line; throws InputError with file and line.
[[nodiscard]] RecordedPhases parse_phases(std::istream& input, const std::string& name);
[[nodiscard]] RecordedPhases read_phases(const std::string& path);

/// What parse_phases reads.
inline constexpr std::string_view closed_phases_header = "task,run_us,block_us";
[[nodiscard]] std::string phase_line(std::string_view task, Time run, Time block);

/// Counts, work and duration for people; a line for each task.
[[nodiscard]] std::string describe(const RecordedPhases& phases);

}  // namespace xensim
