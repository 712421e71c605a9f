/// Locks that processors of one kernel wait for.
#include "models/guest/kernel/spin_lock.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "models/guest/kernel/kernel_context.hpp"
#include "tests/models/testbed.hpp"

namespace xensim {
namespace {

class SpinLocks : public testing::Test {
 protected:
  /// Has the lock for so long, from `from` on or as soon as it comes by it.
  void holds(Processor& processor, Time from, Time duration) {
    processor.idle_until(from);
    const SpinLock::Held held(lock, processor);
    processor.wait_until(Activity::user, processor.clock.local() + duration);
  }
  [[nodiscard]] static Time waited(const Processor& processor) { return processor.spent(Activity::kernel); }
  void resume() {}

  Calibration calibration = testbed_calibration();
  ProcessorCosts costs{calibration};
  SurvivalTable survival{8192, 8};
  Calendar calendar;
  Event resume_event = Event::calling<&SpinLocks::resume>(*this);
  Processor first{CpuId{0}, testbed_processor, costs, survival, calendar, resume_event, false};
  Processor second{CpuId{1}, testbed_processor, costs, survival, calendar, resume_event, false};
  SpinLock lock;
};

TEST_F(SpinLocks, WhoComesWhileAnotherHasItWaitsForItsEndOnTheProcessor) {
  holds(first, 10us, 5us);
  holds(second, 12us, 1us);
  EXPECT_EQ(waited(first), 0us);
  EXPECT_EQ(waited(second), 3us);
  EXPECT_EQ(second.clock.local(), 16us);
  EXPECT_EQ(lock.waited(), 3us);
  EXPECT_EQ(lock.held(), 6us);
}

TEST_F(SpinLocks, WhoComesBeforeOrAfterDoesNot) {
  holds(first, 10us, 5us);
  holds(second, 2us, 8us);
  holds(second, 15us, 1us);
  EXPECT_EQ(lock.waited(), 0us);
}

TEST_F(SpinLocks, OfTwoStepsTheOneDoneLaterWaitsForAsLongAsEitherWouldHave) {
  holds(first, 10us, 5us);
  holds(second, 8us, 6us);
  EXPECT_EQ(waited(second), 4us) << "from 10 us to 14 us the first would have waited";
  EXPECT_EQ(waited(first), 0us);
  holds(first, 16us, 1us);
  EXPECT_EQ(waited(first), 2us) << "all of 8 us to 18 us is spoken for";
}

TEST_F(SpinLocks, WhoHasItMayTakeItAgain) {
  {
    const SpinLock::Held outer(lock, first);
    holds(first, 0us, 2us);
    first.wait_until(Activity::user, 5us);
  }
  EXPECT_EQ(lock.waited(), 0us);
  EXPECT_EQ(lock.held(), 5us) << "once, and to the end of the outer one";
  holds(second, 3us, 1us);
  EXPECT_EQ(waited(second), 2us);
}

TEST_F(SpinLocks, ItMayBeGivenBackEarly) {
  SpinLock::Held held(lock, first);
  first.wait_until(Activity::user, 5us);
  held.release();
  first.wait_until(Activity::user, 9us);
  held.release();
  holds(second, 6us, 1us);
  EXPECT_EQ(lock.waited(), 0us);
}

TEST_F(SpinLocks, AUniprocessorKernelHasNone) {
  const KernelPathCosts paths{};
  KernelWork work{paths};
  const KernelContext context{work, {}};
  work.on(&first);
  const SpinLock::Held held = context.hold(KernelLock::big_kernel);
  EXPECT_EQ(first.clock.local(), Time{});
}

TEST_F(SpinLocks, WorkThatTakesNoTimeWaitsForNobody) {
  const KernelPathCosts paths{};
  KernelWork work{paths};
  KernelLocks locks;
  const KernelContext context{.work = work, .build = {.smp = true}, .locks = &locks};
  const SpinLock::Held held = context.hold(KernelLock::big_kernel);
  EXPECT_EQ(locks[KernelLock::big_kernel].waited(), Time{});
}

/// Steps that begin with the lock and go on without it, done in the order in which they begin.
TEST_F(SpinLocks, WhereItIsTakenFirstProcessorsHaveItInTheOrderOfTheirComing) {
  EXPECT_TRUE(rc::check([] {
    const auto steps = *rc::gen::container<std::vector<std::pair<int, int>>>(
        rc::gen::pair(rc::gen::inRange(1, 20), rc::gen::inRange(0, 30)));
    SpinLocks_WhereItIsTakenFirstProcessorsHaveItInTheOrderOfTheirComing_Test two;
    Time free{};
    for (const auto& [with, without] : steps) {
      Processor& next = two.first.clock.local() <= two.second.clock.local() ? two.first : two.second;
      const Time came = next.clock.local();
      const Time got = std::max(came, free);
      two.holds(next, came, std::chrono::microseconds(with));
      free = got + std::chrono::microseconds(with);
      RC_ASSERT(next.clock.local() == free);
      next.wait_until(Activity::user, free + std::chrono::microseconds(without));
    }
  }));
}

}  // namespace
}  // namespace xensim
