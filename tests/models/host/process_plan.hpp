/// Programs with memory, pipes and children, put together from steps.
#pragma once

#include <utility>
#include <vector>

#include "core/json.hpp"
#include "models/guest/memory/area.hpp"
#include "models/guest/processes/self.hpp"
#include "tests/models/host/host_fixture.hpp"

namespace xensim {

inline Program executes(Self::Body main) {
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

inline Program child(Self self, Plan& plan) {
  co_await self.touch(Address{0x08052000}, 2, Access::write);
  co_yield Compute{300us, &plan.set};
  co_await self.write(plan.pipe.write, 4);
}

inline Program carries_out(Self self, Plan& plan) {
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

/// What becomes of the plans, beside programs that only compute: all that the platform reports, and all
/// times.
inline std::pair<Values, std::vector<std::vector<std::int64_t>>> outcome_of(
    const Json& platform, bool strict, const std::vector<std::vector<int>>& all_steps, int hogs) {
  std::vector<Plan> plans;
  for (const auto& steps : all_steps) plans.push_back({.steps = steps, .rounds = 3});
  // The audit of a whole machine's frames takes too long after each scheduling pass.
  const bool has_frames = platform.at("name") == "xen";
  TestHost host(platform, {.strict = strict, .audit = !has_frames});
  for (Plan& plan : plans) {
    const Self::Body body = [&plan](Self self) { return carries_out(self, plan); };
    host.start(executes(body));
  }
  for (int i = 0; i < hogs; ++i) host.start(host.hog());
  for (int i = 1; i <= 4; ++i) {
    host.run_until(50ms * i);
    const std::string fault = host.platform->audit();
    if (!fault.empty()) throw SimulationError(fault);
  }
  std::vector<std::vector<std::int64_t>> times;
  for (const Plan& plan : plans) times.push_back(plan.times);
  return {host.read(), times};
}

}  // namespace xensim
