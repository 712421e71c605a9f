/// A cache line by line: sets, ways and physical addresses. The yardstick of CacheFootprint.
#pragma once

#include <cstdint>
#include <vector>

#include "core/ids.hpp"
#include "core/quantity.hpp"
#include "models/memory/cache_footprint.hpp"

namespace xensim {

struct CacheShape {
  Bytes size;
  std::uint32_t ways = 1;
  std::uint32_t line = 64;    ///< bytes that share a tag; a power of two up to a page
  std::uint32_t sector = 64;  ///< bytes that are fetched at once; divides the line, at most 8 to a line

  [[nodiscard]] constexpr std::uint32_t sectors() const {
    return static_cast<std::uint32_t>(size.count / sector);
  }
};

/// A cache, physically indexed, each set in order of use: the least recently used line makes room. A line is
/// fetched sector by sector but replaced as a whole. Each line belongs to whoever used it last.
class DetailedCache {
 public:
  /// `shape` has a power of two of sets, at least one.
  explicit DetailedCache(const CacheShape& shape);

  /// Uses the byte at `offset` in a frame. Returns whether it was a hit. O(ways).
  bool access(FrameNumber frame, std::uint32_t offset, FootprintId owner);
  /// Whether such an access would be a hit. O(ways), here and below.
  [[nodiscard]] bool holds(FrameNumber frame, std::uint32_t offset) const;
  /// What is there of that sector is no longer valid.
  void drop(FrameNumber frame, std::uint32_t offset);

  /// Sectors of an owner in the cache. O(1).
  [[nodiscard]] std::uint32_t resident(FootprintId owner) const {
    return owner.value < resident_.size() ? resident_[owner.value] : 0;
  }
  [[nodiscard]] const CacheShape& shape() const { return shape_; }

 private:
  static constexpr std::uint32_t nothing = UINT32_MAX;
  struct Line {
    std::uint32_t number = nothing;  ///< the physical address over the line's length
    FootprintId owner;
    std::uint32_t sectors = 0;  ///< a bit for each that is present
  };
  /// Of a physical address.
  struct Place {
    std::uint32_t number;  ///< of the line
    std::uint32_t sector;  ///< its bit
    std::size_t set;       ///< its first line's index
  };
  [[nodiscard]] Place place(FrameNumber frame, std::uint32_t offset) const;
  /// So many sectors more, or fewer.
  void count(FootprintId owner, int change);

  CacheShape shape_;
  std::uint32_t sets_;
  std::vector<Line> lines_;  ///< set by set, most recently used first
  std::vector<std::uint32_t> resident_;
};

}  // namespace xensim
