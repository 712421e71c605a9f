/// A row of counters, of which all up to a place count together.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace xensim {

/// Counters modulo 2^32 in groups of 16, groups of groups and so on: what is added to all that are before a
/// place goes to the group it is in, to whole groups before that, and so on. A group is a cache line and is
/// added to as a whole under a mask: a few vector instructions without a branch.
class PrefixCounters {
 public:
  /// All zero; at least `size` of them.
  explicit PrefixCounters(std::size_t size)
      : of_16_(size / fan + 1),
        of_256_(of_16_ + of_16_ / fan + 1),
        groups_(of_256_ + of_16_ / fan / fan + 1) {}

  [[nodiscard]] std::uint32_t operator[](std::size_t i) const {
    const std::size_t group = i / fan, large = group / fan;
    return at(group, i) + at(of_16_ + large, group) + at(of_256_ + large / fan, large);
  }
  /// To each of the first `count`. O(1), and one step more for each 4096 counters.
  void add_to_first(std::size_t count, std::uint32_t amount) {
    const std::size_t group = count / fan, large = group / fan, huge = large / fan;
    add_before(groups_[group], count % fan, amount);
    add_before(groups_[of_16_ + large], group % fan, amount);
    add_before(groups_[of_256_ + huge], large % fan, amount);
    for (std::size_t k = huge; k > 0;) add_before(groups_[of_256_ + --k], fan, amount);
  }
  void clear() { std::fill(groups_.begin(), groups_.end(), Group{}); }

 private:
  static constexpr std::size_t fan = 16;
  using Lanes [[gnu::vector_size(16)]] = std::uint32_t;
  static constexpr std::size_t lanes = sizeof(Lanes) / sizeof(std::uint32_t);
  struct alignas(fan * sizeof(std::uint32_t)) Group {
    std::array<std::uint32_t, fan> counters{};
  };
  /// From any place in its first half begins a mask: ones, then zeros.
  static constexpr std::array<std::uint32_t, 2 * fan> window = [] {
    std::array<std::uint32_t, 2 * fan> ones_then_zeros{};
    std::fill_n(ones_then_zeros.begin(), fan, UINT32_MAX);
    return ones_then_zeros;
  }();

  [[nodiscard]] std::uint32_t at(std::size_t group, std::size_t i) const {
    return groups_[group].counters[i % fan];
  }
  static void add_before(Group& group, std::size_t before, std::uint32_t amount) {
    const std::uint32_t* mask = window.data() + fan - before;
    for (std::size_t k = 0; k < fan; k += lanes) {
      Lanes chosen, values;
      std::memcpy(&chosen, mask + k, sizeof chosen);
      std::memcpy(&values, group.counters.data() + k, sizeof values);
      values += chosen & amount;
      std::memcpy(group.counters.data() + k, &values, sizeof values);
    }
  }

  std::size_t of_16_, of_256_;  ///< where the groups of groups begin, and those of these
  std::vector<Group> groups_;
};

}  // namespace xensim
