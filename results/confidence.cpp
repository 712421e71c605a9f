#include "results/confidence.hpp"

#include <algorithm>
#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>

namespace xensim {
namespace {

constexpr double unknown = std::numeric_limits<double>::quiet_NaN();

double mean_of(std::span<const double> samples) {
  return std::accumulate(samples.begin(), samples.end(), 0.0) / static_cast<double>(samples.size());
}

/// A variance of a mean and its degrees of freedom (none: the spread is unknown).
struct Spread {
  double variance = 0;
  double freedom = 0;
};

Spread spread_of_mean(std::span<const double> samples) {
  if (samples.size() < 2) return {};
  const double mean = mean_of(samples);
  double squares = 0;
  for (const double sample : samples) squares += (sample - mean) * (sample - mean);
  const auto count = static_cast<double>(samples.size());
  return {.variance = squares / (count - 1) / count, .freedom = count - 1};
}

Estimate around(double mean, Spread spread) {
  if (!(spread.freedom > 0) || !std::isfinite(spread.variance)) return {mean, unknown, unknown};
  if (spread.variance == 0) return {mean, mean, mean};
  const double t = boost::math::quantile(boost::math::students_t(spread.freedom), 0.975);
  const double half_width = t * std::sqrt(spread.variance);
  return {mean, mean - half_width, mean + half_width};
}

Spread operator+(Spread a, Spread b) {
  if (a.freedom == 0) return b;
  if (b.freedom == 0) return a;
  const double variance = a.variance + b.variance;
  if (variance == 0) return {.variance = 0, .freedom = a.freedom + b.freedom};
  return {.variance = variance,
          .freedom = variance * variance /
                     (a.variance * a.variance / a.freedom + b.variance * b.variance / b.freedom)};
}

}  // namespace

bool Estimate::has_interval() const { return !std::isnan(low) && !std::isnan(high); }

bool Estimate::overlaps(const Estimate& other) const { return low <= other.high && other.low <= high; }

Estimate estimate(std::span<const double> samples) {
  if (samples.empty()) return {unknown, unknown, unknown};
  return around(mean_of(samples), spread_of_mean(samples));
}

Estimate estimate_median(std::vector<double> samples) {
  if (samples.empty()) return {unknown, unknown, unknown};
  std::ranges::sort(samples);
  const std::size_t count = samples.size(), upper = count / 2, lower = (count - 1) / 2;
  Estimate median{(samples[lower] + samples[upper]) / 2, unknown, unknown};
  // The median lies below the sample of rank k with the probability that fewer than k are below it.
  const boost::math::binomial below(static_cast<double>(count), 0.5);
  for (std::size_t k = 0; k < count / 2 && boost::math::cdf(below, static_cast<double>(k)) <= 0.025; ++k) {
    median.low = samples[k];
    median.high = samples[count - 1 - k];
  }
  return median;
}

Estimate estimate_crossed(const std::vector<std::vector<double>>& rows) {
  if (rows.empty() || rows.front().empty()) return {unknown, unknown, unknown};
  std::vector<double> row_means, column_means(rows.front().size());
  for (const std::vector<double>& row : rows) {
    assert(row.size() == column_means.size());
    row_means.push_back(mean_of(row));
    for (std::size_t i = 0; i < row.size(); ++i) {
      column_means[i] += row[i] / static_cast<double>(rows.size());
    }
  }
  return around(mean_of(row_means), spread_of_mean(row_means) + spread_of_mean(column_means));
}

}  // namespace xensim
