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
  std::uint32_t opens = 0, stats = 0, file_stats = 0, file_system_stats = 0, finds = 0, unlinks = 0,
                renames = 0, flushes = 0;
  std::vector<Size> writes{}, reads{};
  std::uint32_t files = 0;    ///< names that are written
  std::uint32_t longest = 0;  ///< of them, in bytes: then it is written over
  /// What the score divides by the time, in millions of bytes; 0: what was really moved.
  std::uint32_t score_megabytes = 0;
};

/// dbench 1.x (2001) and 2.x (2003). Throws InputError for another version.
[[nodiscard]] const DbenchMix& dbench_mix(std::string_view version);

/// Operations with these counts, spread evenly: files are opened in turn, written on, and closed; half
/// of them are read from their beginning while they are open, the others deleted now and then. Deterministic.
[[nodiscard]] DbenchLoadFile load_of(const DbenchMix& mix);

}  // namespace xensim
