/// Replications until their mean is known well enough.
#pragma once

#include <cstdint>
#include <string>

namespace xensim {

/// How well the mean of a metric is to be known, and how many replications that may take.
struct Precision {
  std::string metric{};        ///< its full name
  double half_width = 0.05;    ///< of the confidence interval, as a part of the mean's size; above 0
  double confidence = 0.95;    ///< that the interval holds the true mean; between 0 and 1
  std::int64_t minimum = 5;    ///< replications before the first decision, at least 2
  std::int64_t maximum = 100;  ///< at which it ends in any case, at least `minimum`
};

/// The replications of one point, in their order, until there are enough: after each one from the minimum on,
/// Student's interval of all so far is compared with the aim. Law and Kelton, Simulation Modeling and
/// Analysis, "sequential procedures": as the rule stops sooner where the spread happens to look small, the
/// interval holds the mean a little less often than `confidence` says, the more so the lower the minimum.
class SequentialEstimate {
 public:
  /// `precision` must outlive it.
  explicit SequentialEstimate(const Precision& precision) : precision_(&precision) {}

  /// The next replication's value. O(1). There must not be enough.
  void add(double value);

  [[nodiscard]] bool enough() const { return count_ >= precision_->maximum || reached(); }
  /// Whether the aim is reached; never by values that are not finite.
  [[nodiscard]] bool reached() const;
  [[nodiscard]] std::int64_t count() const { return count_; }
  [[nodiscard]] double mean() const { return mean_; }
  /// Of the interval around the mean, in the metric's unit; NaN before the second value.
  [[nodiscard]] double half_width() const { return half_width_; }

 private:
  const Precision* precision_;
  std::int64_t count_ = 0;
  double mean_ = 0, squares_ = 0;  ///< of the deviations from it (Welford)
  double half_width_ = 0;
};

}  // namespace xensim
