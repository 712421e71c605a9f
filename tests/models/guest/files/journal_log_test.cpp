#include "models/guest/files/journal_log.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>

namespace xensim {
namespace {

/// Commits a transaction with these blocks of metadata and so many blocks in the log.
void commit(JournalLog& log, std::vector<BlockNumber> metadata) {
  for (std::size_t i = 0; i < metadata.size() + 2; ++i) (void)log.append();
  log.committed(metadata);
}

TEST(JournalLog, KeepsATransactionUntilAllItsBlocksAreInPlace) {
  JournalLog log({100}, 20);
  EXPECT_EQ(log.free(), 19U) << "its super block is not to be had";
  commit(log, {{1}, {2}});
  EXPECT_EQ(log.free(), 15U);
  log.written({1});
  EXPECT_EQ(log.free(), 15U);
  log.written({2});
  EXPECT_EQ(log.free(), 19U);
  EXPECT_EQ(log.audit(), "");
}

TEST(JournalLog, ABlockThatIsCommittedAgainNoLongerHoldsTheFirstTransaction) {
  JournalLog log({100}, 20);
  commit(log, {{1}});
  commit(log, {{1}, {3}});
  EXPECT_EQ(log.transactions(), 1U);
  EXPECT_EQ(log.free(), 15U);
  EXPECT_EQ(log.audit(), "");
}

TEST(JournalLog, SpaceBecomesFreeInTheOrderOfCommits) {
  JournalLog log({100}, 20);
  commit(log, {{1}});
  commit(log, {{2}});
  log.written({2});
  EXPECT_EQ(log.free(), 13U) << "the first is still waiting";
  ASSERT_NE(log.oldest(), nullptr);
  EXPECT_EQ(*log.oldest(), (std::set<BlockNumber>{{1}}));
  log.written({1});
  EXPECT_EQ(log.free(), 19U);
}

TEST(JournalLog, WrapsBehindItsSuperBlock) {
  JournalLog log({100}, 4);
  EXPECT_EQ(log.append(), BlockNumber{101});
  EXPECT_EQ(log.append(), BlockNumber{102});
  log.committed({});
  EXPECT_EQ(log.append(), BlockNumber{103});
  EXPECT_EQ(log.append(), BlockNumber{101});
}

TEST(JournalLogProperty, AccountsForEveryBlockWhateverIsCommittedAndWritten) {
  EXPECT_TRUE(rc::check([] {
    JournalLog log({0}, 64);
    // Which of eight blocks, by bit.
    const auto steps = *rc::gen::arbitrary<std::vector<std::pair<bool, std::uint8_t>>>();
    for (const auto& [commits, numbers] : steps) {
      std::vector<BlockNumber> blocks;
      for (std::uint32_t number = 0; number < 8; ++number) {
        if ((numbers >> number & 1) != 0) blocks.push_back({number});
      }
      if (commits && log.free() > blocks.size() + 2) {
        commit(log, blocks);
      } else {
        for (const BlockNumber block : blocks) log.written(block);
      }
      RC_ASSERT(log.audit() == "");
    }
    for (std::uint32_t number = 0; number < 8; ++number) log.written({number});
    RC_ASSERT(log.free() == 63U);
  }));
}

}  // namespace
}  // namespace xensim
