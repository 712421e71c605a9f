/// How often which values came.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace xensim {

/// Counts per value with bounded relative error (1/64), in the manner of HdrHistogram: 64 linear
/// buckets per power of two. Adding is O(1); memory is 8 bytes per bucket in use, at most 29 KiB.
class Histogram {
 public:
  void add(std::uint64_t value, std::uint64_t times = 1);
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] double mean() const;
  [[nodiscard]] double standard_deviation() const;
  /// The value below which the fraction `q` (0 to 1) of all values lies, to 1/64. 0 if empty.
  [[nodiscard]] std::uint64_t quantile(double q) const;
  [[nodiscard]] std::uint64_t maximum() const { return maximum_; }

 private:
  [[nodiscard]] static std::size_t bucket_of(std::uint64_t value);
  [[nodiscard]] static std::uint64_t lowest_in(std::size_t bucket);
  std::vector<std::uint64_t> buckets_;
  std::uint64_t count_ = 0, maximum_ = 0;
  double sum_ = 0, sum_of_squares_ = 0;
};

}  // namespace xensim
