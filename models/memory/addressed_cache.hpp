/// What CacheFootprint answers, from a cache line by line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "models/memory/cache_detailed.hpp"
#include "models/memory/line_placement.hpp"

namespace xensim {

/// A cache in which every object has addresses: conflicts depend on the colours of pages, an object that uses
/// half of a line that is replaced as a whole occupies all of it, and lines that are lost in the course of a
/// use are missed. An operation takes time in the number of lines.
class AddressedCache {
 public:
  AddressedCache(const CacheShape& shape, const LinePlacement& placement)
      : cache_(shape), placement_(placement) {}

  /// `object` used its first `lines` lines, in the order of addresses. Returns how many were missing.
  std::uint32_t touch(FootprintId object, std::uint32_t lines);
  /// Each of `objects` used its first line, in this order. Those that missed it are moved to the front;
  /// returns how many.
  std::size_t touch_each(std::span<FootprintId> objects);
  /// The first line of its page was used. Returns how many were missing.
  std::uint32_t touch_page_start(FootprintId object);

  /// Lines that it will find of those it used in its last run; what it does not find because its own lines
  /// crowded a set is part of its miss curve and not counted here.
  [[nodiscard]] std::uint32_t resident(FootprintId object) const;
  /// It ran, and used so many distinct lines.
  void ran(FootprintId object, std::uint32_t lines);

  /// Its first `lines` lines are no longer valid.
  void invalidate(FootprintId object, std::uint32_t lines);

 private:
  struct Use {
    std::uint32_t lines = 0;  ///< the most it ever used
    std::uint32_t run = 0;    ///< used in its last run
    std::uint32_t left = 0;   ///< of those, in the cache when the run ended
  };
  [[nodiscard]] bool access(FootprintId object, const LinePlacement::Place& place) {
    return cache_.access(place.frame, place.offset, object);
  }
  [[nodiscard]] std::uint32_t present(FootprintId object, std::uint32_t lines) const;
  [[nodiscard]] Use& use_of(FootprintId object) {
    if (object.value >= uses_.size()) uses_.resize(object.value + 1);
    return uses_[object.value];
  }

  DetailedCache cache_;
  LinePlacement placement_;
  std::vector<Use> uses_;
};

}  // namespace xensim
