/// The parts of a loss are of the victim's time, per unit of its work.
#include "results/attribution.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"

namespace xensim {
namespace {

/// A victim that has done so much in ten seconds.
RunResult run(double work, double user, double waited) {
  RunResult result;
  result.metrics = {{"victim/done", "1", work},
                    {"victim/elapsed/user", "s", user},
                    {"victim/elapsed/runnable", "s", waited},
                    {"other/elapsed/user", "s", 3}};
  return result;
}
Attribution of(const RunResult& alone, const RunResult& beside) {
  return attribute(alone, beside, "victim", "victim/done");
}

TEST(Attribution, HalfTheWorkInHalfTheTimeIsLostByWaiting) {
  const Attribution loss = of(run(100, 10, 0), run(50, 5, 5));
  EXPECT_DOUBLE_EQ(loss.loss, 0.5);
  EXPECT_EQ(loss.parts[0].name, "user");
  EXPECT_DOUBLE_EQ(loss.parts[0].share, 0);
  EXPECT_DOUBLE_EQ(loss.parts[1].share, 0.5);
  EXPECT_NEAR(loss.unexplained(), 0, 1e-12);
}

TEST(Attribution, WorkThatTakesLongerIsLostWhereItTakesLonger) {
  const Attribution loss = of(run(100, 10, 0), run(80, 10, 0));
  EXPECT_NEAR(loss.parts[0].share, 0.2, 1e-12);
}

TEST(Attribution, AVictimThatDoesNothingAnyMoreHasLostEverythingWhereItSpentItsTime) {
  const Attribution loss = of(run(100, 10, 0), run(0, 0.1, 9.9));
  EXPECT_DOUBLE_EQ(loss.loss, 1);
  EXPECT_NEAR(loss.parts[1].share, 0.99, 1e-12);
}

TEST(Attribution, IsAveragedOverReplicationsAndSaidInOneLine) {
  const std::vector<Attribution> both{of(run(100, 10, 0), run(50, 5, 5)), of(run(100, 10, 0), run(70, 7, 3))};
  EXPECT_EQ(describe(mean_of(both)), "40.00 % lost: runnable +40.00, others +0.00");
}

TEST(Attribution, NeedsTheVictimsTimesAndItsWork) {
  RunResult without = run(100, 10, 0);
  without.metrics.resize(1);
  EXPECT_THROW((void)of(without, run(50, 5, 5)), InputError);
  EXPECT_THROW((void)attribute(run(1, 1, 1), run(1, 1, 1), "victim", "victim/score"), InputError);
}

}  // namespace
}  // namespace xensim
