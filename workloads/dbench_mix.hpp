/// Load files of old versions of dbench, of which only the counts are known.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "workloads/dbench_load_file.hpp"

namespace xensim {

/// How often each operation stands in a load file, and how many bytes it moves.
struct DbenchMix {
  struct Size {
    std::uint32_t bytes = 0, count = 0;
  };
  std::string_view version;
  /// Including what the benchmark reads and skips.
  std::uint32_t lines = 0;
  std::uint32_t opens = 0;         ///< as many as are closed
  std::uint32_t failed_opens = 0;  ///< of names that are not there
  std::uint32_t stats = 0, file_stats = 0, file_system_stats = 0, finds = 0, unlinks = 0, renames = 0,
                flushes = 0;
  std::vector<Size> writes{}, reads{};
  std::uint32_t files = 106, absent = 91;  ///< names that are written, and others
  std::uint64_t live = 24'200'000;         ///< bytes that the files hold, each at its longest
  /// What the score divides by the time, in millions of bytes; 0: what was really moved.
  std::uint32_t score_megabytes = 0;
};

/// dbench 1.x (2001) and 2.x (2003). Throws InputError for another version.
[[nodiscard]] const DbenchMix& dbench_mix(std::string_view version);

/// A file that is deleted now and then is not longer, in bytes.
inline constexpr std::uint64_t longest_deleted = 76'600;
/// The most of the files that can be kept: each deletion needs an open that made the file.
inline constexpr double most_kept = 0.7;

/// Operations with these counts: first the part `kept` of the files is filled; then files are opened in turn,
/// written on, over from the beginning when they are as long as they get, and closed. Those that are kept are
/// read from their beginning while they are open, the others deleted now and then. Deterministic. `kept` is
/// at least that of one file, at most `most_kept`.
[[nodiscard]] DbenchLoadFile load_of(const DbenchMix& mix, double kept);

}  // namespace xensim
