/// A rung of a ladder queue: an interval of time cut into bags of equal width.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/event_sets/entry.hpp"

namespace xensim::ladder {

/// Bags are emptied in order of time. Entries from `open()` on may still be added; what lies before is on its
/// way out. The last bag has no end: it takes all that is later, up to where the outer rung begins.
class Rung {
 public:
  static constexpr std::size_t bags = 256;

  /// Begins anew, empty. The bags shall hold about `population` entries between the two times.
  void reset(Ticks first, Ticks last, std::size_t population) {
    const int wanted_bits = std::clamp(width(population / entries_per_bag), 1, max_bits);
    start_ = open_ = first;
    shift_ = std::max(0, width(last - first) - wanted_bits);
    occupied_ = {};
    search_ = 0;
  }

  [[nodiscard]] Ticks start() const { return start_; }
  [[nodiscard]] Ticks open() const { return open_; }
  /// Moves the limit between what may still be added and what is on its way out.
  void set_open(Ticks when) {
    open_ = when;
    search_ = number_of(when) / 64;
  }

  void add_newest(Entry entry) { touch(entry.when).add_newest(entry); }
  void add_older(Entry entry) { touch(entry.when).add_older(entry); }

  /// The number of the first bag that holds anything, `bags` if there is none.
  [[nodiscard]] std::size_t first() {
    while (search_ < words && occupied_[search_] == 0) ++search_;
    if (search_ == words) return bags;
    return search_ * 64 + static_cast<std::size_t>(std::countr_zero(occupied_[search_]));
  }
  [[nodiscard]] Bag& bag(std::size_t number) { return bags_[number]; }
  [[nodiscard]] Ticks begin_of(std::size_t number) const { return start_ + (Ticks{number} << shift_); }
  [[nodiscard]] bool endless(std::size_t number) const { return number == bags - 1; }
  [[nodiscard]] bool single_instant(std::size_t number) const { return shift_ == 0 && !endless(number); }

  /// Says that the bag has been emptied.
  void vacate(std::size_t number) {
    bags_[number].clear();
    occupied_[number / 64] &= ~bit(number);
  }

  /// Calls `visit` with each bag that holds anything, and notes which do afterwards.
  template <class Visitor>
  void for_each_bag(Visitor visit) {
    for (std::size_t number = 0; number < bags; ++number) {
      if (!(occupied_[number / 64] & bit(number))) continue;
      visit(bags_[number]);
      if (bags_[number].empty()) vacate(number);
    }
  }

 private:
  static constexpr std::size_t words = bags / 64;
  static constexpr std::size_t entries_per_bag = 6;
  static constexpr int max_bits = std::countr_zero(bags);

  static constexpr int width(std::uint64_t value) { return static_cast<int>(std::bit_width(value)); }
  static constexpr std::uint64_t bit(std::size_t number) { return std::uint64_t{1} << (number % 64); }

  [[nodiscard]] std::size_t number_of(Ticks when) const {
    return std::min<Ticks>((when - start_) >> shift_, bags - 1);
  }

  Bag& touch(Ticks when) {
    const std::size_t number = number_of(when);
    occupied_[number / 64] |= bit(number);
    return bags_[number];
  }

  Ticks start_ = 0;
  Ticks open_ = 0;
  int shift_ = 0;
  std::array<std::uint64_t, words> occupied_{};
  std::size_t search_ = 0;  // no word of `occupied_` before this one has a bit
  std::array<Bag, bags> bags_;
};

}  // namespace xensim::ladder
