/// Worked numbers of the Linux 2.4 scheduler: HZ = 100, nice 0 has 6 ticks.
#include "models/guest/kernel/run_queue.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>

namespace xensim {
namespace {

constexpr ProcessId a{0}, b{1}, c{2};

/// One processor whose processes only compute: runs ticks, counts who had them.
std::map<std::uint32_t, int> run_hogs(RunQueue& queue, int ticks) {
  std::map<std::uint32_t, int> had;
  (void)queue.select(0);
  for (int i = 0; i < ticks; ++i) {
    ++had[queue.current(0)->value];
    if (queue.tick(0, 1)) (void)queue.select(0);
  }
  return had;
}

TEST(RunQueue, AThreadOfOneProcessorWaitsForIt) {
  RunQueue queue(2);
  queue.add(a, 0);
  queue.add(b, 19, RunQueue::Memory::borrowed, 0);
  (void)queue.wake(a);
  ASSERT_EQ(queue.select(0).next, a);
  EXPECT_EQ(queue.wake(b), std::nullopt) << "the other processor is idle, but not its own";
  EXPECT_EQ(queue.select(1).next, std::nullopt);
  queue.block(a);
  EXPECT_EQ(queue.select(0).next, b);
  EXPECT_EQ(queue.audit(), "");
}

TEST(RunQueue, AmongEqualsAProcessorTakesTheOneThatRanOnItLast) {
  RunQueue queue(2);
  const auto run_and_block = [&](ProcessId process, unsigned cpu) {
    queue.add(process, 0);
    (void)queue.wake(process);
    EXPECT_EQ(queue.select(cpu).next, process);
    queue.block(process);
    (void)queue.select(cpu);
  };
  run_and_block(a, 0);
  run_and_block(c, 1);
  run_and_block(b, 1);  // whose address space is the loaded one
  (void)queue.wake(a);
  (void)queue.wake(c);
  EXPECT_EQ(queue.select(1).next, c) << "15 for the processor's caches, although a has waited longer";
  EXPECT_EQ(queue.select(0).next, a);
}

TEST(RunQueue, WhoYieldsLetsAllOthersGoFirstEvenThoseWithoutTicks) {
  RunQueue queue(1);
  for (const ProcessId process : {a, b}) {
    queue.add(process, 0);
    (void)queue.wake(process);
  }
  EXPECT_EQ(queue.select(0).next, a);
  EXPECT_TRUE(queue.yield(0));
  const RunQueue::Selection selection = queue.select(0);
  EXPECT_EQ(selection.next, b);
  EXPECT_EQ(selection.recalculated, 0U);
  (void)queue.tick(0, 6);
  EXPECT_EQ(queue.select(0).next, a) << "it has its chance again";
  EXPECT_TRUE(queue.yield(0));
  EXPECT_GT(queue.select(0).recalculated, 0U) << "b has used its slice up: better than -1, so all begin anew";
  EXPECT_EQ(queue.current(0), b);
}

TEST(RunQueue, YieldingAloneDoesNothing) {
  RunQueue queue(1);
  queue.add(a, 0);
  (void)queue.wake(a);
  (void)queue.select(0);
  EXPECT_FALSE(queue.yield(0));
}

TEST(RunQueue, HogsRun60MillisecondsAndTheLastOfARoundBeginsTheNext) {
  RunQueue queue(1);
  for (const ProcessId process : {a, b}) {
    queue.add(process, 0);
    (void)queue.wake(process);
  }
  EXPECT_EQ(queue.select(0).next, a);
  // When both have used their slices up, counters are recalculated; the current one's bonus for its own
  // memory map then decides between equals.
  for (const ProcessId running : {a, b, b, a, a, b}) {
    for (int tick = 1; tick <= 6; ++tick) {
      EXPECT_EQ(queue.current(0)->value, running.value);
      EXPECT_EQ(queue.tick(0, 1), tick == 6);
    }
    (void)queue.select(0);
  }
}

TEST(RunQueue, NiceGivesSlicesOf110And60And10Milliseconds) {
  RunQueue queue(1);
  queue.add(a, -20);
  queue.add(b, 0);
  queue.add(c, 19);
  for (const ProcessId process : {a, b, c}) (void)queue.wake(process);
  const auto had = run_hogs(queue, 10 * (11 + 6 + 1));
  EXPECT_EQ(had.at(0), 110);
  EXPECT_EQ(had.at(1), 60);
  EXPECT_EQ(had.at(2), 10);
}

TEST(RunQueue, ALongSleeperGathersElevenTicks) {
  RunQueue queue(1);
  queue.add(a, 0);
  queue.add(b, 0);
  (void)queue.wake(a);
  run_hogs(queue, 60);
  EXPECT_EQ(queue.counter(b), 11);
}

TEST(RunQueue, AWokenSleeperPreemptsAHogOfLessGoodnessOnly) {
  RunQueue queue(1);
  queue.add(a, 0);
  queue.add(b, 0);
  (void)queue.wake(a);
  run_hogs(queue, 60);
  ASSERT_EQ(queue.counter(b), 11);
  ASSERT_EQ(queue.counter(a), 6);
  EXPECT_EQ(queue.wake(b), 0U) << "31 against 27";
  EXPECT_EQ(queue.select(0).next, b);
  EXPECT_FALSE(queue.tick(0, 5));
  queue.block(b);
  EXPECT_EQ(queue.select(0).next, a);
  EXPECT_EQ(queue.wake(b), std::nullopt) << "26 against 27";
}

TEST(RunQueue, AKernelThreadIsAsGoodAsTheCurrentProcess) {
  RunQueue queue(1);
  queue.add(a, 0);
  queue.add(b, 0, RunQueue::Memory::borrowed);
  (void)queue.wake(a);
  (void)queue.select(0);
  (void)queue.tick(0, 1);
  EXPECT_EQ(queue.wake(b), 0U) << "27 against 26";
  queue.block(b);
  (void)queue.select(0);
  queue.grant(b, queue.counter(a));
  EXPECT_EQ(queue.wake(b), std::nullopt) << "either has a bonus";
}

TEST(RunQueue, WhoseMemoryIsStillLoadedIsPreferredToItsEquals) {
  RunQueue queue(1);
  for (const ProcessId process : {a, b}) queue.add(process, 0);
  (void)queue.wake(b);
  EXPECT_EQ(queue.select(0).next, b);
  queue.block(b);
  EXPECT_EQ(queue.select(0).next, std::nullopt);
  (void)queue.wake(a);
  (void)queue.wake(b);
  EXPECT_EQ(queue.select(0).next, b) << "though a has waited longer";
}

TEST(RunQueue, AChildBelongsToItsParentsProcessor) {
  RunQueue queue(2);
  for (const ProcessId process : {a, b}) {
    queue.add(process, 0);
    (void)queue.wake(process);
  }
  ASSERT_EQ(queue.select(1).next, a);
  ASSERT_EQ(queue.select(0).next, b);
  (void)queue.fork(a, c);
  queue.grant(c, 10);
  EXPECT_EQ(queue.wake(c), 1U) << "which loses 27 points by it, the other one 12";
}

TEST(RunQueue, EqualCountersDoNotPreempt) {
  RunQueue queue(1);
  queue.add(a, 0);
  queue.add(b, 0);
  (void)queue.wake(a);
  (void)queue.select(0);
  EXPECT_EQ(queue.wake(b), std::nullopt);
}

TEST(RunQueue, EachPassLooksAtTheWholeList) {
  RunQueue queue(1);
  for (std::uint32_t i = 0; i < 50; ++i) {
    queue.add(ProcessId{i}, 0);
    (void)queue.wake(ProcessId{i});
  }
  EXPECT_EQ(queue.select(0).scanned, 50U);
}

TEST(RunQueue, OnSmpAWokenProcessGoesToAnIdleProcessorFirstItsOwn) {
  RunQueue queue(2);
  queue.add(a, 0);
  queue.add(b, 0);
  ASSERT_EQ(queue.wake(a), 0U);
  ASSERT_EQ(queue.select(0).next, a);
  EXPECT_EQ(queue.wake(b), 1U);
  ASSERT_EQ(queue.select(1).next, b);
  queue.block(b);
  EXPECT_EQ(queue.select(1).next, std::nullopt);
  EXPECT_EQ(queue.wake(b), 1U) << "it ran there last";
}

TEST(RunQueue, OnSmpAProcessThatRunsElsewhereIsNotTaken) {
  RunQueue queue(2);
  for (const ProcessId process : {a, b}) {
    queue.add(process, 0);
    (void)queue.wake(process);
  }
  EXPECT_EQ(queue.select(0).next, a);
  EXPECT_EQ(queue.select(1).next, b);
  EXPECT_EQ(queue.select(0).next, a);
}

TEST(RunQueue, OnSmpAffinityKeepsEqualsWhereTheyRan) {
  RunQueue queue(2);
  for (const ProcessId process : {a, b, c}) {
    queue.add(process, 0);
    (void)queue.wake(process);
  }
  ASSERT_EQ(queue.select(0).next, a);
  ASSERT_EQ(queue.select(1).next, b);
  ASSERT_TRUE(queue.tick(0, 6));
  EXPECT_EQ(queue.select(0).next, c) << "the only one with ticks left that runs nowhere";
}

TEST(RunQueue, AnyMixOfNiceAndWakesShareInProportionToTheirSlices) {
  EXPECT_TRUE(rc::check([] {
    const auto nices = *rc::gen::nonEmpty(rc::gen::container<std::vector<int>>(rc::gen::inRange(-20, 20)));
    RunQueue queue(1);
    int epoch = 0;
    for (std::uint32_t i = 0; i < nices.size(); ++i) {
      queue.add(ProcessId{i}, nices[i]);
      (void)queue.wake(ProcessId{i});
      epoch += ((20 - nices[i]) >> 2) + 1;
    }
    const auto had = run_hogs(queue, 5 * epoch);
    for (std::uint32_t i = 0; i < nices.size(); ++i) {
      RC_ASSERT(had.at(i) == 5 * (((20 - nices[i]) >> 2) + 1));
    }
    RC_ASSERT(queue.audit().empty());
  }));
}

TEST(RunQueue, StaysConsistentUnderAnyUse) {
  EXPECT_TRUE(rc::check([] {
    RunQueue queue(2);
    constexpr std::uint32_t processes = 6;
    for (std::uint32_t i = 0; i < processes; ++i) queue.add(ProcessId{i}, 0);
    const auto steps = *rc::gen::container<std::vector<std::pair<int, std::uint32_t>>>(
        rc::gen::pair(rc::gen::inRange(0, 4), rc::gen::inRange<std::uint32_t>(0, processes)));
    for (const auto& [kind, n] : steps) {
      const unsigned cpu = n % 2;
      if (kind == 0) (void)queue.wake(ProcessId{n});
      if (kind == 1) (void)queue.select(cpu);
      if (kind == 2) (void)queue.tick(cpu, n);
      if (kind == 3 && queue.current(cpu)) {
        queue.block(*queue.current(cpu));
        (void)queue.select(cpu);
      }
      RC_ASSERT(queue.audit().empty());
      RC_ASSERT(!queue.current(0) || queue.current(0) != queue.current(1));
    }
  }));
}

TEST(RunQueue, AForkLeavesTheParentHalfOfItsSliceAndTheThirdForkNothing) {
  RunQueue queue(1);
  const ProcessId parent{0};
  queue.add(parent, 0);
  std::vector<int> parents, children;
  for (std::uint32_t child = 1; child <= 3; ++child) {
    EXPECT_EQ(queue.fork(parent, {child}), child == 3);
    parents.push_back(queue.counter(parent));
    children.push_back(queue.counter({child}));
  }
  EXPECT_EQ(parents, (std::vector<int>{3, 1, 0}));
  EXPECT_EQ(children, (std::vector<int>{3, 2, 1}));
}

TEST(RunQueue, AReapedChildGivesItsTicksBackUpToALimit) {
  RunQueue queue(1);
  const ProcessId parent{0};
  queue.add(parent, -20);
  for (std::uint32_t child = 1; child <= 3; ++child) {
    queue.add({child}, -20);
    queue.give_back(parent, {child});
    queue.remove({child});
  }
  EXPECT_EQ(queue.counter(parent), 20) << "of 44";
}

}  // namespace
}  // namespace xensim
