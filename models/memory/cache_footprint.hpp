/// Who owns how many lines of a cache, in order of last use.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/ids.hpp"

namespace xensim {

/// What keeps lines in a cache: an address space, a kernel, the monitor.
using FootprintId = Id<struct FootprintTag>;

/// What is left of an owner's lines after others used the cache, for a set-associative cache with
/// least-recently-used replacement. A line is still there if fewer than `ways` of the distinct lines used
/// since fell into its set; with addresses (page colours) as good as random, their number is binomial
/// (Thiebaut & Stone, "Footprints in the cache", ACM TOCS 5(4), 1987).
///
/// Misses that an owner would have had alone, by its own lines crowding a set, are part of its miss curve
/// and not counted again: what counts is survival given that the line would have survived alone.
class SurvivalTable {
 public:
  /// `lines` in all, at least `ways`.
  SurvivalTable(std::uint32_t lines, std::uint32_t ways);

  /// Expected survivors among the owner's `own` most recent lines (at most the capacity), in lines of
  /// 1/256, after others used `foreign` distinct lines. O(1).
  [[nodiscard]] std::uint32_t survivors(std::uint32_t own, std::uint32_t foreign) const;

  [[nodiscard]] std::uint32_t capacity() const { return capacity_; }
  /// After so many foreign lines nothing is left.
  [[nodiscard]] std::uint32_t horizon() const { return horizon_; }

 private:
  std::uint32_t capacity_, grain_, horizon_ = 0;
  std::size_t row_;                   ///< entries of a row: own lines in steps of a grain
  std::vector<std::uint32_t> table_;  ///< a row per grain of foreign lines
};

/// The cache as stretches of lines that one owner used last at about the same time, in order of use. Each
/// operation is O(log n) in the number of stretches that can still matter, for owners with few of them.
class CacheFootprint {
 public:
  /// The table is shared by all caches of the same size and outlives them.
  explicit CacheFootprint(const SurvivalTable& table);

  [[nodiscard]] std::uint32_t capacity() const { return table_.capacity(); }
  /// Lines of `owner` in the cache, as expected.
  [[nodiscard]] std::uint32_t resident(FootprintId owner) const;

  /// `owner` used the same `lines` lines as ever. Returns how many were missing.
  std::uint32_t touch(FootprintId owner, std::uint32_t lines);

  /// `owner` used `touched` distinct lines, of which `missed` were not in the cache.
  void ran(FootprintId owner, std::uint32_t touched, std::uint32_t missed);

  /// Forgets an owner that is gone: nobody will use its lines again, but they stay until evicted.
  void release(FootprintId owner);

  /// Empty, or what is wrong.
  [[nodiscard]] std::string audit() const;

 private:
  static constexpr std::uint32_t none = UINT32_MAX;
  struct Stretch {
    FootprintId owner;
    std::uint32_t lines = 0;
    std::uint32_t older = none;  ///< the owner's stretch before this one
  };
  [[nodiscard]] std::uint32_t last_of(FootprintId owner) const;
  /// Lines in stretches after this one.
  [[nodiscard]] std::uint32_t newer_than(std::uint32_t stretch) const;
  void change(std::uint32_t stretch, std::int32_t lines);
  void take(FootprintId owner, std::uint32_t lines);
  void push(FootprintId owner, std::uint32_t lines);
  void append(FootprintId owner, std::uint32_t lines);
  /// Drops what can no longer matter and makes room.
  void tidy_up();

  const SurvivalTable& table_;
  std::vector<Stretch> stretches_;   ///< least recently used first
  std::vector<std::uint32_t> sums_;  ///< of lines, as a Fenwick tree over the stretches
  std::vector<std::uint32_t> last_;  ///< by owner: its most recent stretch
  std::uint32_t lines_ = 0;          ///< of all stretches
};

}  // namespace xensim
