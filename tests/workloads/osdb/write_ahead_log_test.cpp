#include "workloads/osdb/write_ahead_log.hpp"

#include <gtest/gtest.h>

namespace xensim {
namespace {

using Log = WriteAheadLog;

TEST(WriteAheadLog, ABlockIsEnteredWholeTheFirstTimeAfterACheckpoint) {
  Log log;
  EXPECT_EQ(log.enter(100, {{0, 1}}), 100 + Log::page_bytes);
  EXPECT_EQ(log.enter(100, {{0, 1}}), 200 + Log::page_bytes);
  log.checkpoint();
  EXPECT_EQ(log.enter(100, {{0, 1}, {0, 1}}), 300 + 2 * Log::page_bytes);
  EXPECT_EQ(log.images(), 2U);
}

TEST(WriteAheadLog, ANewBlockIsNotEnteredWholeBeforeTheNextCheckpoint) {
  Log log;
  log.begins({0, 7});
  EXPECT_EQ(log.enter(100, {{0, 7}}), 100U);
  EXPECT_EQ(log.enter(100, {{0, 7}}), 200U);
  log.checkpoint();
  EXPECT_EQ(log.enter(100, {{0, 7}}), 300 + Log::page_bytes);
}

TEST(WriteAheadLog, APageIsWrittenAgainWhenMoreOfItWasFilled) {
  Log log;
  log.enter(700, {});
  ASSERT_EQ(log.unwritten().size(), 1U);
  log.written(log.entered());
  EXPECT_TRUE(log.unwritten().size() == 1U) << "the page is not full: it will be written again with more";
  log.enter(Log::page_bytes, {});
  const auto pages = log.unwritten();
  ASSERT_EQ(pages.size(), 2U);
  EXPECT_EQ(pages[0].offset, 0U);
  EXPECT_EQ(pages[1].offset, Log::page_bytes);
}

TEST(WriteAheadLog, EachSegmentIsANewFileThatIsMadeWhenItIsNeeded) {
  Log log;
  log.enter(Log::segment_bytes + 10, {});
  log.written(Log::segment_bytes);
  ASSERT_EQ(log.unwritten().size(), 1U);
  const Log::Page page = log.unwritten()[0];
  EXPECT_EQ(page.segment, 1U);
  EXPECT_EQ(page.offset, 0U);
  EXPECT_FALSE(log.lacks(0));
  EXPECT_TRUE(log.lacks(1));
  EXPECT_EQ(log.make(), 1U);
  EXPECT_FALSE(log.lacks(1));
}

TEST(WriteAheadLog, ACheckpointMakesTheNextSegmentIfTheLastIsThreeQuartersFull) {
  Log log;
  log.enter(Log::segment_bytes / 4 * 3 - 1, {});
  EXPECT_FALSE(log.nearly_full());
  log.enter(1, {});
  EXPECT_TRUE(log.nearly_full());
  EXPECT_EQ(log.make(), 1U);
  EXPECT_FALSE(log.nearly_full());
}

TEST(WriteAheadLog, ACheckpointRemovesTheSegmentsBeforeItsOwn) {
  Log log;
  std::uint32_t removed = 9;
  log.enter(2 * Log::segment_bytes + 1, {});
  EXPECT_FALSE(log.remove(removed));
  log.checkpoint();
  EXPECT_TRUE(log.remove(removed));
  EXPECT_EQ(removed, 0U);
  EXPECT_TRUE(log.remove(removed));
  EXPECT_EQ(removed, 1U);
  EXPECT_FALSE(log.remove(removed));
}

TEST(WriteAheadLog, ThreeFullSegmentsAskForACheckpoint) {
  Log log;
  log.enter(3 * Log::segment_bytes - 1, {});
  EXPECT_FALSE(log.checkpoint_due());
  log.enter(1, {});
  EXPECT_TRUE(log.checkpoint_due());
  log.checkpoint();
  EXPECT_FALSE(log.checkpoint_due());
}

TEST(WriteAheadLog, NineUnwrittenPagesAreOneTooMany) {
  Log log;
  log.enter(8 * Log::page_bytes - 200, {{0, 1}, {0, 2}, {0, 3}, {0, 4}, {0, 5}});
  log.written(5 * Log::page_bytes + 1);
  // In the buffers: the page that has begun to be written and seven more.
  EXPECT_FALSE(log.lacks_buffers(200, {{0, 1}}));
  EXPECT_TRUE(log.lacks_buffers(201, {{0, 1}}));
  EXPECT_FALSE(log.lacks_buffers(200, {}));
  EXPECT_TRUE(log.lacks_buffers(200, {{0, 6}})) << "which is entered whole";
  log.written(log.entered());
  EXPECT_FALSE(log.lacks_buffers(200, {{0, 6}, {0, 6}, {0, 7}, {0, 8}, {0, 9}}));
}

TEST(WriteAheadLog, OneAtATimeEnters) {
  Log log;
  EXPECT_TRUE(log.try_entering());
  EXPECT_FALSE(log.try_entering());
  log.has_entered();
  EXPECT_TRUE(log.try_entering());
}

TEST(WriteAheadLog, OneAtATimeWrites) {
  Log log;
  EXPECT_TRUE(log.try_lock());
  EXPECT_FALSE(log.try_lock());
  log.unlock();
  EXPECT_TRUE(log.try_lock());
}

}  // namespace
}  // namespace xensim
