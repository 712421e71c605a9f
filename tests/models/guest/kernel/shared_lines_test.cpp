/// What the processors of one kernel take from each other's caches.
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "models/guest/kernel/global_lock.hpp"
#include "models/guest/kernel/kernel_path_costs.hpp"
#include "models/guest/kernel/kernel_work.hpp"
#include "models/guest/kernel/scheduler_lines.hpp"
#include "tests/models/testbed.hpp"

namespace xensim {
namespace {

class SharedLines : public testing::Test {
 protected:
  /// Lines that `processor` had to wait for while it did this kernel work.
  template <class Use>
  std::uint64_t waited_for(Processor& processor, Use use) {
    const std::uint64_t before = processor.lines_missed();
    work.on(&processor);
    use();
    EXPECT_EQ(first.audit(), "");
    EXPECT_EQ(second.audit(), "");
    return processor.lines_missed() - before;
  }
  std::uint64_t writes(Processor& processor, KernelObject kind, std::uint32_t lines) {
    return waited_for(processor, [&] { work.uses(kind, 0, lines); });
  }
  std::uint64_t reads(Processor& processor, KernelObject kind, std::uint32_t lines) {
    return waited_for(processor, [&] { work.reads(kind, 0, lines); });
  }
  std::uint64_t does(Processor& processor, KernelPath path) {
    return waited_for(processor, [&] { work.did(path); });
  }
  void resume() {}

