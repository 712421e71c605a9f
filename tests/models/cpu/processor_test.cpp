/// What objects with footprints of their own cost a processor, by where their lines are.
#include "models/cpu/processor.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "tests/models/testbed.hpp"

namespace xensim {
namespace {

class ObjectsInCaches : public testing::Test {
 protected:
  template <class Work>
  Time time_of(Work work) {
    const Time before = processor.clock.local();
    work();
    EXPECT_EQ(processor.audit(), "");
    return processor.clock.local() - before;
  }
  Time use(std::uint32_t owner, std::uint32_t lines) {
    return time_of([&] { processor.use(Activity::kernel, FootprintId{owner}, lines); });
  }
  Time read(std::uint32_t page, Cycles pace) {
    return time_of([&] {
      processor.stream(Activity::kernel, FootprintId{page}, page_lines, pace, Processor::Stream::read);
    });
  }
  Time execute(std::uint32_t code, std::uint32_t lines) {
    return time_of([&] { processor.execute(Activity::kernel, FootprintId{code}, lines); });
  }
  Time use_start(std::uint32_t page) {
    return time_of([&] { processor.use_start(Activity::kernel, FootprintId{page}); });
  }
  Time cycles(Cycles count) const { return CycleClock(shape.clock).convert(count); }
  void resume() {}

