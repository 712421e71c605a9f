#include "models/guest/network/select.hpp"

#include <rapidcheck.h>

#include "tests/models/guest/processes/calls_fixture.hpp"

namespace xensim {
namespace {

constexpr ProcessId process_id{1};

struct SelectTest : testing::Test, Calls {
  SelectTest() {
    read_end = static_cast<unsigned>(calls.pipe(process, write_end).value);
    did.restart();
  }
  SelectSets reading(std::initializer_list<unsigned> descriptors) {
    SelectSets sets;
    for (const unsigned descriptor : descriptors) sets.read.set(descriptor);
    return sets;
  }
  unsigned read_end = 0, write_end = 0;
};

TEST_F(SelectTest, WithoutTimeToWaitSaysWhatIsReadyAndWaitsOnNothing) {
  SelectSets wanted = reading({read_end});
  wanted.write.set(write_end);
  Select select(context, process.table, process_id, 10, wanted, false);
  const CallResult result = calls.select(select);
  EXPECT_EQ(result.value, 1);
  EXPECT_TRUE(select.ready().write[write_end]);
  EXPECT_FALSE(select.ready().read[read_end]);
  EXPECT_EQ(did[KernelPath::wait_entry], 0U);
}

TEST_F(SelectTest, ExaminesDescriptorsUpToTheHighestWantedBelowTheCount) {
  Select select(context, process.table, process_id, 500, reading({read_end, write_end}), false);
  (void)calls.select(select);
  EXPECT_EQ(did[KernelPath::select_bit], write_end + 1);
  EXPECT_EQ(select.polled(), 2U);

  did.restart();
  Select less(context, process.table, process_id, write_end, reading({read_end, write_end}), false);
  (void)calls.select(less);
  EXPECT_EQ(less.polled(), 1U) << "the count says which are examined";
}

TEST_F(SelectTest, WhatWokeItForNothingCanWakeItAgain) {
  Select select(context, process.table, process_id, 64, reading({read_end}), true);
  ASSERT_TRUE(calls.select(select).sleeps);
  EXPECT_EQ(write(write_end, 1).wakes, (Wakes{{process_id, false}}));
  (void)read(read_end, 1);  // another process was faster
  EXPECT_TRUE(select.run().sleeps);
  EXPECT_EQ(write(write_end, 1).wakes, (Wakes{{process_id, false}}));
  EXPECT_EQ(select.run().value, 1);
}

TEST_F(SelectTest, SleepsOnAllAndLooksAtAllAgainWhenWoken) {
  unsigned other_write = 0;
  const auto other_read = static_cast<unsigned>(calls.pipe(process, other_write).value);
  did.restart();
  Select select(context, process.table, process_id, 64, reading({read_end, other_read}), true);
  EXPECT_TRUE(calls.select(select).sleeps);
  EXPECT_EQ(did[KernelPath::wait_entry], 2U);
  const CallResult wrote = write(other_write, 1);
  EXPECT_EQ(wrote.wakes, (Wakes{{process_id, false}}));
  EXPECT_EQ(select.run().value, 1);
  EXPECT_TRUE(select.ready().read[other_read]);
  EXPECT_EQ(select.polled(), 4U);
  EXPECT_EQ(did[KernelPath::wait_entry], 2U) << "entries of the first round are enough";
  EXPECT_TRUE(write(other_write, 1).wakes.empty()) << "it has left the queues";
}

TEST_F(SelectTest, OnceSomethingIsReadyTheRestIsNotWaitedFor) {
  ASSERT_TRUE(write(write_end, 1).ok());
  unsigned other_write = 0;
  const auto later = static_cast<unsigned>(calls.pipe(process, other_write).value);
  did.restart();
  Select select(context, process.table, process_id, 64, reading({read_end, later}), true);
  EXPECT_EQ(calls.select(select).value, 1);
  EXPECT_EQ(did[KernelPath::wait_entry], 1U) << "only the first, before its answer was known";
}

TEST_F(SelectTest, EndsWithNothingWhenTheTimeIsUp) {
  Select select(context, process.table, process_id, 64, reading({read_end}), true);
  ASSERT_TRUE(calls.select(select).sleeps);
  const CallResult result = select.run(true);
  EXPECT_TRUE(result.ok());
  EXPECT_EQ(result.value, 0);
  EXPECT_TRUE(write(write_end, 1).wakes.empty());
}

TEST_F(SelectTest, ADescriptorThatIsNotOpenIsAnError) {
  Select select(context, process.table, process_id, 64, reading({read_end, 40}), true);
  EXPECT_EQ(calls.select(select).error, CallError::bad_descriptor);
}

TEST_F(SelectTest, RegularFilesAreAlwaysReady) {
  const unsigned file = open("/file", {.create = true});
  SelectSets wanted = reading({file});
  wanted.write.set(file);
  Select select(context, process.table, process_id, 64, wanted, true);
  EXPECT_EQ(calls.select(select).value, 2);
}

TEST_F(SelectTest, WaitEntriesTakeAPageForEach170) {
  SelectSets wanted;
  for (int i = 0; i < 171; ++i) wanted.read.set(static_cast<unsigned>(calls.dup(process, read_end).value));
  did.restart();
  Select select(context, process.table, process_id, FileTable::limit, wanted, true);
  EXPECT_TRUE(calls.select(select).sleeps);
  EXPECT_EQ(did[KernelPath::poll_table_page], 2U);
}

TEST(SelectProperty, WhoeverSleepsIsWokenByWhateverBecomesReady) {
  EXPECT_TRUE(rc::check([] {
    Calls kernel;
    constexpr std::size_t pipes = 5;
    std::array<unsigned, pipes> read_ends{}, write_ends{};
    for (std::size_t i = 0; i < pipes; ++i) {
      read_ends[i] = static_cast<unsigned>(kernel.calls.pipe(kernel.process, write_ends[i]).value);
    }
    const auto wanted_pipes = *rc::gen::container<std::array<bool, pipes>>(rc::gen::arbitrary<bool>());
    SelectSets wanted;
    for (std::size_t i = 0; i < pipes; ++i) wanted.read[read_ends[i]] = wanted_pipes[i];
    Select select(kernel.context, kernel.process.table, process_id, 64, wanted, true);
    RC_ASSERT(select.run().sleeps);
    const auto written = *rc::gen::inRange<std::size_t>(0, pipes);
    const CallResult result = kernel.write(write_ends[written], 1);
    RC_ASSERT(result.wakes.size() == (wanted_pipes[written] ? 1U : 0U));
    RC_ASSERT(select.run().sleeps == !wanted_pipes[written]);
  }));
}

}  // namespace
}  // namespace xensim