  Calibration calibration = testbed_calibration();
  ProcessorCosts costs{calibration};
  KernelPathCosts paths = kernel_path_costs(calibration, costs);
  ProcessorShape shape = testbed_processor;
  SurvivalTable survival{8192, 8};
  Calendar calendar;
  Event resume_event = Event::calling<&SharedLines::resume>(*this);
  Processor first{CpuId{0}, shape, costs, survival, calendar, resume_event, false};
  Processor second{CpuId{1}, shape, costs, survival, calendar, resume_event, false};
  std::uint32_t names = 0;
  KernelWork work{paths, [this] { return FootprintId{names++}; }};
};

TEST_F(SharedLines, WhatOneProcessorWroteTheOtherFetches) {
  EXPECT_EQ(writes(first, KernelObject::inode, 8), 8U) << "never used";
  EXPECT_EQ(writes(first, KernelObject::inode, 8), 0U);
  EXPECT_EQ(writes(second, KernelObject::inode, 8), 8U);
  EXPECT_EQ(writes(second, KernelObject::inode, 8), 0U);
  EXPECT_EQ(writes(first, KernelObject::inode, 8), 8U) << "it had them once, but they were written since";
}

TEST_F(SharedLines, WhatBothOnlyReadBothKeep) {
  (void)writes(first, KernelObject::inode, 8);
  EXPECT_EQ(reads(second, KernelObject::inode, 8), 8U);
  EXPECT_EQ(reads(second, KernelObject::inode, 8), 0U);
  EXPECT_EQ(reads(first, KernelObject::inode, 8), 0U) << "to be read does not take it away";
  EXPECT_EQ(writes(first, KernelObject::inode, 8), 0U);
  EXPECT_EQ(reads(second, KernelObject::inode, 8), 8U);
}

TEST_F(SharedLines, AProcessorThatIsAloneWaitsOnlyForWhatItNeverUsed) {
  for (const KernelObject kind : {KernelObject::page, KernelObject::page_descriptor, KernelObject::process,
                                  KernelObject::space, KernelObject::name, KernelObject::buffer}) {
    EXPECT_EQ(writes(second, kind, 2), 2U);
    for (int i = 0; i < 3; ++i) EXPECT_EQ(writes(second, kind, 2) + reads(second, kind, 2), 0U);
  }
}

TEST_F(SharedLines, CodeStaysInBothAndSoDoDataUnderNoGlobalLock) {
  constexpr KernelPath local = KernelPath::fd_lookup, global = KernelPath::page_allocate;
  ASSERT_FALSE(changes_statics(local));
  ASSERT_TRUE(changes_statics(global));
  for (const KernelPath path : {local, global}) {
    for (Processor* processor : {&first, &second}) EXPECT_GT(does(*processor, path), 0U);
  }
  EXPECT_EQ(does(first, local), 0U);
  EXPECT_EQ(does(first, global), paths.static_lines[static_cast<std::size_t>(global)]);
}

TEST_F(SharedLines, AGlobalLockIsOneLineWhereverItIsTaken) {
  constexpr KernelPath one = KernelPath::page_allocate, other = KernelPath::page_free;
  ASSERT_EQ(lock_of(one), lock_of(other));
  for (const KernelPath path : {one, other}) {
    for (Processor* processor : {&first, &second}) (void)does(*processor, path);
  }
  const auto lines = [&](KernelPath path) { return paths.static_lines[static_cast<std::size_t>(path)]; };
  EXPECT_EQ(does(first, one), lines(one)) << "with the lock";
  EXPECT_EQ(does(first, other), lines(other) - 1) << "which it has now";
}

TEST_F(SharedLines, WhatIsOnlyLookedUpUnderALockStaysInBoth) {
  constexpr KernelPath looks = KernelPath::page_cache_lookup;
  ASSERT_NE(lock_of(looks), GlobalLock::none);
  ASSERT_FALSE(changes_statics(looks));
  for (Processor* processor : {&first, &second}) (void)does(*processor, looks);
  EXPECT_EQ(does(first, looks), 1U) << "the lock's line";
  EXPECT_EQ(does(first, looks), 0U);
}

TEST_F(SharedLines, OfAProcessTheKernelWritesOnlyWhatItKeepsOfIt) {
  const auto enters = [this](Processor& processor) {
    return waited_for(processor, [this] { work.enters(ProcessId{0}); });
  };
  EXPECT_EQ(enters(first), paths.process_lines);
  EXPECT_EQ(enters(second), paths.process_lines) << "never used there";
  EXPECT_EQ(enters(first), paths.task_lines) << "the pipe's and the program's have not moved";
}

TEST_F(SharedLines, FourDescriptorsOfPagesLieInThreeLines) {
  const auto of_page = [this](std::uint32_t page) {
    return waited_for(first, [this, page] { work.uses(KernelObject::page_descriptor, page, 1); });
  };
  std::uint64_t lines = 0;
  for (std::uint32_t page = 400; page < 404; ++page) lines += of_page(page);
  EXPECT_EQ(lines, 3U);
}

TEST_F(SharedLines, OfAnObjectThatIsUsedWithFewLinesWrittenOnlyTheseAreTaken) {
  const auto passes = [&](std::uint32_t lines, std::uint32_t written) {
    return [this, lines, written] { work.uses(KernelObject::page, 0, lines, written); };
  };
  for (Processor* processor : {&first, &second}) (void)waited_for(*processor, passes(18, 0));
  EXPECT_EQ(waited_for(first, passes(18, 3)), 0U);
  EXPECT_EQ(waited_for(second, passes(18, 0)), 3U);
  EXPECT_EQ(waited_for(first, passes(18, 0)), 0U);
}

TEST_F(SharedLines, OfAPageThatIsWrittenInPartTheRestStaysInTheOtherCache) {
  constexpr std::uint32_t page = 7, all = 64;
  const auto read = [&] { work.streams(page, all, Cycles{1}, Processor::Stream::read); };
  const auto store = [&] { work.accesses(page, false, Access::write); };
  (void)waited_for(first, read);
  (void)waited_for(second, read);
  EXPECT_EQ(waited_for(first, read) + waited_for(second, read), 0U);
  for (int i = 0; i < 3; ++i) (void)waited_for(second, store);
  EXPECT_EQ(waited_for(first, read), 1U) << "the same line every time";
  EXPECT_EQ(waited_for(second, read), 0U);
}

TEST_F(SharedLines, WhoWritesMoreOfAnObjectTakesMore) {
  (void)writes(first, KernelObject::inode, 8);
  (void)reads(second, KernelObject::inode, 8);
  (void)writes(first, KernelObject::inode, 2);
  (void)writes(first, KernelObject::inode, 5);
  EXPECT_EQ(reads(second, KernelObject::inode, 8), 5U);
}

TEST_F(SharedLines, AWholePageFromTheOtherCacheDisplacesNothing) {
  constexpr Cycles pace{19};
  const auto price = [&](Processor& processor, std::uint32_t page) {
    const Time before = processor.clock.local();
    work.on(&processor);
    work.streams(page, 64, pace, Processor::Stream::write);
    return processor.clock.local() - before;
  };
  const Time hidden = CycleClock(shape.clock).convert(pace);
  EXPECT_EQ(price(first, 0), (costs.stream_write - hidden) * 64);
  EXPECT_EQ(price(second, 0), (costs.stream_read - hidden) * 64);
}

class SchedulerOfTwo : public SharedLines {
 protected:
  template <class Use>
  std::uint64_t locked(Processor& processor, Use use) {
    return waited_for(processor, [&] {
      SchedulerLines::Locked held(lines, processor, processor.id().value);
      use(held);
    });
  }
  /// Both have scheduled, and the first runs `reader` and then `writer`, while the second idles.
  void SetUp() override {
    for (Processor* processor : {&second, &first}) (void)schedule(*processor, {}, {});
    (void)schedule(first, {}, reader);
    (void)schedule(first, reader, writer);
  }
  std::uint64_t schedule(Processor& processor, std::optional<ProcessId> previous,
                         std::optional<ProcessId> next) {
    return locked(processor, [&](SchedulerLines::Locked& held) {
      if (next) held.look(*next);
      held.chose(previous, next);
    });
  }
  std::uint64_t wake(Processor& processor, ProcessId process, std::optional<unsigned> asked) {
    return locked(processor, [&](SchedulerLines::Locked& held) {
      held.put(process);
      if (asked) held.ask(*asked, {});
    });
  }

