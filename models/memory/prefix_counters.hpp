/// A row of counters, of which all up to a place count together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace xensim {

/// Counters modulo 2^32 in groups of 16, groups of groups and so on: what is added to all that are before a
/// place goes to the group it is in, to whole groups before that, and so on. A group is added to as a whole
/// under a mask, which compilers turn into a few vector instructions without a branch.
class PrefixCounters {
 public:
  /// All zero; at least `size` of them.
  explicit PrefixCounters(std::size_t size)
      : single_(whole(size)), of_16_(whole(size / fan + 1)), of_256_(whole(size / fan / fan + 1)) {}

  [[nodiscard]] std::uint32_t operator[](std::size_t i) const {
    return single_[i] + of_16_[i / fan] + of_256_[i / (fan * fan)];
  }
  /// To each of the first `count`. O(1), and one step more for each 4096 counters.
  void add_to_first(std::size_t count, std::uint32_t amount) {
    const std::size_t group = count / fan, large = group / fan;
    add_before(single_, count, amount);
    add_before(of_16_, group, amount);
    add_before(of_256_, large, amount);
    for (std::size_t k = large / fan * fan; k > 0;) of_256_[--k] += amount;
  }

 private:
  static constexpr std::size_t fan = 16;
  static constexpr std::size_t whole(std::size_t n) { return (n / fan + 1) * fan; }
  /// To those before a place in its group.
  static void add_before(std::vector<std::uint32_t>& values, std::size_t place, std::uint32_t amount) {
    std::uint32_t* group = values.data() + place / fan * fan;
    const auto before = static_cast<std::uint32_t>(place % fan);
    for (std::uint32_t k = 0; k < fan; ++k) group[k] += k < before ? amount : 0;
  }

  std::vector<std::uint32_t> single_, of_16_, of_256_;
};

}  // namespace xensim
