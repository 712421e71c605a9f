/// Recorded and described loads, looked at without running them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "core/time.hpp"

namespace xensim {

struct LoadOptions {
  std::optional<std::filesystem::path> phases{};  ///< where the phases of an xentrace file go, as CSV
  Time merge{};                                   ///< shorter spells of running are part of a block
  Frequency clock{1'000'000};                     ///< of the time stamps of xentrace
  std::string device{};  ///< of a recorded disk load, as RecordedDiskOptions has it; empty: all
};

/// What is in the file, in lines; its kind is told by how it begins. Writes `options.phases`, whole or not at
/// all. Throws InputError with file and line, or byte. O(length).
[[nodiscard]] std::string describe_load(const std::filesystem::path& file, const LoadOptions& options = {});

}  // namespace xensim
