#include "models/memory/balloon.hpp"

#include <gtest/gtest.h>

#include <array>

#include "tests/models/memory/memory_bench.hpp"

namespace xensim {
namespace {

using test::MemoryBench;
using test::writable;
using Status = HypercallStatus;

class Balloon : public testing::TestWithParam<MemoryRules> {
 protected:
  Balloon() : frames(test::frames_of(bench.machine, domain)) {}
  HypercallStatus increase(std::uint32_t pages) { return increase_reservation(bench.as(domain), pages, got); }
  DecreaseResult decrease(std::initializer_list<FrameNumber> list) {
    return decrease_reservation(bench.as(domain), {list.begin(), list.size()});
  }
  void map_and_unmap(FrameNumber frame) {
    const FrameNumber table = frames[0];
    ASSERT_EQ(bench.update(bench.domain0, {bench.extended(ExtendedCommand::pin_l1, table)}).status,
              Status::done);
    const MemoryCall call = bench.as(domain);
    ASSERT_TRUE(set_leaf_entry(call, {table, 0}, writable(frame)));
    ASSERT_TRUE(set_leaf_entry(call, {table, 0}, {}));
    bench.cpu.work = {};
  }

  MemoryBench bench{GetParam()};
  MemoryDomain& domain = bench.add(8);
  std::vector<FrameNumber> frames, got;
};

TEST_P(Balloon, GivesFramesBackToTheHeadOfTheFreeList) {
  EXPECT_EQ(decrease({frames[3], frames[5]}).done, 2U);
  EXPECT_EQ(bench.machine.frames.free().first, frames[5]);
  EXPECT_EQ(bench.frame(frames[5]).next, frames[3]);
  EXPECT_EQ(domain.total_pages, 6U);
  EXPECT_EQ(bench.audit(), "");
}

TEST_P(Balloon, GrowsToItsFirstSizeAndNoFurther) {
  EXPECT_EQ(increase(1), Status::out_of_memory);
  ASSERT_EQ(decrease({frames[3], frames[5]}).done, 2U);
  EXPECT_EQ(increase(3), Status::out_of_memory);
  EXPECT_EQ(increase(UINT32_MAX), Status::out_of_memory);
  EXPECT_EQ(increase(2), Status::done);
  EXPECT_EQ(got, (std::vector{frames[5], frames[3]}));
  EXPECT_EQ(domain.total_pages, 8U);
  EXPECT_EQ(bench.audit(), "");
}

TEST_P(Balloon, LeavesTheSlackFree) {
  MemoryBench tight(GetParam(), 600);
  tight.machine.rules.slack = 512;
  MemoryDomain small{.id = DomainId{9}};
  EXPECT_FALSE(reserve(tight.machine, small, 600 - 8 - 512 + 1));
  EXPECT_EQ(small.frames.count, 0U);
  EXPECT_TRUE(reserve(tight.machine, small, 600 - 8 - 512));
  const std::array one{small.frames.first};
  ASSERT_EQ(decrease_reservation(tight.as(small), one).done, 1U);
  tight.machine.rules.slack = 513;
  EXPECT_EQ(increase_reservation(tight.as(small), 1, got), Status::out_of_memory);
}

TEST_P(Balloon, HandsOutZeroes) {
  bench.machine.contents.store(frames[2], 7, 42);
  ASSERT_EQ(decrease({frames[2]}).done, 1U);
  EXPECT_EQ(bench.machine.contents.load(frames[2], 7), 42U) << "not scrubbed when given back";
  ASSERT_EQ(increase(1), Status::done);
  EXPECT_EQ(got[0], frames[2]);
  EXPECT_EQ(bench.machine.contents.load(frames[2], 7), 0U);
  EXPECT_EQ(bench.did(MemoryStep::frame_zeroed), 1U);
  EXPECT_EQ(bench.did(MemoryStep::map_slot), 1U);
}

TEST_P(Balloon, StopsAtTheFirstFrameThatIsRefused) {
  MemoryDomain& other = bench.add(1);
  const std::array bad{other.frames.first, FrameNumber{0}, bench.machine.frames.free().first,
                       FrameNumber{256}, FrameNumber{}};
  std::size_t next = 1;
  for (const FrameNumber frame : bad) {
    const DecreaseResult result = decrease({frames[next], frame, frames[7]});
    EXPECT_EQ(result.status, Status::invalid) << frame.value;
    EXPECT_EQ(result.done, 1U) << "those before it stay freed";
    ++next;
  }
  EXPECT_EQ(decrease({frames[1]}).status, Status::invalid) << "twice the same";
  EXPECT_EQ(domain.total_pages, 8U - bad.size());
}

TEST_P(Balloon, RefusesFramesThatAnythingRefersTo) {
  ASSERT_EQ(bench.update(bench.domain0, {bench.extended(ExtendedCommand::pin_l1, frames[0])}).status,
            Status::done);
  EXPECT_EQ(decrease({frames[0]}).status, Status::invalid);
  bench.machine.frames.hold(frames[1]);
  EXPECT_EQ(decrease({frames[1]}).status, Status::invalid);
}

TEST_P(Balloon, FlushesOnceIfAnyFrameMayStillBeWritten) {
  map_and_unmap(frames[2]);
  ASSERT_EQ(decrease({frames[1], frames[2], frames[3]}).done, 3U);
  EXPECT_EQ(bench.did(MemoryStep::balloon_flush), 1U);
  EXPECT_TRUE(bench.cpu.owed.all);
  bench.cpu.owed.clear();
  ASSERT_EQ(decrease({frames[4], frames[5]}).done, 2U);
  EXPECT_FALSE(bench.cpu.owed.all);
}

TEST_P(Balloon, ADeadDomainsFramesAreFreeWhateverReferredToThem) {
  const auto [running, image] = bench.add_running(16);
  const FrameNumber last = image.pages.back();
  release(bench.machine, running);
  EXPECT_EQ(bench.machine.frames.free().first, last);
  EXPECT_FALSE(running.base.valid());
  EXPECT_EQ(bench.audit(), "");
}

INSTANTIATE_TEST_SUITE_P(, Balloon, testing::Values(xen_1_0_memory, xen_1_2_memory),
                         [](const auto& test) { return test.index == 0 ? "Xen1_0" : "Xen1_2"; });

}  // namespace
}  // namespace xensim
