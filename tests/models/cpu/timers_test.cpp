#include "models/cpu/timers.hpp"

#include <gtest/gtest.h>

#include "models/cpu/events.hpp"

namespace xensim {
namespace {

using Purpose = AccurateTimers::Purpose;

TEST(AccurateTimers, RunWithTheOneThatIsDueWhatIsDueWithin50Microseconds) {
  AccurateTimers timers;
  timers.set(Purpose::slice, 5ms);
  EXPECT_FALSE(timers.take_due(Purpose::slice, Time{5ms} - 51us));
  EXPECT_TRUE(timers.take_due(Purpose::slice, Time{5ms} - 50us));
  EXPECT_FALSE(timers.take_due(Purpose::slice, 6ms)) << "taken once";
}

TEST(AccurateTimers, TheEarliestIsWhatTheApicIsProgrammedFor) {
  AccurateTimers timers;
  EXPECT_EQ(timers.earliest(), never);
  timers.set(Purpose::tick, 20ms);
  timers.set(Purpose::slice, 5ms);
  EXPECT_EQ(timers.earliest(), Time{5ms});
  timers.set(Purpose::slice, never);
  EXPECT_EQ(timers.earliest(), Time{20ms});
}

TEST(EventMask, ABitMarkedTwiceIsDeliveredOnce) {
  EventMask events;
  EXPECT_FALSE(events.any());
  events.mark(EventBit::timer);
  events.mark(EventBit::timer);
  EXPECT_TRUE(events.deliverable());
  events.deliver();
  EXPECT_EQ(events.take(), EventMask::bit_of(EventBit::timer));
  EXPECT_EQ(events.take(), 0U);
}

TEST(EventMask, DeliveryMasksTheMasterUntilTheHandlersAreDone) {
  EventMask events;
  events.mark(EventBit::timer);
  events.deliver();
  events.mark(EventBit::network);
  EXPECT_TRUE(events.any());
  EXPECT_FALSE(events.deliverable());
  events.unmask();
  EXPECT_TRUE(events.deliverable());
}

}  // namespace
}  // namespace xensim
