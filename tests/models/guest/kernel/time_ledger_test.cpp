/// Every moment of a process's life goes to exactly one part.
#include "models/guest/kernel/time_ledger.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <numeric>

namespace xensim {
namespace {

constexpr ProcessId first{0}, second{1};

Time part(const LifeTimes& times, LifePart which) { return times[static_cast<std::size_t>(which)]; }
Time sum(const LifeTimes& times) { return std::accumulate(times.begin(), times.end(), Time{}); }
void spend(TimeAccount& account, Activity activity, Time time) {
  account[static_cast<std::size_t>(activity)] += time;
}

TEST(TimeLedger, APassageThroughAllStatesGivesEachItsTime) {
  TimeLedger ledger;
  TimeAccount account{};
  ledger.begin(first, 1, 10us);
  ledger.run(first, 15us, account);
  spend(account, Activity::user, 3us);
  spend(account, Activity::kernel, 2us);
  ledger.sleep(first, 20us);
  ledger.ready(first, 50us, {LifePart::disk});
  ledger.run(first, 51us, account);
  ledger.end(first, 51us);
  const LifeTimes times = ledger.total(1, 100us);
  EXPECT_EQ(part(times, LifePart::runnable), 6us);
  EXPECT_EQ(part(times, LifePart::user), 3us);
  EXPECT_EQ(part(times, LifePart::kernel), 2us);
  EXPECT_EQ(part(times, LifePart::disk_queue), 30us);
  EXPECT_EQ(sum(times), 41us);
}

TEST(TimeLedger, WhatNobodyBilledWhileAProcessRanWasStolenByOtherDomains) {
  TimeLedger ledger;
  TimeAccount account{};
  spend(account, Activity::user, 7us);  // before it ran
  ledger.begin(first, 1, 0us);
  ledger.run(first, 0us, account);
  spend(account, Activity::user, 4us);
  spend(account, Activity::monitor, 1us);
  ledger.preempt(first, 25us);
  const LifeTimes times = ledger.total(1, 25us);
  EXPECT_EQ(part(times, LifePart::user), 4us);
  EXPECT_EQ(part(times, LifePart::monitor), 1us);
  EXPECT_EQ(part(times, LifePart::stolen), 20us);
}

TEST(TimeLedger, AWakeOfOneThatIsAwakeChangesNothing) {
  TimeLedger ledger;
  TimeAccount account{};
  ledger.begin(first, 1, 0us);
  ledger.ready(first, 3us, {LifePart::network});
  ledger.run(first, 5us, account);
  ledger.ready(first, 6us, {LifePart::network});
  ledger.preempt(first, 8us);
  ledger.preempt(first, 9us);
  const LifeTimes times = ledger.total(1, 10us);
  EXPECT_EQ(part(times, LifePart::network), 0us);
  EXPECT_EQ(part(times, LifePart::runnable), 5us + 2us);
  EXPECT_EQ(part(times, LifePart::stolen), 3us);
}

TEST(TimeLedger, GroupsAreSeparateAndANumberMayBeUsedAgain) {
  TimeLedger ledger;
  ledger.begin(first, 1, 0us);
  ledger.begin(second, 2, 0us);
  ledger.end(first, 4us);
  ledger.begin(first, 2, 10us);
  EXPECT_EQ(sum(ledger.total(1, 20us)), 4us);
  EXPECT_EQ(sum(ledger.total(2, 20us)), 20us + 10us);
  EXPECT_EQ(sum(ledger.total(3, 20us)), 0us);
}

TEST(TimeLedger, ASleepUntilTheDiskIsItsQueueButForTheTransferAndInAFaultPaging) {
  TimeLedger ledger;
  ledger.begin(first, 1, 0us);
  ledger.sleep(first, 0us);
  ledger.ready(first, 30us, {LifePart::disk, 8us});
  ledger.sleep(first, 30us, true);
  ledger.ready(first, 50us, {LifePart::disk, 8us});
  const LifeTimes times = ledger.total(1, 50us);
  EXPECT_EQ(part(times, LifePart::disk), 8us);
  EXPECT_EQ(part(times, LifePart::disk_queue), 22us);
  EXPECT_EQ(part(times, LifePart::paging), 20us);
}

TEST(TimeLedger, ByTheClockAGroupDoesWhatTheOneDoesThatRuns) {
  TimeLedger ledger;
  TimeAccount account{};
  ledger.begin(first, 1, 0us);
  ledger.begin(second, 1, 0us);
  ledger.run(first, 2us, account);
  spend(account, Activity::user, 6us);
  ledger.sleep(first, 10us);
  ledger.run(second, 10us, account);
  spend(account, Activity::translation, 5us);
  ledger.sleep(second, 15us);
  ledger.ready(second, 40us, {LifePart::network});
  const LifeTimes times = ledger.elapsed(1, 45us);
  EXPECT_EQ(part(times, LifePart::runnable), 2us + 5us);
  EXPECT_EQ(part(times, LifePart::user), 6us);
  EXPECT_EQ(part(times, LifePart::stolen), 2us);
  EXPECT_EQ(part(times, LifePart::translation), 5us);
  EXPECT_EQ(part(times, LifePart::network), 25us);
  EXPECT_EQ(sum(times), 45us);
}

TEST(TimeLedger, TwoThatRunAtTheSameTimeHaveHalfOfItEach) {
  TimeLedger ledger;
  TimeAccount one{}, other{};
  ledger.begin(first, 1, 0us);
  ledger.begin(second, 1, 0us);
  ledger.run(first, 0us, one);
  ledger.run(second, 0us, other);
  spend(one, Activity::user, 20us);
  spend(other, Activity::kernel, 20us);
  const LifeTimes times = ledger.elapsed(1, 20us);
  EXPECT_EQ(part(times, LifePart::user), 10us);
  EXPECT_EQ(part(times, LifePart::kernel), 10us);
}

TEST(TimeLedger, WhatTheKernelWaitedForItsProcessorAfterTheWakeIsNoPartOfTheSleep) {
  TimeLedger ledger;
  ledger.begin(first, 1, 0us);
  ledger.sleep(first, 0us, false, {.all = 100us, .last = 7us});
  ledger.ready(first, 30us, {LifePart::network}, {.all = 112us, .last = 12us});
  const LifeTimes times = ledger.elapsed(1, 30us);
  EXPECT_EQ(part(times, LifePart::network), 18us);
  EXPECT_EQ(part(times, LifePart::stolen), 12us);
}

TEST(TimeLedger, OfSeveralWakesDuringASleepOnlyTheOneThatEndedItCounts) {
  TimeLedger ledger;
  ledger.begin(first, 1, 0us);
  ledger.sleep(first, 0us, false, {.all = 100us, .last = 7us});
  ledger.ready(first, 30us, {LifePart::network}, {.all = 115us, .last = 5us});  // two ticks before it
  EXPECT_EQ(part(ledger.elapsed(1, 30us), LifePart::stolen), 5us);
  EXPECT_EQ(part(ledger.elapsed(1, 30us), LifePart::network), 25us);
}

TEST(TimeLedger, AWaitBeforeTheSleepDoesNotCount) {
  TimeLedger ledger;
  ledger.begin(first, 1, 0us);
  ledger.sleep(first, 0us, false, {.all = 100us, .last = 7us});
  ledger.ready(first, 30us, {LifePart::process}, {.all = 100us, .last = 7us});  // in the same turn
  EXPECT_EQ(part(ledger.elapsed(1, 30us), LifePart::stolen), 0us);
  EXPECT_EQ(part(ledger.elapsed(1, 30us), LifePart::process), 30us);
}

TEST(TimeLedger, WhatEndsASleepNamesOnlyItsPartAfterTheBeginningOfTheMeasurement) {
  TimeLedger ledger;
  ledger.begin(first, 1, 0us);
  ledger.sleep(first, 0us);
  ledger.divide(1, 10us);
  const LifeTimes lives = ledger.total(1, 10us), elapsed = ledger.elapsed(1, 10us);
  ledger.ready(first, 40us, {LifePart::network});
  for (const auto& [before, after] :
       {std::pair{lives, ledger.total(1, 40us)}, std::pair{elapsed, ledger.elapsed(1, 40us)}}) {
    EXPECT_EQ(part(after, LifePart::process) - part(before, LifePart::process), 0us);
    EXPECT_EQ(part(after, LifePart::network) - part(before, LifePart::network), 30us);
    EXPECT_EQ(sum(after), 40us);
  }
}

TEST(TimeLedger, WhoJoinsAfterTheBeginningOfTheMeasurementTakesNoneOfTheTimeBefore) {
  TimeLedger ledger;
  TimeAccount one{}, other{};
  ledger.begin(first, 1, 0us);
  ledger.begin(second, 1, 0us);
  ledger.run(first, 0us, one);
  spend(one, Activity::user, 10us);
  ledger.divide(1, 10us);
  const LifeTimes before = ledger.elapsed(1, 10us);
  ledger.run(second, 10us, other);
  spend(one, Activity::kernel, 20us);
  spend(other, Activity::kernel, 20us);
  const LifeTimes after = ledger.elapsed(1, 30us);
  EXPECT_EQ(part(after, LifePart::user) - part(before, LifePart::user), 0us);
  EXPECT_EQ(part(after, LifePart::kernel) - part(before, LifePart::kernel), 20us);
}

TEST(TimeLedger, FromTheBeginningOfTheMeasurementNoPartEverShrinks) {
  EXPECT_TRUE(rc::check(
      "differences are not negative",
      [](const std::vector<std::pair<std::uint8_t, std::uint16_t>>& events, std::uint8_t divided) {
        TimeLedger ledger;
        std::array<TimeAccount, 2> accounts{};
        Time now{};
        ledger.begin(first, 1, now);
        ledger.begin(second, 1, now);
        LifeTimes lives{}, elapsed{};
        std::size_t number = 0;
        std::vector<Time> marked;
        for (const auto& [kind, ticks] : events) {
          const ProcessId process{kind / 8U % 2U};
          if (kind >= 128) {
            ledger.mark(1, now);
            marked.push_back(now);
          }
          if (number++ == divided % 16) {
            ledger.divide(1, now);
            lives = ledger.total(1, now);
            elapsed = ledger.elapsed(1, now);
          }
          now += Time{ticks};
          for (std::size_t i = 0; i < accounts.size(); ++i) {  // whether or not somebody runs there
            spend(accounts[i], (ticks + i) % 2 == 0 ? Activity::user : Activity::kernel, Time{ticks});
          }
          switch (kind % 4) {
            case 0:
              ledger.run(process, now, accounts[process.value]);
              break;
            case 1:
              ledger.preempt(process, now);
              break;
            case 2:
              ledger.sleep(process, now);
              break;
            default:
              ledger.ready(process, now, {static_cast<LifePart>(8 + ticks % 6)});
          }
        }
        const LifeTimes lives_after = ledger.total(1, now), elapsed_after = ledger.elapsed(1, now);
        for (std::size_t i = 0; i < life_parts; ++i) {
          RC_ASSERT(lives_after[i] >= lives[i]);
          RC_ASSERT(elapsed_after[i] >= elapsed[i]);
        }
        RC_ASSERT(sum(elapsed_after) == now);
        RC_ASSERT(sum(lives_after) == 2 * now);
        ledger.mark(1, now);
        marked.push_back(now);
        const std::vector<LifeTimes> marks = ledger.elapsed_at_marks(1);
        RC_ASSERT(marks.size() == marked.size());
        RC_ASSERT(marks.back() == elapsed_after);
        for (std::size_t mark = 0; mark < marks.size(); ++mark) {
          RC_ASSERT(sum(marks[mark]) == marked[mark]);
          for (std::size_t i = 0; mark > 0 && i < life_parts; ++i) {
            RC_ASSERT(marks[mark][i] >= marks[mark - 1][i]);
          }
        }
      }));
}

TEST(TimeLedger, ASleepIsDividedAmongTheIntervalsThatItCrosses) {
  TimeLedger ledger;
  ledger.begin(first, 1, 0us);
  ledger.mark(1, 0us);
  ledger.sleep(first, 10us, false, {.all = 100us, .last = 3us});
  ledger.mark(1, 30us);
  ledger.mark(1, 40us);
  ledger.mark(1, 50us);
  EXPECT_EQ(part(ledger.elapsed_at_marks(1)[3], LifePart::process), 40us) << "what it is, nobody knows yet";
  // 10 to 35 in the queue, to 45 the transfer, to 55 until the kernel got its processor.
  ledger.ready(first, 55us, {LifePart::disk, 10us}, {.all = 110us, .last = 10us});
  ledger.mark(1, 60us);
  const std::vector<LifeTimes> marks = ledger.elapsed_at_marks(1);
  ASSERT_EQ(marks.size(), 5U);
  const auto at = [&](std::size_t mark) {
    return std::array{part(marks[mark], LifePart::runnable), part(marks[mark], LifePart::disk_queue),
                      part(marks[mark], LifePart::disk), part(marks[mark], LifePart::stolen)};
  };
  EXPECT_EQ(at(0), (std::array<Time, 4>{0us, 0us, 0us, 0us}));
  EXPECT_EQ(at(1), (std::array<Time, 4>{10us, 20us, 0us, 0us}));
  EXPECT_EQ(at(2), (std::array<Time, 4>{10us, 25us, 5us, 0us}));
  EXPECT_EQ(at(3), (std::array<Time, 4>{10us, 25us, 10us, 5us}));
  EXPECT_EQ(at(4), (std::array<Time, 4>{15us, 25us, 10us, 10us}));
}

TEST(TimeLedger, ThePartsAddUpToTheLifeWhateverHappens) {
  EXPECT_TRUE(
      rc::check("parts add up", [](const std::vector<std::pair<std::uint8_t, std::uint16_t>>& events) {
        TimeLedger ledger;
        TimeAccount account{};
        Time now = 5us;
        ledger.begin(first, 1, now);
        for (const auto& [kind, ticks] : events) {
          const Time passed = Time{ticks};
          now += passed;
          switch (kind % 5) {
            case 0:
              ledger.run(first, now, account);
              break;
            case 1:
              ledger.preempt(first, now);
              break;
            case 2:
              ledger.sleep(first, now);
              break;
            case 3:
              ledger.ready(first, now, {static_cast<LifePart>(8 + ticks % 6)});
              break;
            default:
              spend(account, Activity::user, passed / 2);
          }
        }
        // Only what a processor did while the process ran is its own.
        RC_ASSERT(sum(ledger.total(1, now)) == now - 5us);
        RC_ASSERT(sum(ledger.elapsed(1, now)) == now - 5us);
      }));
}

}  // namespace
}  // namespace xensim
