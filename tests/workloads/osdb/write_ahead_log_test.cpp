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

TEST(WriteAheadLog, SegmentsAreWrittenOverInTurn) {
  Log log;
  log.enter(Log::segment_bytes * Log::segments + 10, {});
  log.written(Log::segment_bytes * Log::segments);
  ASSERT_EQ(log.unwritten().size(), 1U);
  EXPECT_EQ(log.unwritten()[0].segment, 0U);
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

TEST(WriteAheadLog, WhoWaitsToWriteIsWokenInTurn) {
  Log log;
  EXPECT_TRUE(log.try_lock());
  EXPECT_FALSE(log.try_lock());
  log.wait(4);
  log.wait(2);
  EXPECT_EQ(log.unlock(), 4);
  EXPECT_TRUE(log.try_lock());
  EXPECT_EQ(log.unlock(), 2);
  EXPECT_TRUE(log.try_lock());
  EXPECT_EQ(log.unlock(), -1);
}

}  // namespace
}  // namespace xensim
