#include "results/confidence.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>

namespace xensim {
namespace {

using Samples = std::vector<double>;

TEST(Confidence, interval_of_five_samples_uses_t_of_four_degrees_of_freedom) {
  const Estimate result = estimate(Samples{1, 2, 3, 4, 5});
  // t(0.975, 4) = 2.776445; s = sqrt(2.5).
  const double half_width = 2.776445 * std::sqrt(2.5 / 5);
  EXPECT_DOUBLE_EQ(result.mean, 3);
  EXPECT_NEAR(result.low, 3 - half_width, 1e-6);
  EXPECT_NEAR(result.high, 3 + half_width, 1e-6);
}

TEST(Confidence, one_sample_leaves_the_interval_unknown) {
  const Estimate result = estimate(Samples{7});
  EXPECT_EQ(result.mean, 7);
  EXPECT_FALSE(result.has_interval());
}

TEST(Confidence, no_samples_leave_everything_unknown) { EXPECT_TRUE(std::isnan(estimate(Samples{}).mean)); }

TEST(Confidence, equal_samples_have_an_interval_of_no_width) {
  const Estimate result = estimate(Samples{2, 2, 2});
  EXPECT_EQ(result.low, 2);
  EXPECT_EQ(result.high, 2);
}

TEST(Confidence, the_median_of_seven_lies_between_their_extremes_whatever_these_are) {
  const Estimate median = estimate_median({5, 1, 900, 4, 3, 2, 6});
  EXPECT_EQ(median.mean, 4);
  EXPECT_EQ(median.low, 1);
  EXPECT_EQ(median.high, 900);
}

TEST(Confidence, the_median_of_nine_is_bounded_by_all_but_their_extremes) {
  const Estimate median = estimate_median({1, 2, 3, 4, 5, 6, 7, 8, 9});
  EXPECT_EQ(median.mean, 5);
  EXPECT_EQ(median.low, 2);
  EXPECT_EQ(median.high, 8);
}

TEST(Confidence, fewer_than_six_samples_do_not_bound_their_median) {
  const Estimate median = estimate_median({1, 2, 3, 4});
  EXPECT_EQ(median.mean, 2.5);
  EXPECT_FALSE(median.has_interval());
  EXPECT_TRUE(estimate_median({1, 1, 1, 1, 1, 1}).has_interval());
}

TEST(Confidence, spread_between_conditions_counts_by_the_number_of_conditions) {
  const Estimate crossed = estimate_crossed({{1, 1, 1, 1}, {3, 3, 3, 3}, {5, 5, 5, 5}});
  const Estimate over_conditions = estimate(Samples{1, 3, 5});
  // Replications that agree add certainty about their own spread only: more degrees of freedom, no variance.
  EXPECT_EQ(crossed.mean, 3);
  EXPECT_DOUBLE_EQ(crossed.low, over_conditions.low);
  EXPECT_DOUBLE_EQ(crossed.high, over_conditions.high);
}

TEST(Confidence, one_condition_leaves_the_spread_of_its_replications) {
  const Estimate crossed = estimate_crossed({{1, 2, 6}});
  const Estimate plain = estimate(Samples{1, 2, 6});
  EXPECT_DOUBLE_EQ(crossed.low, plain.low);
  EXPECT_DOUBLE_EQ(crossed.high, plain.high);
}

TEST(Confidence, replications_that_shift_all_conditions_together_widen_the_interval) {
  const Estimate still = estimate_crossed({{1, 1, 1}, {2, 2, 2}, {3, 3, 3}});
  const Estimate shifting = estimate_crossed({{0, 1, 2}, {1, 2, 3}, {2, 3, 4}});
  EXPECT_EQ(shifting.mean, still.mean);
  // Both spreads are 1/3 with two degrees of freedom: the sum is 2/3 with four (t = 2.776445).
  EXPECT_NEAR(shifting.high - shifting.mean, 2.776445 * std::sqrt(2.0 / 3), 1e-6);
}

TEST(Confidence, intervals_overlap_when_they_share_a_point) {
  EXPECT_TRUE((Estimate{1, 0, 2}.overlaps({2, 1.5, 3})));
  EXPECT_TRUE((Estimate{1, 0, 2}.overlaps({3, 2, 4})));
  EXPECT_FALSE((Estimate{1, 0, 2}.overlaps({4, 3, 5})));
}

TEST(Confidence, intervals_scale_with_the_samples) {
  EXPECT_TRUE(rc::check([](const std::vector<std::int16_t>& integers) {
    RC_PRE(integers.size() >= 2);
    const Samples samples(integers.begin(), integers.end());
    Samples doubled;
    for (const double sample : samples) doubled.push_back(2 * sample);
    const Estimate once = estimate(samples), twice = estimate(doubled);
    RC_ASSERT(once.low <= once.mean && once.mean <= once.high);
    RC_ASSERT(twice.low == 2 * once.low);
    RC_ASSERT(twice.high == 2 * once.high);
  }));
}

}  // namespace
}  // namespace xensim
