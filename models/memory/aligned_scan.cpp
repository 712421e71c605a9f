#include "models/memory/aligned_scan.hpp"

#include <cmath>

#include "models/memory/binomial.hpp"

namespace xensim {

std::uint32_t AlignedScan::missing(std::uint32_t lines) {
  while (missing_.size() <= lines) {
    const auto next = static_cast<std::uint32_t>(missing_.size());
    // That as many of the others as there are ways fall into the sets of a given line.
    const double share = next == 0 ? 0 : 1 - stays_below(ways_, next - 1, classes_);
    missing_.push_back(static_cast<std::uint32_t>(std::lround(share * next)));
  }
  return missing_[lines];
}

}  // namespace xensim
