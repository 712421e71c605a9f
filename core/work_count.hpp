/// What pure monitor logic has done, counted by kind of step. Prices are elsewhere.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace xensim {

/// `Step` is an enumeration whose last member is `count_`.
template <class Step>
class WorkCount {
 public:
  static constexpr std::size_t steps = static_cast<std::size_t>(Step::count_);

  void did(Step step, std::uint64_t times = 1) { counts_[static_cast<std::size_t>(step)] += times; }
  [[nodiscard]] std::uint64_t operator[](Step step) const { return counts_[static_cast<std::size_t>(step)]; }
  WorkCount& operator+=(const WorkCount& more) {
    for (std::size_t i = 0; i < steps; ++i) counts_[i] += more.counts_[i];
    return *this;
  }
  bool operator==(const WorkCount&) const = default;

 private:
  std::array<std::uint64_t, steps> counts_{};
};

}  // namespace xensim
