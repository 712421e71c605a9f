/// Processes with memory, pipes and children on the native platform.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "core/json.hpp"
#include "models/guest/processes/process_kernel.hpp"
#include "models/guest/processes/self_call.hpp"
#include "tests/models/host/process_plan.hpp"

namespace xensim {
namespace {

const WorkingSet small_set = WorkingSet::constant(64, Time{97'500}, 8);

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

TEST(NativeProcesses, AnIdleProcessorIsInterruptedForAnAddressSpaceItHasLeftOnlyOnce) {
  constexpr int rounds = 100;
  std::uint64_t interrupts = 0;
  const Self::Body body = [&interrupts](Self self) -> Program {
    // The other processor takes the child, and then its parent: this one idles with the parent's tables.
    co_await self.fork([](Self) -> Program { co_yield Compute{1ms, &small_set}; });
    co_yield Compute{200us, &small_set};
    co_await self.wait();
    const auto sent = [] {
      return system_call([](ProcessKernel& kernel, GuestProcess&) -> CallResult {
        return {.value = static_cast<std::int64_t>(kernel.counts()[OperationCount::interrupts_sent])};
      });
    };
    const std::int64_t before = co_await sent();
    for (int round = 0; round < rounds; ++round) {
      const std::int64_t start = co_await self.mmap({.length = page_size, .flags = AreaFlags::read});
      co_await self.munmap({static_cast<std::uint32_t>(start)}, page_size);
    }
    interrupts = static_cast<std::uint64_t>(co_await sent() - before);
  };
  TestHost host("native", {});
  host.start(executes(body));
  host.run_until(200ms);
  EXPECT_EQ(host.platform->audit(), "");
  EXPECT_EQ(interrupts, 1U);
}

TEST(NativeProcesses, AChildIsDeadForOthersWhenItsExitIsOver) {
  std::int64_t shortest = INT64_MAX;
  const Self::Body body = [&shortest](Self self) -> Program {
    // The parent asks at any time from before the child's exit to after it.
    for (Time before_asking{}; before_asking < 600us; before_asking += 5us) {
      std::int64_t ended = 0;
      const Self::Body child = [&ended](Self born) -> Program {
        co_await born.touch(Address{0x08052000}, 1, Access::write);
        co_yield Compute{300us, &small_set};
        ended = co_await born.clock();
      };
      co_await self.fork(child);
      co_yield Compute{before_asking, &small_set};
      co_await self.wait();
      shortest = std::min(shortest, co_await self.clock() - ended);
    }
  };
  TestHost host("native", {});
  host.start(executes(body));
  host.run_until(1s);
  EXPECT_GT(shortest, Time{20us}.count()) << "its memory and files are given back first";
  EXPECT_LT(shortest, Time{1ms}.count());
}

/// A call of a tenth of a second that lets interrupts in a thousand times.
Call long_call(const int& looks, int& within) {
  return system_call([&, steps = 0, before = 0](ProcessKernel& kernel, GuestProcess&) mutable -> CallResult {
    if (steps == 0) before = looks;
    kernel.context().did(KernelPath::zero_page, 100);
    if (++steps < 1000) return {.pauses = true};
    within += looks - before;
    return {};
  });
}

TEST(NativeProcesses, ACallIsNotPreemptedInItsMiddle) {
  int looks = 0, within = 0;
  const Self::Body calls = [&](Self) -> Program {
    for (;;) co_await long_call(looks, within);
  };
  const Self::Body looker = [&looks](Self) -> Program {
    for (;; ++looks) co_yield Sleep{1ns};
  };
  TestHost host({{"name", "native"}, {"smp", false}}, {.audit = false});
  host.start(executes(calls));
  host.start(executes(looker));
  host.run_until(2s);
  EXPECT_GT(looks, 10) << "it preempts the other when a call ends";
  EXPECT_EQ(within, 0);
}

}  // namespace
}  // namespace xensim
