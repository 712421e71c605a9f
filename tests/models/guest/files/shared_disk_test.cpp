/// One disk, two users.
#include "models/guest/files/shared_disk.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/io/block_device.hpp"
#include "tests/models/io/testbed_disk.hpp"

namespace xensim {
namespace {

TEST(SharedDisk, GivesEachUserItsOwnBuffersEvenOutOfOneCommand) {
  Calendar calendar;
  BlockDevice device(calendar, testbed_disk(), ElevatorKind::linus, [] {});
  SharedDisk shared(device);
  GuestDisk &one = shared.user(0), &other = shared.user(1);
  EXPECT_TRUE(one.submit({.sector = 80, .sectors = 8, .tag = 7}, {}));
  EXPECT_TRUE(other.submit({.sector = 88, .sectors = 8, .tag = 7}, {}));
  one.unplug({});
  EXPECT_EQ(one.take_dispatched(), 1U) << "merged";
  while (calendar.size() > 0) calendar.dispatch();

  const std::vector<FinishedIo> ones = one.take_completed(calendar.now());
  ASSERT_EQ(ones.size(), 1U);
  EXPECT_THAT(ones[0].tags, testing::ElementsAre(7));
  EXPECT_EQ(one.outstanding(), 0U);
  EXPECT_EQ(other.outstanding(), 1U);
  const std::vector<FinishedIo> others = other.take_completed(calendar.now());
  ASSERT_EQ(others.size(), 1U);
  EXPECT_THAT(others[0].tags, testing::ElementsAre(7));
  EXPECT_EQ(device.outstanding(), 0U);
}

}  // namespace
}  // namespace xensim