  static constexpr ProcessId reader{0}, writer{1};
  SchedulerLines lines{2};
};

TEST_F(SchedulerOfTwo, OneProcessorThatSchedulesAloneWaitsForNothing) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(schedule(first, writer, reader), 0U);
    EXPECT_EQ(schedule(first, reader, writer), 0U);
  }
}

TEST_F(SchedulerOfTwo, AnIdleProcessorThatIsAskedInVainCostsTheOtherLines) {
  (void)wake(first, reader, 1);
  (void)schedule(first, writer, reader);
  // The interrupt comes when the first has taken the reader itself.
  EXPECT_EQ(schedule(second, {}, {}), 3U) << "lock, head, idle task";
  EXPECT_EQ(wake(first, writer, 1), 3U) << "lock, what the second runs, its idle task";
}

TEST_F(SchedulerOfTwo, WhoComesForTheLockWhileItIsHeldWaits) {
  {
    const SchedulerLines::Locked held(lines, first, 0);
    first.charge(Activity::kernel, Cycles{2400});
  }
  second.wait_until(Activity::idle, first.clock.local() - Time{500ns});
  const Time before = second.spent(Activity::kernel);
  const SchedulerLines::Locked late(lines, second, 1);
  EXPECT_EQ(second.spent(Activity::kernel) - before,
            500ns + CycleClock(shape.clock).convert(costs.l2_latency) + costs.memory_latency)
      << "for the lock, and then for its line";
}

TEST_F(SharedLines, WhatADeviceWroteIsInNoCache) {
  EXPECT_EQ(reads(first, KernelObject::page, 8), 8U);
  EXPECT_EQ(reads(second, KernelObject::page, 8), 8U);
  EXPECT_EQ(reads(first, KernelObject::page, 8), 0U);
  work.device_wrote(KernelObject::page, 0);
  EXPECT_EQ(reads(first, KernelObject::page, 8), 8U);
  EXPECT_EQ(reads(second, KernelObject::page, 8), 8U);
}

}  // namespace
}  // namespace xensim
