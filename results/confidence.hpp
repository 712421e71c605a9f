/// Means and 95 % confidence intervals (Student's t). For reports only: no run depends on them.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace xensim {

/// A mean and the bounds of its 95 % confidence interval, which are NaN when a single sample leaves
/// the spread unknown.
struct Estimate {
  double mean = 0;
  double low = 0, high = 0;

  [[nodiscard]] bool has_interval() const;
  /// Whether both intervals are known and share a point.
  [[nodiscard]] bool overlaps(const Estimate& other) const;
};

/// Of independent samples. All NaN if there are none. O(n).
[[nodiscard]] Estimate estimate(std::span<const double> samples);

/// The median of independent samples instead of their mean, between the two of them that bound it with at
/// least 95 % probability, whatever their distribution; fewer than six cannot. O(n log n).
[[nodiscard]] Estimate estimate_median(std::vector<double> samples);

/// Of a mean over conditions (rows) that were all run with the same replications (columns; rows of equal
/// length). The two spreads add, since replications are shared by all conditions:
/// s^2(row means)/rows + s^2(column means)/columns, with the Welch-Satterthwaite degrees of freedom.
/// Slightly wide: the residual counts in both.
[[nodiscard]] Estimate estimate_crossed(const std::vector<std::vector<double>>& rows);

}  // namespace xensim
