/// A cache, by either model.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "models/memory/addressed_cache.hpp"
#include "models/memory/cache_footprint.hpp"

namespace xensim {

/// Who has what in a cache: by footprints, which are fast and average over all colourings of memory, or line
/// by line, with the addresses of one colouring.
class Cache {
 public:
  /// By footprints; `table` outlives it.
  explicit Cache(const SurvivalTable& table) : footprints_(table) {}
  /// From now on line by line.
  void go_by_addresses(const CacheShape& shape, const LinePlacement& placement) {
    addressed_.emplace(shape, placement);
  }
  [[nodiscard]] bool goes_by_addresses() const { return addressed_.has_value(); }

  /// Brings nearer what the next operation on `owner` looks at first.
  [[gnu::always_inline]] void prefetch(FootprintId owner) const { footprints_.prefetch(owner); }

  /// `owner` used the same `lines` lines as ever. Returns how many were missing.
  std::uint32_t touch(FootprintId owner, std::uint32_t lines) {
    return addressed_ ? addressed_->touch(owner, lines) : footprints_.touch(owner, lines);
  }
  /// Each of `owners` used its one line. Those whose line was missing are moved to the front; returns how
  /// many.
  std::size_t touch_each(std::span<FootprintId> owners) {
    return addressed_ ? addressed_->touch_each(owners) : footprints_.touch_each(owners);
  }
  /// The first line of a page was used. Footprints do not know that those of all pages share a few sets.
  std::uint32_t touch_page_start(FootprintId page) {
    return addressed_ ? addressed_->touch_page_start(page) : footprints_.touch(page, 1);
  }
  /// Lines that a run of `owner` will find.
  [[nodiscard]] std::uint32_t resident(FootprintId owner) const {
    return addressed_ ? addressed_->resident(owner) : footprints_.resident(owner);
  }
  /// `owner` ran and used so many distinct lines.
  void ran(FootprintId owner, std::uint32_t lines) {
    if (addressed_)
      addressed_->ran(owner, lines);
    else
      footprints_.ran(owner, lines);
  }
  /// Nobody will use its lines again; they stay until evicted.
  void release(FootprintId owner) { footprints_.release(owner); }
  /// So many of its lines are no longer valid.
  void invalidate(FootprintId owner, std::uint32_t lines) {
    if (addressed_)
      addressed_->invalidate(owner, lines);
    else
      footprints_.invalidate(owner, lines);
  }
  /// Empty, or what is wrong.
  [[nodiscard]] std::string audit() const { return footprints_.audit(); }

 private:
  CacheFootprint footprints_;
  std::optional<AddressedCache> addressed_;
};

}  // namespace xensim
