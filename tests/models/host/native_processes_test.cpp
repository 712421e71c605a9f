/// Processes with memory, pipes and children on the native platform.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "core/json.hpp"
#include "tests/models/host/process_plan.hpp"

namespace xensim {
namespace {

TEST(NativeProcesses, RunningAheadChangesNothing) {
  EXPECT_TRUE(rc::check([] {
    const bool smp = *rc::gen::arbitrary<bool>();
    const auto steps = *rc::gen::container<std::vector<std::vector<int>>>(
        rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 6)));
    const auto hogs = *rc::gen::inRange(0, 3);
    const Json platform{{"name", "native"}, {"smp", smp}};
    RC_ASSERT(outcome_of(platform, false, steps, hogs) == outcome_of(platform, true, steps, hogs));
  }));
}

TEST(NativeProcesses, AChildRunsOnTheOtherProcessorAtOnce) {
  Plan plan{.steps = {5}, .rounds = 20};
  TestHost host("native", {});
  const Self::Body body = [&plan](Self self) { return carries_out(self, plan); };
  host.start(executes(body));
  host.run_until(200ms);
  ASSERT_EQ(plan.times.size(), 20U);
  EXPECT_EQ(host.platform->audit(), "");
  EXPECT_GT(host.read().at("cpu1/time/user"), 0.002);
}

}  // namespace
}  // namespace xensim
