/// Who owns how many lines of a cache, in order of last use.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/ids.hpp"
#include "core/large_vector.hpp"
#include "models/memory/suffix_sums.hpp"

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
  [[nodiscard]] std::uint32_t survivors(std::uint32_t own, std::uint32_t foreign) const {
    if (foreign >= horizon_) return 0;
    own = std::min(own, capacity_);
    const std::uint32_t within = (1U << grain_shift_) - 1;
    const std::uint32_t column = std::min(own >> grain_shift_, grains_ - 1);
    const std::uint32_t own_part = own - (column << grain_shift_);
    const std::uint32_t* above = &table_[(foreign >> grain_shift_) * row_ + column];
    const std::uint32_t* below = above + row_;
    const auto part_of = [&](std::uint32_t whole, std::uint32_t part) {
      return static_cast<std::uint32_t>(std::uint64_t{whole} * part >> grain_shift_);
    };
    const std::uint32_t high = above[0] + part_of(above[1] - above[0], own_part);
    const std::uint32_t low = below[0] + part_of(below[1] - below[0], own_part);
    return high - part_of(high - low, foreign & within);
  }

  [[nodiscard]] std::uint32_t capacity() const { return capacity_; }
  /// How many of these are gone, in whole lines.
  [[nodiscard]] std::uint32_t lost(std::uint32_t own, std::uint32_t foreign) const {
    if (harmless(own, foreign)) return 0;
    return own - std::min(own, whole(survivors(own, foreign)));
  }
  /// Whether it is known without counting that none of these is gone: never of more than a few.
  [[nodiscard]] bool harmless(std::uint32_t own, std::uint32_t foreign) const {
    return own < harmless_.size() && foreign <= harmless_[own];
  }
  /// After at most so many foreign lines a single one is still there.
  [[nodiscard]] std::uint32_t harmless_to_one() const { return harmless_[1]; }
  /// What survivors() counts, in whole lines.
  [[nodiscard]] static constexpr std::uint32_t whole(std::uint32_t some) {
    return (some + parts / 2) / parts;
  }
  /// After so many foreign lines nothing is left.
  [[nodiscard]] std::uint32_t horizon() const { return horizon_; }

 private:
  static constexpr std::uint32_t parts = 256;   ///< of a line
  static constexpr std::uint32_t grains_ = 16;  ///< per capacity, at most

  void find_harmless();

  std::uint32_t capacity_, horizon_ = 0;
  unsigned grain_shift_;                 ///< a grain is a power of two of lines
  std::size_t row_;                      ///< entries of a row: own lines in steps of a grain
  std::vector<std::uint32_t> table_;     ///< a row per grain of foreign lines
  std::vector<std::uint32_t> harmless_;  ///< foreign lines that leave all of so few own ones
};

/// The cache as stretches of lines that one owner used last at about the same time, in order of use. An
/// operation takes time in the number of the owner's stretches, of which there is one where it always uses
/// the same lines.
class CacheFootprint {
 public:
  /// The table is shared by all caches of the same size and outlives them.
  explicit CacheFootprint(const SurvivalTable& table);

  [[nodiscard]] std::uint32_t capacity() const { return table_.capacity(); }
  /// Lines of `owner` in the cache, as expected.
  [[nodiscard]] std::uint32_t resident(FootprintId owner) const { return resident_of(owner, UINT32_MAX); }

  /// Brings nearer what the next operation on `owner` looks at first.
  [[gnu::always_inline]] void prefetch(FootprintId owner) const {
    if (owner.value < last_.size()) __builtin_prefetch(&last_[owner.value], 1);
  }

  /// `owner` used the same `lines` lines as ever. Returns how many were missing.
  std::uint32_t touch(FootprintId owner, std::uint32_t lines) {
    if (last_of(owner) == none) return touch_counting(owner, lines);
    Last& last = last_[owner.value];
    if (last.stretch + 1 == used_ && last.use.lines >= lines) return 0;
    if (used_ == stretches_.size()) return touch_counting(owner, lines);
    if (last.use.lines == lines && table_.harmless(lines, used_since(last.use))) {
      renew(owner, last);
      return 0;
    }
    if (!is_gone(last.use) || lines == 0) return touch_counting(owner, lines);
    begin(owner, last, lines);
    return lines;
  }

  /// Each of `owners` used its one line, in this order. Those whose line was missing are moved to the front;
  /// returns how many.
  std::size_t touch_each(std::span<FootprintId> owners);

  /// `owner` used `lines` distinct lines. It uses again first what it used last: those that were missing are
  /// lines it had lost, as far as it had so many, and new ones only beyond.
  void ran(FootprintId owner, std::uint32_t lines) {
    take(owner, lines);
    push(owner, lines);
  }