  static constexpr std::uint32_t page_lines = 64;
  Calibration calibration = testbed_calibration();
  ProcessorCosts costs{calibration};
  ProcessorShape shape = testbed_processor;
  SurvivalTable survival{8192, 8};
  Calendar calendar;
  Event resume_event = Event::calling<&ObjectsInCaches::resume>(*this);
  Processor processor{CpuId{0}, shape, costs, survival, calendar, resume_event, false};
};

TEST_F(ObjectsInCaches, AreFreeInTheL1DearerInTheL2AndDearestInMemory) {
  EXPECT_EQ(use(0, 4), cycles(costs.l2_latency * 4) + costs.memory_latency * 4) << "never used";
  EXPECT_EQ(use(0, 4), Time{});
  for (std::uint32_t other = 1; other <= 8; ++other) use(other, 100);
  EXPECT_EQ(use(0, 4), cycles(costs.l2_latency * 4)) << "others filled the L1";
  for (std::uint32_t other = 100; other < 400; ++other) use(other, 100);
  EXPECT_EQ(use(0, 4), cycles(costs.l2_latency * 4) + costs.memory_latency * 4) << "and the L2";
}

TEST_F(ObjectsInCaches, ThatAreReadInOrderCostWhatMemoryTakesLongerThanTheLoop) {
  const Cycles pace{19};
  EXPECT_EQ(read(0, pace), (costs.stream_read - cycles(pace)) * page_lines);
  EXPECT_EQ(read(0, pace), Time{}) << "in the L2: the loop's own time is its own to count";
  EXPECT_EQ(read(1, Cycles{1000}), Time{}) << "a slow loop waits for nothing";
}

TEST_F(ObjectsInCaches, ReadInOrderTakeAThirdOfWhatTheyTakeAtRandom) {
  EXPECT_LT(costs.stream_read * 2, costs.memory_latency + cycles(costs.l2_latency));
  EXPECT_GT(costs.stream_write, costs.stream_read);
}

TEST_F(ObjectsInCaches, CodeIsDecodedAgainWhenOtherCodeRanSince) {
  EXPECT_EQ(execute(0, 10), cycles(costs.trace_miss * 10) + costs.memory_latency * 10);
  EXPECT_EQ(execute(0, 10), Time{}) << "a loop runs from the trace cache";
  for (std::uint32_t other = 1; other <= 8; ++other) execute(other, costs.trace_lines / 2);
  EXPECT_EQ(execute(0, 10), cycles(costs.trace_miss * 10)) << "its lines are in the L2";
}

TEST_F(ObjectsInCaches, CodeOfProgramsPushesOutThatOfKernelsAndIsWaitedForOnlyIfTheL2LacksIt) {
  constexpr std::uint32_t program = 1;
  const auto run_through = [&](std::uint32_t lines) {
    return time_of([&] { processor.run_through(FootprintId{program}, lines); });
  };
  execute(0, 10);
  EXPECT_EQ(run_through(costs.trace_lines * 4), costs.miss_price * (costs.trace_lines * 4)) << "never run";
  EXPECT_EQ(run_through(costs.trace_lines * 4), Time{}) << "its trace cache misses are its own time";
  EXPECT_EQ(execute(0, 10), cycles(costs.trace_miss * 10)) << "the kernel's code, from the L2";
}

TEST_F(ObjectsInCaches, ProgramsThatComputePushKernelsObjectsOutOfTheL1) {
  constexpr std::uint32_t object = 0;
  const FootprintId program{1};
  const auto compute_on = [&](std::uint32_t lines) {
    const WorkingSet data = WorkingSet::constant(lines, costs.miss_price, 0);
    Execution execution = processor.begin(data, program);
    processor.end(execution, processor.clock.local() + 1ms);
  };
  use(object, 4);
  compute_on(8);
  EXPECT_EQ(use(object, 4), Time{}) << "few lines";
  compute_on(8 * shape.l1_lines);
  EXPECT_EQ(use(object, 4), cycles(costs.l2_latency * 4)) << "all of the L1, several times";
}

TEST_F(ObjectsInCaches, ProgramsPushKernelsCodeOutOfTheTraceCacheByTheCodeTheyRunThrough) {
  const WorkingSet loop = WorkingSet::constant(1, costs.miss_price, 0);
  const auto compute = [&](const WorkingSet& set) {
    Execution execution = processor.begin(set, FootprintId{1});
    processor.end(execution, processor.clock.local() + 1ms);
  };
  execute(0, 10);
  compute(loop);
  EXPECT_EQ(execute(0, 10), Time{});
  compute(loop.with_code(4 * costs.trace_lines));
  EXPECT_EQ(execute(0, 10), cycles(costs.trace_miss * 10)) << "from the L2";
}

TEST_F(ObjectsInCaches, AccountsOfAProgramAreTheSameHoweverOftenTheyAreRead) {
  const std::array measured{MissCurve::Point{Bytes{32 << 10}, 34}, MissCurve::Point{Bytes{8 << 20}, 0.22}};
  const WorkingSet data =
      WorkingSet::from_curve(MissCurve(measured), 1.21, shape.clock, Bytes{64}, 8192, costs.miss_price, 40);
  Processor read_often{CpuId{1}, shape, costs, survival, calendar, resume_event, false};
  for (int i = 1; i <= 2000; ++i) {
    const FootprintId program{static_cast<std::uint32_t>(i % 2)};
    const Time length{std::int64_t{7'919'003} * i};
    Execution execution = processor.begin(data, program), same = read_often.begin(data, program);
    for (int part = 1; part < 50; ++part) read_often.account(same, same.start + length * part / 50);
    processor.end(execution, execution.start + length);
    read_often.end(same, same.start + length);
    ASSERT_EQ(read_often.account(), processor.account()) << i;
  }
}

TEST_F(ObjectsInCaches, FirstLinesOfPagesHaveASixtyFourthOfTheL2) {
  constexpr std::uint32_t pages = 2048;  // 2048 lines, a quarter of the L2
  for (std::uint32_t page = 0; page < pages; ++page) use_start(page);
  EXPECT_EQ(use_start(0), cycles(costs.l2_latency) + costs.memory_latency) << "16 sets hold 128 of them";
  for (std::uint32_t object = 0; object < pages; ++object) use(pages + object, 1);
  EXPECT_EQ(use(pages, 1), cycles(costs.l2_latency)) << "lines anywhere else fit";
}

}  // namespace
}  // namespace xensim
