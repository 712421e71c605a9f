/// A row of counters, of which all after a place are summed.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace xensim {

/// Counters modulo 2^32 in groups of 16, with the sum of each group in a group of groups and so on. A change
/// adds to one counter of each level; a sum takes a part of one group of each, under a mask: a few vector
/// instructions without a branch.
class SuffixSums {
 public:
  /// All zero; at least `size` of them.
  explicit SuffixSums(std::size_t size)
      : of_16_(size / fan + 1),
        of_256_(of_16_ + of_16_ / fan + 1),
        groups_(of_256_ + of_16_ / fan / fan + 1) {}

  /// Of all counters after this one. O(1), and one step more for each 4096 counters.
  [[nodiscard]] std::uint32_t after(std::size_t i) const {
    const std::size_t group = i / fan, large = group / fan, huge = large / fan;
    Lanes sum = part_after(groups_[group], i % fan) + part_after(groups_[of_16_ + large], group % fan) +
                part_after(groups_[of_256_ + huge], large % fan);
    for (std::size_t k = of_256_ + huge + 1; k < groups_.size(); ++k) sum += part_from(groups_[k], 0);
    return sum[0] + sum[1] + sum[2] + sum[3];
  }
  /// O(1).
  void add(std::size_t i, std::uint32_t amount) {
    const std::size_t group = i / fan, large = group / fan;
    groups_[group].counters[i % fan] += amount;
    groups_[of_16_ + large].counters[group % fan] += amount;
    groups_[of_256_ + large / fan].counters[large % fan] += amount;
  }
  void clear() { std::fill(groups_.begin(), groups_.end(), Group{}); }

 private:
  static constexpr std::size_t fan = 16;
  using Lanes [[gnu::vector_size(16)]] = std::uint32_t;
  static constexpr std::size_t lanes = sizeof(Lanes) / sizeof(std::uint32_t);
  struct alignas(fan * sizeof(std::uint32_t)) Group {
    std::array<std::uint32_t, fan> counters{};
  };
  /// From any place in its first half begins a mask: zeros, then ones.
  static constexpr std::array<std::uint32_t, 2 * fan> window = [] {
    std::array<std::uint32_t, 2 * fan> zeros_then_ones{};
    std::fill(zeros_then_ones.begin() + fan, zeros_then_ones.end(), UINT32_MAX);
    return zeros_then_ones;
  }();

  static Lanes part_after(const Group& group, std::size_t place) { return part_from(group, place + 1); }
  /// From `first` on, at most `fan`.
  static Lanes part_from(const Group& group, std::size_t first) {
    const std::uint32_t* mask = window.data() + fan - first;
    Lanes sum{};
    for (std::size_t k = 0; k < fan; k += lanes) {
      Lanes chosen, values;
      std::memcpy(&chosen, mask + k, sizeof chosen);
      std::memcpy(&values, group.counters.data() + k, sizeof values);
      sum += chosen & values;
    }
    return sum;
  }

  std::size_t of_16_, of_256_;  ///< where the groups of groups begin, and those of these
  std::vector<Group> groups_;
};

}  // namespace xensim