  /// Forgets an owner that is gone: nobody will use its lines again, but they stay until evicted.
  void release(FootprintId owner);
  /// So many of its lines, those used last, are no longer valid: the cache has room for others instead.
  void invalidate(FootprintId owner, std::uint32_t lines) {
    take(owner, lines);
    gone_up_to_ = numbered_from_;
  }

  /// Empty, or what is wrong.
  [[nodiscard]] std::string audit() const;

 private:
  static constexpr std::uint32_t none = UINT32_MAX;
  struct Use {
    std::uint32_t older = none;  ///< the owner's stretch before this one
    std::uint32_t lines = 0;
    std::uint32_t used_up_to = 0;  ///< lines that had been used by anyone, ever, modulo 2^32
  };
  struct Stretch {
    FootprintId owner;
    Use use;
  };
  /// An owner's most recent stretch with a copy of it: most uses need no more.
  struct Last {
    std::uint32_t stretch = none;
    Use use;
  };
  [[nodiscard]] std::uint32_t last_of(FootprintId owner) const {
    return owner.value < last_.size() ? last_[owner.value].stretch : none;
  }
  void set_last(FootprintId owner, std::uint32_t stretch) {
    last_[owner.value] = {stretch, stretch != none ? stretches_[stretch].use : Use{}};
  }
  /// Lines in stretches after this one.
  [[nodiscard]] std::uint32_t newer_than(std::uint32_t stretch) const {
    return used_since(stretches_[stretch].use) - used_again_.after(stretch);
  }
  /// No less and sooner known: those used again since count more than once.
  [[nodiscard]] std::uint32_t used_since(const Use& use) const { return used_up_to_ - use.used_up_to; }
  /// Whether it is known without counting that nothing is left of it.
  [[nodiscard]] bool is_gone(const Use& use) const { return used_since(use) >= used_up_to_ - gone_up_to_; }
  /// resident(), but no more than `enough`.
  [[nodiscard]] std::uint32_t resident_of(FootprintId owner, std::uint32_t enough) const;
  /// touch_each() from the `done`-th on, as long as it takes no more than to compare numbers. Returns how far
  /// it came.
  std::size_t touch_usual(std::span<FootprintId> owners, std::size_t done, std::size_t& missing);
  /// touch() where it takes more than to compare numbers.
  std::uint32_t touch_counting(FootprintId owner, std::uint32_t lines);
  /// The owner's most recent stretch, all of which was used again. There must be room.
  void renew(FootprintId owner, Last& last) {
    const Use use = last.use;
    used_again_.add(last.stretch, use.lines);
    stretches_[last.stretch].use.lines = 0;
    enter(owner, last, use);
  }
  /// A stretch beside the owner's others. There must be room.
  void begin(FootprintId owner, Last& last, std::uint32_t lines) {
    enter(owner, last, {.older = last.stretch, .lines = lines});
  }
  void enter(FootprintId owner, Last& last, Use use) {
    use.used_up_to = used_up_to_ += use.lines;
    last = {used_, use};
    stretches_[used_++] = {owner, use};
  }
  void take(FootprintId owner, std::uint32_t lines) {
    if (last_of(owner) != none) take_some(owner, lines);
  }
  void take_some(FootprintId owner, std::uint32_t lines);
  void push(FootprintId owner, std::uint32_t lines) {
    if (lines == 0) return;
    assert(owner.valid());
    if (used_ == stretches_.size()) tidy_up();
    if (owner.value >= last_.size()) meet(owner);
    Last& last = last_[owner.value];
    if (last.stretch == none || last.stretch + 1 != used_) last = {used_++, {.older = last.stretch}};
    last.use.lines += lines;
    last.use.used_up_to = used_up_to_ += lines;
    stretches_[last.stretch] = {owner, last.use};
  }
  void meet(FootprintId owner);
  /// The first stretch with less than a horizon of newer lines. O(log stretches).
  [[nodiscard]] std::uint32_t oldest_that_matters() const;
  /// Drops what can no longer matter and makes room.
  void tidy_up();

  const SurvivalTable& table_;
  std::vector<Stretch> stretches_;  ///< least recently used first; room for some more
  std::uint32_t used_ = 0;          ///< of those
  std::uint32_t used_up_to_ = 0;
  std::uint32_t numbered_from_ = 0;  ///< all stretches were used later
  std::uint32_t gone_up_to_ = 0;     ///< those used until then have a horizon of newer lines or more
  SuffixSums used_again_;            ///< by stretch: lines that left it for a newer one
  LargeVector<Last> last_;           ///< by owner
};

}  // namespace xensim
