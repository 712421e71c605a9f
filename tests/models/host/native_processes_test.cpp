/// Processes with memory, pipes and children on the native platform.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "models/guest/area.hpp"
#include "models/guest/self.hpp"
#include "tests/models/host/host_fixture.hpp"

namespace xensim {
namespace {

Program executes(Self::Body main) {
  const ProgramImage image{.path = "/bin/test"};
  co_await Self{}.exec(image, main);
}

/// What a generated program does over and over, and when each step ended.
struct Plan {
  std::vector<int> steps;
  int rounds = 1;
  std::vector<std::int64_t> times{};
  Self::PipeEnds pipe{};
  WorkingSet set = WorkingSet::constant(64, Time{97'500}, 8);
};

Program child(Self self, Plan& plan) {
  co_await self.touch(Address{0x08052000}, 2, Access::write);
  co_yield Compute{300us, &plan.set};
  co_await self.write(plan.pipe.write, 4);
}

Program carries_out(Self self, Plan& plan) {
  const Self::Body born = [&plan](Self its_self) { return child(its_self, plan); };
  co_await self.pipe(plan.pipe);
  for (int round = 0; round < plan.rounds; ++round) {
    for (const int step : plan.steps) {
      if (step == 0) co_await self.getppid();
      if (step == 1 || step == 5) co_await self.fork(born);
      if (step == 5) co_yield Compute{700us, &plan.set};
      if (step == 1 || step == 5) co_await self.read(plan.pipe.read, 4);
      if (step == 1 || step == 5) co_await self.wait();
      if (step == 2) {
        const Self::MapRequest request{.length = 32 * page_size, .flags = AreaFlags::read | AreaFlags::write};
        const std::int64_t mapped = co_await self.mmap(request);
        const Address start{static_cast<std::uint32_t>(mapped)};
        co_await self.touch(start, 32, Access::write);
        co_await self.munmap(start, 32 * page_size);
      }
      if (step == 3) co_yield Sleep{5ms};
      if (step == 4) co_yield Compute{700us, &plan.set};
      plan.times.push_back(co_await self.clock());
    }
  }
}

TEST(NativeProcesses, RunningAheadChangesNothing) {
  EXPECT_TRUE(rc::check([] {
    const bool smp = *rc::gen::arbitrary<bool>();
    const auto steps = *rc::gen::container<std::vector<std::vector<int>>>(
        rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 6)));
    const auto hogs = *rc::gen::inRange(0, 3);
    const auto outcome = [&](bool strict) {
      std::vector<Plan> plans;
      for (const auto& its_steps : steps) plans.push_back({.steps = its_steps, .rounds = 3});
      TestHost host({{"name", "native"}, {"smp", smp}}, {.strict = strict});
      for (Plan& plan : plans) {
        const Self::Body body = [&plan](Self self) { return carries_out(self, plan); };
        host.start(executes(body));
      }
      for (int i = 0; i < hogs; ++i) host.start(host.hog());
      for (int i = 1; i <= 4; ++i) {
        host.run_until(50ms * i);
        RC_ASSERT(host.platform->audit() == "");
      }
      std::vector<std::vector<std::int64_t>> times;
      for (const Plan& plan : plans) times.push_back(plan.times);
      return std::pair(host.read(), times);
    };
    RC_ASSERT(outcome(false) == outcome(true));
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
