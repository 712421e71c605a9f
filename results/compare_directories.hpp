/// Two results directories side by side.
#pragma once

#include <filesystem>
#include <string>

namespace xensim {

/// Compares metric by metric at each point of the sweep: means over replications, their difference, and
/// whether the 95 % intervals overlap; then series and cells row by row. Directories of results directories,
/// as `reproduce` writes them, are compared one by one. Readable text; `equal` tells whether every value is
/// the same. Throws InputError if either is no complete results directory, nor holds one.
[[nodiscard]] std::string compare_results(const std::filesystem::path& a, const std::filesystem::path& b,
                                          bool& equal);

}  // namespace xensim
