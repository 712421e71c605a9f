#include "workloads/web/file_set.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace xensim {

WebFileSet::WebFileSet(const std::string& root, std::uint32_t directories) : directories_(directories) {
  double sum = 0;
  for (std::uint32_t i = 0; i < directories; ++i) {
    sum += 1.0 / (i + 1);
    reach_.push_back(sum);
    for (std::uint32_t file_class = 0; file_class < WebRequest::classes; ++file_class) {
      for (std::uint32_t file = 0; file < WebRequest::files; ++file) {
        paths_.push_back(fmt::format("{}/file_set/dir{:05}/class{}_{}", root, i, file_class, file));
        bytes_ += WebRequest::file_size(file_class, file);
      }
    }
  }
  for (double& reach : reach_) reach /= sum;
}

std::uint32_t WebFileSet::directory_at(double point) const {
  const auto found = std::ranges::upper_bound(reach_, point);
  return std::min(static_cast<std::uint32_t>(found - reach_.begin()), directories_ - 1);
}

std::vector<Self::PlacedFile> WebFileSet::by_popularity() const {
  struct Ranked {
    double asked;
    std::uint32_t directory, file_class, file;
  };
  std::vector<Ranked> all;
  for (std::uint32_t i = 0; i < directories_; ++i) {
    for (std::uint32_t file_class = 0; file_class < WebRequest::classes; ++file_class) {
      for (std::uint32_t file = 0; file < WebRequest::files; ++file) {
        all.push_back(
            {WebShares::classes[file_class] * WebShares::files[file] / (i + 1), i, file_class, file});
      }
    }
  }
  std::ranges::stable_sort(all, std::ranges::greater{}, &Ranked::asked);
  std::vector<Self::PlacedFile> files;
  for (const Ranked& ranked : all) {
    files.push_back({path(ranked.directory, ranked.file_class, ranked.file),
                     WebRequest::file_size(ranked.file_class, ranked.file)});
  }
  return files;
}

}  // namespace xensim
