#include "core/calendar.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/event_sets/reference.hpp"

namespace xensim {
namespace {

/// Notes its name each time it happens.
struct Noter {
  Noter(std::string& notes, char name) : notes_(notes), name_(name) {}
  Noter(const Noter&) = delete;
  Noter& operator=(const Noter&) = delete;
  void note() { notes_ += name_; }

  Event event = Event::calling<&Noter::note>(*this);

 private:
  std::string& notes_;
  char name_;
};

template <class Set>
class CalendarTest : public testing::Test {
 protected:
  Event& event(char name) {
    noters_.push_back(std::make_unique<Noter>(notes, name));
    return noters_.back()->event;
  }

  BasicCalendar<Set> calendar;
  std::string notes;

 private:
  std::vector<std::unique_ptr<Noter>> noters_;
};

using EventSets = testing::Types<ReferenceEventSet, LadderQueue>;
TYPED_TEST_SUITE(CalendarTest, EventSets);

TYPED_TEST(CalendarTest, EventsHappenInOrderOfTime) {
  this->calendar.schedule(this->event('b'), 2ns);
  this->calendar.schedule(this->event('c'), 3ns);
  this->calendar.schedule(this->event('a'), 1ns);
  this->calendar.run_until(3ns);
  EXPECT_EQ(this->notes, "abc");
  EXPECT_EQ(this->calendar.dispatched(), 3);
}

TYPED_TEST(CalendarTest, EventsOfOneTimeHappenInOrderOfInsertion) {
  std::string expected;
  for (char name = '!'; name <= '~'; ++name) {
    this->calendar.schedule(this->event(name), 1ns);
    expected += name;
  }
  this->calendar.run_until(1ns);
  EXPECT_EQ(this->notes, expected);
}

TYPED_TEST(CalendarTest, ReArmingToTheSameTimeMovesAnEventBehindTheOthers) {
  Event& event = this->event('a');
  this->calendar.schedule(event, 1ns);
  this->calendar.schedule(this->event('b'), 1ns);
  this->calendar.schedule(event, 1ns);
  EXPECT_EQ(this->calendar.size(), 2);
  this->calendar.run_until(1ns);
  EXPECT_EQ(this->notes, "ba");
}

TYPED_TEST(CalendarTest, ACancelledEventDoesNotHappen) {
  Event& event = this->event('a');
  this->calendar.schedule(event, 1ns);
  this->calendar.schedule(this->event('b'), 2ns);
  EXPECT_TRUE(event.pending());
  this->calendar.cancel(event);
  EXPECT_FALSE(event.pending());
  EXPECT_EQ(this->calendar.next(), 2ns);
  this->calendar.cancel(event);
  this->calendar.run_until(2ns);
  EXPECT_EQ(this->notes, "b");
}

TYPED_TEST(CalendarTest, ACancelledEventMayDieAtOnce) {
  std::vector<std::unique_ptr<Noter>> noters;
  for (int i = 0; i < 100; ++i) {
    noters.push_back(std::make_unique<Noter>(this->notes, 'x'));
    this->calendar.schedule(noters.back()->event, Time{1000 - i});
  }
  for (auto& noter : noters) {
    this->calendar.cancel(noter->event);
    noter.reset();
  }
  EXPECT_EQ(this->calendar.next(), never);
  this->calendar.schedule(this->event('a'), 1ns);
  this->calendar.run_until(2ns);
  EXPECT_EQ(this->notes, "a");
}

TYPED_TEST(CalendarTest, RunningUntilABoundIncludesTheBoundAndStopsThere) {
  this->calendar.schedule(this->event('a'), 10ns);
  this->calendar.schedule(this->event('b'), 10ns + Time{1});
  this->calendar.run_until(10ns);
  EXPECT_EQ(this->notes, "a");
  EXPECT_EQ(this->calendar.now(), 10ns);
  this->calendar.run_until(20ns);
  EXPECT_EQ(this->notes, "ab");
  EXPECT_EQ(this->calendar.now(), 20ns);
}

TYPED_TEST(CalendarTest, RunningBeforeABoundLeavesWhatIsDueThen) {
  this->calendar.schedule(this->event('a'), 10ns - Time{1});
  this->calendar.schedule(this->event('b'), 10ns);
  this->calendar.run_before(10ns);
  EXPECT_EQ(this->notes, "a");
  EXPECT_EQ(this->calendar.now(), 10ns);
  EXPECT_EQ(this->calendar.next(), 10ns);
}

TYPED_TEST(CalendarTest, AnEventAtTheEndOfTimeIsTheLast) {
  this->calendar.schedule(this->event('z'), never);
  for (int i = 0; i < 60; ++i) this->calendar.schedule(this->event('a'), Time{i * i});
  while (this->calendar.size() > 1) this->calendar.dispatch();
  EXPECT_EQ(this->calendar.next(), never);
  this->calendar.schedule(this->event('b'), this->calendar.now());
  while (this->calendar.size() > 0) this->calendar.dispatch();
  EXPECT_EQ(this->notes, std::string(60, 'a') + "bz");
}

TYPED_TEST(CalendarTest, ThePastCannotBeChanged) {
  this->calendar.run_until(2ns);
  Event& event = this->event('a');
  EXPECT_THROW(this->calendar.schedule(event, 1ns), std::logic_error);
  EXPECT_FALSE(event.pending());
}

TYPED_TEST(CalendarTest, AnEmptyCalendarCanBeFilledAgain) {
  Event& event = this->event('a');
  for (int round = 1; round <= 3; ++round) {
    EXPECT_EQ(this->calendar.next(), never);
    EXPECT_EQ(this->calendar.size(), 0);
    this->calendar.schedule(event, Time{round * 1000});
    this->calendar.run_until(Time{round * 1000});
  }
  EXPECT_EQ(this->notes, "aaa");
}

TYPED_TEST(CalendarTest, AnEventMayScheduleItselfForThePresent) {
  struct Repeater {
    BasicCalendar<TypeParam>& calendar;
    int left;
    Event event = Event::calling<&Repeater::repeat>(*this);
    void repeat() {
      if (left-- > 0) calendar.schedule(event, calendar.now());
    }
  };
  Repeater repeater{this->calendar, 5};
  this->calendar.schedule(repeater.event, 1ns);
  this->calendar.run_until(1ns);
  EXPECT_EQ(repeater.left, -1);
  EXPECT_EQ(this->calendar.dispatched(), 6);
}

}  // namespace
}  // namespace xensim
