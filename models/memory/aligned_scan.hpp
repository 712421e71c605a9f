/// Lines that lie at the same place of aligned blocks, passed over again and again.
#pragma once

#include <cstdint>
#include <vector>

namespace xensim {

/// A cache of so many ways, in which lines at the same offset of aligned blocks can fall into `classes` of
/// its sets only: as many as there are blocks in a way of the cache. Frames of the blocks are random.
class AlignedScan {
 public:
  AlignedScan(std::uint32_t classes, std::uint32_t ways) : classes_(classes), ways_(ways) {}

  /// How many of `lines` lines, each read once in a pass and always in the same order, have gone when their
  /// turn comes again, on average: all in sets that more of them share than there are ways, since the one
  /// used longest ago makes room. O(1), the first time O(ways).
  [[nodiscard]] std::uint32_t missing(std::uint32_t lines);

 private:
  std::uint32_t classes_, ways_;
  std::vector<std::uint32_t> missing_;  ///< by lines
};

}  // namespace xensim
