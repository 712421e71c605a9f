#include "results/precision.hpp"

#include <boost/math/distributions/students_t.hpp>
#include <cassert>
#include <cmath>
#include <limits>

namespace xensim {

void SequentialEstimate::add(double value) {
  assert(!enough());
  ++count_;
  const auto count = static_cast<double>(count_);
  const double from_mean = value - mean_;
  mean_ += from_mean / count;
  squares_ += from_mean * (value - mean_);
  half_width_ = std::numeric_limits<double>::quiet_NaN();
  if (count_ < 2 || !std::isfinite(squares_)) return;
  const boost::math::students_t distribution(count - 1);
  const double t = boost::math::quantile(distribution, (1 + precision_->confidence) / 2);
  half_width_ = t * std::sqrt(squares_ / (count - 1) / count);
}

bool SequentialEstimate::reached() const {
  return count_ >= precision_->minimum && half_width_ <= precision_->half_width * std::abs(mean_);
}

}  // namespace xensim
