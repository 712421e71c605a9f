/// What a commit in progress means for operations.
#include <gtest/gtest.h>

#include "tests/models/guest/processes/calls_fixture.hpp"

namespace xensim {
namespace {

using Phase = Journal::Phase;

struct JournalTest : testing::Test, Calls {
  JournalTest() { journal.hand_to(dirty); }
  void change(std::uint32_t block) {
    const Journal::Handle handle(journal, 1);
    journal.change({block});
  }
  /// As the daemon writes it.
  void commit() {
    const std::size_t metadata = journal.begin_commit().metadata.size();
    for (std::size_t i = 0; i < metadata + 2; ++i) (void)journal.log().append();
    journal.end_commit();
  }
  DirtyBuffers dirty;
  Journal journal{context, {1000}, 1024};
};

TEST_F(JournalTest, MetadataIsDirtyOnlyWhenItIsInTheLog) {
  change(7);
  EXPECT_FALSE(dirty.contains(BufferId::of(BlockNumber{7})));
  commit();
  EXPECT_TRUE(dirty.contains(BufferId::of(BlockNumber{7})));
  change(7);
  EXPECT_FALSE(dirty.contains(BufferId::of(BlockNumber{7}))) << "the next transaction has it";
}

TEST_F(JournalTest, WhatIsPlacedAsIfLongAgoTakesNothingFromOthers) {
  change(7);
  commit();
  change(8);
  {
    const Journal::LongAgo placing(journal);
    change(7);
    change(9);
    const Journal::Handle handle(journal, 1);
    journal.data({10}, {1});
  }
  EXPECT_TRUE(dirty.contains(BufferId::of(BlockNumber{7}))) << "the log still waits for it";
  EXPECT_EQ(journal.take_running().metadata, std::vector{BlockNumber{8}});
}

TEST_F(JournalTest, NobodyWaitsForABlockThatWasFreedWhileItWasCommitted) {
  change(7);
  change(8);
  (void)journal.begin_commit();
  for (int i = 0; i < 4; ++i) (void)journal.log().append();
  journal.forget({7});
  {
    const Journal::Handle handle(journal, 1);
    journal.data({7}, {1});  // of a file that got it
  }
  journal.end_commit();
  std::vector<BlockNumber> awaited;
  journal.log().visit_waiting([&](BlockNumber block) { awaited.push_back(block); });
  EXPECT_EQ(awaited, std::vector{BlockNumber{8}});
  EXPECT_FALSE(dirty.contains(BufferId::of(BlockNumber{7})));
}

TEST_F(JournalTest, ABlockThatIsBeingCommittedIsCopiedForWhoChangesItOnce) {
  change(7);
  (void)journal.begin_commit();
  did.restart();
  change(7);
  change(7);
  change(8);
  EXPECT_EQ(did[KernelPath::copy_page], 1U);
}

TEST_F(JournalTest, ABlockOnItsWayToTheLogIsWaitedFor) {
  change(7);
  (void)journal.begin_commit();
  EXPECT_FALSE(journal.in_shadow({7}));
  journal.enter(Phase::log);
  EXPECT_TRUE(journal.in_shadow({7}));
  EXPECT_FALSE(journal.in_shadow({8}));
  journal.enter(Phase::record);
  EXPECT_FALSE(journal.in_shadow({7}));
}

TEST_F(JournalTest, ATransactionTakesAQuarterOfTheJournal) {
  EXPECT_EQ(journal.may_begin(200), Journal::Obstacle::none);
  for (std::uint32_t block = 0; block < 100; ++block) change(block);
  EXPECT_EQ(journal.may_begin(156), Journal::Obstacle::none);
  EXPECT_EQ(journal.may_begin(157), Journal::Obstacle::full);
}

TEST_F(JournalTest, ALogThatIsNearlyFullMustBeCheckpointedFirst) {
  for (std::uint32_t round = 0; journal.log().free() >= 256; ++round) {
    for (std::uint32_t block = 0; block < 100; ++block) change(round * 100 + block);
    commit();
  }
  EXPECT_EQ(journal.may_begin(1), Journal::Obstacle::no_space);
  for (std::uint32_t block = 0; block < 100; ++block) journal.log().written({block});
  EXPECT_EQ(journal.may_begin(1), Journal::Obstacle::none);
}

TEST_F(JournalTest, TransactionsAreNumberedInTheOrderOfCommits) {
  change(1);
  const std::uint64_t first = journal.running_number();
  EXPECT_LT(journal.committed_number(), first);
  commit();
  EXPECT_EQ(journal.committed_number(), first);
  EXPECT_EQ(journal.running_number(), first + 1);
}

}  // namespace
}  // namespace xensim
