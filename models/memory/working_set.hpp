/// What a program keeps in the L2 cache, and what it costs to bring it back.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/quantity.hpp"
#include "core/time.hpp"

namespace xensim {

/// Misses per thousand instructions of a program that has a cache of a given size to itself: measured
/// at a few sizes, interpolated between them along straight lines in log-log scale.
class MissCurve {
 public:
  struct Point {
    Bytes size;
    double misses_per_kilo_instruction = 0;
  };
  /// `measured` in ascending order of size, at least two points, misses positive and not increasing.
  explicit MissCurve(std::span<const Point> measured);

  /// Beyond the measured sizes the outermost line goes on. `size` must be positive.
  [[nodiscard]] double at(Bytes size) const;

 private:
  /// The curve at every quarter of an octave, from 64 B to 64 MiB; straight lines between them. Only
  /// arithmetic that is the same to the last bit on every machine, which pow() is not.
  std::vector<double> quarters_;
};

/// The L2 residency of one program on one machine, after Thiebaut & Stone ("Footprints in the cache",
/// ACM TOCS 5(4), 1987): when it has the r lines it used last in the cache, it misses as in a cache of r
/// lines, and each miss adds a line until the cache (or its data) is exhausted. Hence, from a cold start,
/// time and work done as functions of r.
///
/// "Work" is execution time with everything in the cache that the program can keep there.
class WorkingSet {
 public:
  /// What a stretch of execution did.
  struct Progress {
    Time work{};                 ///< done; less than the time taken by the price of the extra misses
    std::uint32_t touched = 0;   ///< distinct lines used; may exceed the cache
    std::uint32_t resident = 0;  ///< lines of the program in the cache afterwards, of those it used last
  };

  /// A program without cache behaviour of its own: `lines` it uses all the time, at once. `miss_price`
  /// each when they are gone.
  static WorkingSet constant(std::uint32_t lines, Time miss_price, std::uint32_t pages);

  /// This one, of a program that runs through so many lines of code in each stretch of execution.
  [[nodiscard]] WorkingSet with_code(std::uint32_t lines) const {
    WorkingSet set = *this;
    set.code_lines_ = lines;
    return set;
  }

  /// `cpi` (cycles per instruction) and the clock turn the curve's instructions into time; `capacity` is
  /// that of the L2 in lines; `miss_price` the part of the memory latency that a refill miss exposes;
  /// `pages` how many data TLB entries it uses again after a flush.
  static WorkingSet from_curve(const MissCurve& curve, double cpi, Frequency clock, Bytes line,
                               std::uint32_t capacity, Time miss_price, std::uint32_t pages);

  /// Where a stretch of execution begins: so far into a refill from cold. O(log n).
  struct Position {
    std::uint32_t lines = 0;  ///< distinct lines used since the cold start
    Time time{};              ///< since then
    Time work{};              ///< done since then
  };
  [[nodiscard]] Position with_resident(std::uint32_t lines) const;
  /// Runs for `span`. O(log n).
  [[nodiscard]] Progress run(const Position& start, Time span) const;
  /// How long `work` takes. O(log n), O(1) when it ends with a warm cache.
  [[nodiscard]] Time time_for(const Position& start, Time work) const;

  /// Lines it can keep in the cache at most.
  [[nodiscard]] std::uint32_t lines() const { return capacity_; }
  /// Extra misses of a full refill from cold: beyond those it would have had in that time anyway.
  [[nodiscard]] double extra_misses() const { return extra_misses_; }
  [[nodiscard]] std::uint32_t pages() const { return pages_; }
  /// That displace others' code from the trace cache; what it loses itself there is part of its work.
  [[nodiscard]] std::uint32_t code_lines() const { return code_lines_; }

 private:
  WorkingSet(std::uint32_t capacity, std::uint32_t pages) : capacity_(capacity), pages_(pages) {}
  [[nodiscard]] Position at_time(Time time) const;
  [[nodiscard]] Position at_work(Time work) const;

  std::vector<Position> nodes_;  ///< ascending in all members
  std::uint32_t capacity_;       ///< lines it can keep; what it uses beyond that no longer adds to the time
  std::uint32_t pages_, code_lines_ = 0;
  double extra_misses_ = 0;
};

}  // namespace xensim
