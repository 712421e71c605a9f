/// What interrupts leave of softirqs is done when programs leave the processor.
#include "models/guest/processes/self_call.hpp"
#include "tests/models/guest/processes/process_fixture.hpp"

namespace xensim {
namespace {

using Step = SoftirqDaemon::Step;

const ProgramImage image{.path = "/bin/test", .dynamic = false};

Program executes(Self::Body main) { co_await Self{}.exec(image, main); }

TEST(SoftirqDaemon, RunsBehindProgramsUntilNothingIsRaised) {
  ProcessFixture fixture;
  std::vector<std::string> order;
  SoftirqDaemon* daemon = nullptr;
  std::vector<Step> steps{Step::done, Step::more, Step::exhausted, Step::more};
  const auto softirq = [&](unsigned /*vcpu*/) {
    order.emplace_back(daemon->in_softirq() ? "goes on" : "softirq");
    const Step step = steps.back();
    if (steps.size() > 1) steps.pop_back();
    return step;
  };
  // As an interrupt does whose softirq was raised again.
  const auto raise = [&] {
    return system_call([&](ProcessKernel& kernel, GuestProcess&) -> CallResult {
      if (daemon == nullptr) daemon = &kernel.give_softirq(0, softirq);
      daemon->wake();
      return {};
    });
  };
  const Self::Body child = [&](Self) -> Program {
    order.emplace_back("another program");
    co_return;
  };
  fixture.run(executes([&](Self self) -> Program {
    co_await raise();
    co_await raise();
    co_yield Compute{1ms};
    order.emplace_back("program");
    co_await self.fork(child);
    co_await self.wait();
    co_yield Sleep{1s};  // for ever: there is no clock here
  }));
  EXPECT_EQ(order, (std::vector<std::string>{"program", "another program", "softirq", "goes on", "softirq",
                                             "goes on"}));
  EXPECT_FALSE(daemon->in_softirq());
}

}  // namespace
}  // namespace xensim
