#include "models/io/plugged_queue.hpp"

#include <gtest/gtest.h>

namespace xensim {
namespace {

constexpr BlockIo page_at(std::uint64_t sector) { return {.sector = sector, .sectors = 8}; }

class PluggedQueueTest : public testing::Test {
 protected:
  PluggedQueue queue{ElevatorRules{}};
};

TEST_F(PluggedQueueTest, IsPluggedWhenItBecomesBusyUntilSomebodyUnplugsIt) {
  EXPECT_FALSE(queue.plugged());
  ASSERT_TRUE(queue.submit(page_at(0), Time{}));
  EXPECT_TRUE(queue.plugged());
  queue.unplug();
  ASSERT_TRUE(queue.submit(page_at(800), Time{}));
  EXPECT_FALSE(queue.plugged()) << "it was busy before";
}

TEST_F(PluggedQueueTest, IsBusyWhileItsDriverHasTheHead) {
  ASSERT_TRUE(queue.submit(page_at(0), Time{}, true));
  EXPECT_FALSE(queue.plugged());
}

TEST_F(PluggedQueueTest, StampsBuffersWithTheTimeOfTheirSubmission) {
  ASSERT_TRUE(queue.submit(page_at(0), 5us));
  EXPECT_EQ(queue.requests.take().buffers.front().at, 5us);
}

TEST_F(PluggedQueueTest, CountsNothingThatFoundNoRequest) {
  for (std::uint64_t i = 0; i < Elevator::requests_per_direction; ++i) {
    ASSERT_TRUE(queue.submit(page_at(100 * i), Time{}));
  }
  EXPECT_FALSE(queue.submit(page_at(1'000'000), Time{}));
  EXPECT_EQ(queue.outstanding(), Elevator::requests_per_direction);
  EXPECT_EQ(queue.counts.buffers[0], Elevator::requests_per_direction);
}

TEST_F(PluggedQueueTest, KnowsWhereEachBufferIs) {
  ASSERT_TRUE(queue.submit(page_at(0), Time{}));
  ASSERT_TRUE(queue.submit(page_at(800), Time{}));
  EXPECT_EQ(queue.audit(0), "");
  queue.requests.release(queue.requests.take().write);
  EXPECT_EQ(queue.audit(1), "") << "the driver has one";
  EXPECT_NE(queue.audit(0), "") << "one is lost";
  queue.answered(1);
  EXPECT_EQ(queue.audit(0), "");
}

}  // namespace
}  // namespace xensim
