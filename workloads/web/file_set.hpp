/// SPECweb99's file set: directories of 36 files, the first of which are asked for most.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/guest/processes/self.hpp"
#include "workloads/web/specweb99.hpp"

namespace xensim {

/// Zipf's law with exponent 1 over directories, as SPECweb99 has it.
class WebFileSet {
 public:
  /// `root` without a slash at its end.
  WebFileSet(const std::string& root, std::uint32_t directories);

  [[nodiscard]] std::uint32_t directories() const { return directories_; }
  /// For `connections`: 25 + 0.66 for each.
  [[nodiscard]] static std::uint32_t directories_for(std::int64_t connections) {
    return static_cast<std::uint32_t>((2500 + 66 * connections) / 100);
  }
  /// The directory at `point` (0 to 1). O(log directories).
  [[nodiscard]] std::uint32_t directory_at(double point) const;
  [[nodiscard]] const std::string& path(std::uint32_t directory, std::uint32_t file_class,
                                        std::uint32_t file) const {
    return paths_[(directory * WebRequest::classes + file_class) * WebRequest::files + file];
  }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  /// All files, those that are asked for most first.
  [[nodiscard]] std::vector<Self::PlacedFile> by_popularity() const;

 private:
  std::uint32_t directories_;
  std::vector<double> reach_;  ///< of the law's distribution function, by directory
  std::vector<std::string> paths_;
  std::uint64_t bytes_ = 0;
};

}  // namespace xensim
