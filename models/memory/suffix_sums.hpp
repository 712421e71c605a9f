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
      : of_16_((size / fan + 1) * fan),
        of_256_(of_16_ + (of_16_ / fan / fan + 1) * fan),
        counters_(of_256_ + (of_16_ / fan / fan / fan + 1) * fan) {}

  /// Of all counters after this one. O(1), and one step more for each 4096 counters.
  [[nodiscard]] std::uint32_t after(std::size_t i) const {
    const std::size_t group = i / fan, large = group / fan;
    Lanes sum = part_after(i) + part_after(of_16_ + group) + part_after(of_256_ + large);
    for (std::size_t k = of_256_ + (large / fan + 1) * fan; k < counters_.size(); k += fan) {
      sum += part_from(k, 0);
    }
    return sum[0] + sum[1] + sum[2] + sum[3];
  }
  /// O(1).
  void add(std::size_t i, std::uint32_t amount) {
    counters_[i] += amount;
    counters_[of_16_ + i / fan] += amount;
    counters_[of_256_ + i / fan / fan] += amount;
  }
  void clear() { std::fill(counters_.begin(), counters_.end(), 0); }

 private:
  static constexpr std::size_t fan = 16;
  using Lanes [[gnu::vector_size(16)]] = std::uint32_t;
  static constexpr std::size_t lanes = sizeof(Lanes) / sizeof(std::uint32_t);
  /// From any place in its first half begins a mask: zeros, then ones.
  static constexpr std::array<std::uint32_t, 2 * fan> window = [] {
    std::array<std::uint32_t, 2 * fan> zeros_then_ones{};
    std::fill(zeros_then_ones.begin() + fan, zeros_then_ones.end(), UINT32_MAX);
    return zeros_then_ones;
  }();

  /// Of the group of a counter, those after it.
  [[nodiscard]] Lanes part_after(std::size_t i) const { return part_from(i - i % fan, i % fan + 1); }
  /// Of the group that begins there, those from `first` on, at most `fan`.
  [[nodiscard]] Lanes part_from(std::size_t group, std::size_t first) const {
    const std::uint32_t* mask = window.data() + fan - first;
    Lanes sum{};
    for (std::size_t k = 0; k < fan; k += lanes) {
      Lanes chosen, values;
      std::memcpy(&chosen, mask + k, sizeof chosen);
      std::memcpy(&values, counters_.data() + group + k, sizeof values);
      sum += chosen & values;
    }
    return sum;
  }

  std::size_t of_16_, of_256_;  ///< where the sums of groups begin, and those of groups of groups
  std::vector<std::uint32_t> counters_;
};

}  // namespace xensim
