#include "models/memory/aligned_scan.hpp"

#include <cmath>

namespace xensim {

std::uint32_t AlignedScan::missing(std::uint32_t lines) {
  while (missing_.size() <= lines) {
    const auto next = static_cast<std::uint32_t>(missing_.size());
    const double share = next == 0 ? 0 : crowded(next - 1);
    missing_.push_back(static_cast<std::uint32_t>(std::lround(share * next)));
  }
  return missing_[lines];
}

/// How probable it is that as many of `others` as there are ways fall into the sets of a given line.
double AlignedScan::crowded(std::uint32_t others) const {
  if (others < ways_) return 0;
  if (classes_ == 1) return 1;
  const double hit = 1.0 / classes_, odds = hit / (1 - hit);
  // Of the binomial distribution, its lower end.
  double exactly = std::pow(1 - hit, others), fewer = 0;
  for (std::uint32_t i = 0; i < ways_; ++i) {
    fewer += exactly;
    exactly *= odds * (others - i) / (i + 1);
  }
  return 1 - fewer;
}

}  // namespace xensim
