#include "models/cpu/traps/exit_path.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <vector>

namespace xensim {
namespace {

constexpr std::uint32_t reschedule = bit_of(HypervisorEvent::reschedule), die = bit_of(HypervisorEvent::die),
                        stop = bit_of(HypervisorEvent::stop);

EventMask pending() {
  EventMask events;
  events.mark(EventBit::timer);
  return events;
}

TEST(ExitPath, ResumesIfNothingIsPending) {
  EXPECT_EQ(next_exit_step(false, 0, 0, EventMask{}), ExitStep::resume);
}

TEST(ExitPath, LooksAtSoftirqsThenAtItsOwnEventsThenAtTheGuests) {
  EXPECT_EQ(next_exit_step(false, 4, stop | die | reschedule, pending()), ExitStep::softirqs);
  EXPECT_EQ(next_exit_step(false, 0, stop | die | reschedule, pending()), ExitStep::reschedule);
  EXPECT_EQ(next_exit_step(false, 0, stop | die, pending()), ExitStep::die);
  EXPECT_EQ(next_exit_step(false, 0, stop, pending()), ExitStep::stop);
  EXPECT_EQ(next_exit_step(false, 0, 0, pending()), ExitStep::deliver_events);
}

TEST(ExitPath, LeavesMaskedEventsPending) {
  EventMask events = pending();
  events.mask();
  EXPECT_EQ(next_exit_step(false, 0, 0, events), ExitStep::resume);
  EXPECT_TRUE(events.any());
}

TEST(ExitPath, BackIntoTheMonitorLooksAtNothing) {
  EXPECT_EQ(next_exit_step(true, 1, reschedule | die, pending()), ExitStep::resume);
}

TEST(ExitPath, ComesToAnEndAfterOneStepForEachThingPending) {
  EXPECT_TRUE(rc::check([](std::uint8_t softirqs, std::uint32_t hypervisor_events, bool marked) {
    EventMask events = marked ? pending() : EventMask{};
    std::vector<ExitStep> steps;
    do {
      steps.push_back(next_exit_step(false, softirqs, hypervisor_events, events));
      switch (steps.back()) {
        case ExitStep::softirqs:
          softirqs = 0;
          break;
        case ExitStep::reschedule:
          hypervisor_events &= ~reschedule;
          break;
        case ExitStep::die:
          hypervisor_events &= ~die;
          break;
        case ExitStep::stop:
          hypervisor_events &= ~stop;
          break;
        case ExitStep::deliver_events:
          events.deliver();
          break;
        case ExitStep::resume:
          break;
      }
      RC_ASSERT(steps.size() <= 6U);
    } while (steps.back() != ExitStep::resume);
    for (std::size_t i = 1; i < steps.size(); ++i) RC_ASSERT(steps[i - 1] < steps[i]);
    RC_ASSERT(!events.deliverable());
  }));
}

}  // namespace
}  // namespace xensim
