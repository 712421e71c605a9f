#include "results/precision.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "results/confidence.hpp"

namespace xensim {
namespace {

SequentialEstimate after(const Precision& precision, const std::vector<double>& values) {
  SequentialEstimate estimate(precision);
  for (const double value : values) {
    if (!estimate.enough()) estimate.add(value);
  }
  return estimate;
}

TEST(SequentialEstimate, has_the_interval_of_all_samples_so_far) {
  const Precision precision{.half_width = 0.001};
  const std::vector<double> values{10.5, 9, 11.25, 10, 12, 9.5};
  const SequentialEstimate sequential = after(precision, values);
  const Estimate at_once = estimate(values);
  EXPECT_EQ(sequential.count(), 6);
  EXPECT_NEAR(sequential.mean(), at_once.mean, 1e-12);
  EXPECT_NEAR(sequential.half_width(), at_once.high - at_once.mean, 1e-12);
}

TEST(SequentialEstimate, stops_at_the_first_interval_that_is_narrow_enough) {
  const Precision precision{.half_width = 0.1, .minimum = 2};
  const std::vector<double> values{9, 11, 12, 10, 10, 10, 10, 10, 10};
  const SequentialEstimate stopped = after(precision, values);
  EXPECT_TRUE(stopped.reached());
  const auto count = static_cast<std::size_t>(stopped.count());
  const Estimate there = estimate(std::span(values).first(count));
  const Estimate before = estimate(std::span(values).first(count - 1));
  EXPECT_LE(there.high - there.mean, 0.1 * there.mean);
  EXPECT_GT(before.high - before.mean, 0.1 * before.mean);
}

TEST(SequentialEstimate, of_equal_samples_stops_at_the_minimum_and_not_before) {
  const Precision precision{.minimum = 4};
  EXPECT_FALSE(after(precision, {7, 7, 7}).enough());
  EXPECT_TRUE(after(precision, {7, 7, 7, 7}).reached());
  EXPECT_TRUE(after(precision, {0, 0, 0, 0}).reached()) << "a mean of zero is known exactly, too";
}

TEST(SequentialEstimate, stops_at_the_maximum_without_having_reached_its_aim) {
  const Precision precision{.half_width = 0.01, .minimum = 2, .maximum = 3};
  const SequentialEstimate stopped = after(precision, {1, 2, 3, 2});
  EXPECT_TRUE(stopped.enough());
  EXPECT_FALSE(stopped.reached());
  EXPECT_EQ(stopped.count(), 3);
}

TEST(SequentialEstimate, a_value_that_is_not_finite_never_reaches_the_aim) {
  for (const double value : {std::nan(""), std::numeric_limits<double>::infinity()}) {
    const Precision precision{.minimum = 2, .maximum = 4};
    const SequentialEstimate stopped = after(precision, {1, value, 1, 1});
    EXPECT_EQ(stopped.count(), 4);
    EXPECT_FALSE(stopped.reached());
  }
}

TEST(SequentialEstimate, a_mean_around_zero_never_reaches_a_relative_aim) {
  const Precision precision{.minimum = 2, .maximum = 6};
  EXPECT_FALSE(after(precision, {1, -1, 1, -1, 1, -1}).reached());
}

TEST(SequentialEstimate, more_confidence_takes_more_replications) {
  std::vector<double> values;
  for (int i = 0; i < 500; ++i) values.push_back(100 + 10.0 * std::sin(i * i));
  const Precision low{.half_width = 0.02, .confidence = 0.8, .maximum = 500};
  const Precision high{.half_width = 0.02, .confidence = 0.99, .maximum = 500};
  EXPECT_LT(after(low, values).count(), after(high, values).count());
}

/// The documented price of looking after every replication.
TEST(SequentialEstimate, holds_the_mean_about_as_often_as_its_confidence_says) {
  const Precision precision{.half_width = 0.02, .confidence = 0.95, .minimum = 5, .maximum = 200};
  std::mt19937_64 bits(1);
  std::normal_distribution<double> normal(1, 0.05);
  int held = 0;
  constexpr int experiments = 2000;
  for (int i = 0; i < experiments; ++i) {
    SequentialEstimate estimate(precision);
    while (!estimate.enough()) estimate.add(normal(bits));
    if (std::abs(estimate.mean() - 1) <= estimate.half_width()) ++held;
  }
  EXPECT_GT(held, experiments * 0.90);
  EXPECT_LT(held, experiments * 0.96);
}

}  // namespace
}  // namespace xensim
