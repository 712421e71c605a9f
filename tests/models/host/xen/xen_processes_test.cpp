/// Processes with memory, pipes and children in domains under the monitor.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "core/json.hpp"
#include "tests/models/host/process_plan.hpp"

namespace xensim {
namespace {

Json xen_with(const char* parameter = nullptr, const Json& value = {}) {
  Json platform{{"name", "xen"}, {"memory", "16 MiB"}};
  if (parameter != nullptr) platform[parameter] = value;
  return platform;
}

/// The steps of a plan; see carries_out.
enum Step : int { system_call = 0, fork_and_wait = 1, map_touch_unmap = 2 };

/// How long the last of several repetitions of a step took.
Time duration(const Json& platform, Step step) {
  Plan plan{.steps = {step}, .rounds = 10};
  TestHost host(platform, {});
  const Self::Body body = [&plan](Self self) { return carries_out(self, plan); };
  host.start(executes(body));
  host.run_until(19ms);  // before the first timer event
  if (plan.times.size() != 10) throw SimulationError("the plan was not carried out");
  return Time{plan.times[9] - plan.times[8]};
}

TEST(XenProcesses, RunningAheadChangesNothing) {
  EXPECT_TRUE(rc::check([] {
    const auto steps = *rc::gen::resize(4, rc::gen::container<std::vector<std::vector<int>>>(
                                               rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 6))));
    const auto hogs = *rc::gen::inRange(0, 3);
    RC_ASSERT(outcome_of(xen_with(), false, steps, hogs) == outcome_of(xen_with(), true, steps, hogs));
  }));
}

TEST(XenProcesses, SystemCallsCostAsOnBareHardwareUnlessTheFastTrapIsOff) {
  const Json native{{"name", "native"}, {"smp", false}};
  EXPECT_LE(abs(duration(xen_with(), system_call) - duration(native, system_call)), Time{1}) << "a remainder";
  EXPECT_GT(duration(xen_with("fast_trap", false), system_call), duration(xen_with(), system_call) + 300ns);
}

TEST(XenProcesses, ThirtyTwoFaultsAreBouncedAndUpdateTheirTablesByHypercall) {
  const Json native{{"name", "native"}, {"smp", false}};
  const Time faults = duration(xen_with(), map_touch_unmap);
  EXPECT_GT(faults, duration(native, map_touch_unmap) + 32 * 700ns);
  const Time direct = duration(xen_with("bounce_faults", false), map_touch_unmap);
  EXPECT_LT(direct, faults - 32 * 200ns);
  EXPECT_GT(direct, duration(native, map_touch_unmap)) << "updates are validated all the same";
}

TEST(XenProcesses, ShorterQueuesOfUpdatesMeanMoreHypercalls) {
  const Time all = duration(xen_with(), fork_and_wait),
             some = duration(xen_with("update_queue", 4), fork_and_wait),
             none = duration(xen_with("update_queue", 1), fork_and_wait);
  EXPECT_LE(all, some);
  EXPECT_LT(some, none);
  EXPECT_LE(abs(duration(xen_with("update_queue", 1), system_call) - duration(xen_with(), system_call)),
            Time{1});
}

TEST(XenProcesses, MoreMemoryThanTheMachineHasIsRefused) {
  Plan plan{.steps = {system_call}};
  TestHost host(xen_with("memory", "512 MiB"), {});
  const Self::Body body = [&plan](Self self) { return carries_out(self, plan); };
  host.start(executes(body));
  EXPECT_THROW(host.run_until(1ms), InputError);
}

}  // namespace
}  // namespace xensim
