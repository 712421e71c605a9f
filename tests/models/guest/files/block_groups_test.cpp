#include "models/guest/files/block_groups.hpp"

#include <gtest/gtest.h>

#include "tests/models/guest/processes/calls_fixture.hpp"

namespace xensim {
namespace {

class BlockGroupsTest : public testing::Test {
 protected:
  static constexpr std::uint32_t per_group = DiskLayout::blocks_per_group;

  [[nodiscard]] BlockNumber first_data(std::uint32_t group) const {
    return {group * per_group + layout.reserved_blocks(group)};
  }
  BlockNumber allocate(BlockNumber goal) {
    const auto block = groups.allocate_block(goal);
    EXPECT_TRUE(block);
    return block.value_or(BlockNumber{});
  }
  /// The rest of a group, from its first data block on.
  void fill(std::uint32_t group) {
    for (BlockNumber block = first_data(group); block.value < (group + 1) * per_group; ++block.value) {
      if (!groups.in_use(block)) (void)allocate(block);
    }
  }

  KernelPathCosts costs{};
  KernelWork work{costs};
  KernelContext context{work, {}};
  DiskLayout layout{.groups = 3, .journal_blocks = 8192};
  Journal journal{context, layout.journal_start(), layout.journal_blocks};
  BlockGroups groups{context, journal, layout};
  Journal::Handle handle{journal, 100};
};

TEST_F(BlockGroupsTest, WhatHoldsNoDataIsInUseFromTheBeginning) {
  EXPECT_TRUE(groups.in_use(DiskLayout::super_block()));
  EXPECT_TRUE(groups.in_use(layout.block_bitmap(1)));
  EXPECT_TRUE(groups.in_use(layout.journal_start())) << "the journal is a file";
  EXPECT_TRUE(groups.in_use(DiskLayout::root));
  EXPECT_FALSE(groups.in_use(first_data(0)));
  EXPECT_FALSE(groups.in_use(InodeNumber{DiskLayout::first_inode}));
}

TEST_F(BlockGroupsTest, ABlockIsItsGoalOrTheFirstFreeOneBehind) {
  const BlockNumber goal{first_data(1).value + 100};
  EXPECT_EQ(allocate(goal), goal);
  EXPECT_EQ(allocate(goal), BlockNumber{goal.value + 1});
}

TEST_F(BlockGroupsTest, BehindTheEndOfItsGroupTheSearchBeginsAtItsBeginning) {
  const BlockNumber last{2 * per_group - 1};
  EXPECT_EQ(allocate(last), last);
  EXPECT_EQ(allocate(last), first_data(1));
}

TEST_F(BlockGroupsTest, AFullGroupHandsOnToTheNextAndTheLastToTheFirst) {
  fill(1);
  EXPECT_EQ(allocate(first_data(1)), first_data(2));
  fill(2);
  EXPECT_EQ(allocate(first_data(1)), first_data(0));
  fill(0);
  EXPECT_EQ(groups.free_blocks(), 0U);
  EXPECT_EQ(groups.allocate_block(first_data(1)), std::nullopt);
}

TEST_F(BlockGroupsTest, WhatIsFreedCanBeHadAgain) {
  const std::uint64_t before = groups.free_blocks();
  const BlockNumber first = allocate(first_data(0));
  for (int i = 1; i < 10; ++i) (void)allocate(first);
  EXPECT_EQ(groups.free_blocks(), before - 10);
  groups.free_blocks(first, 10);
  EXPECT_EQ(groups.free_blocks(), before);
  EXPECT_EQ(allocate(first), first);
}

TEST_F(BlockGroupsTest, AFilesInodeIsInTheGroupOfItsDirectory) {
  const InodeNumber in_second{DiskLayout::inodes_per_group + 5};
  const auto file = groups.allocate_inode(in_second, false);
  ASSERT_TRUE(file);
  EXPECT_EQ(DiskLayout::group_of(*file), 1U);
  groups.free_inode(*file);
  EXPECT_FALSE(groups.in_use(*file));
}

TEST_F(BlockGroupsTest, ADirectorysIsWhereMostBlocksAreFree) {
  const auto first = groups.allocate_inode(DiskLayout::root, true);
  ASSERT_TRUE(first);
  EXPECT_EQ(DiskLayout::group_of(*first), 1U) << "the first group has the journal";
  for (int i = 0; i < 10; ++i) (void)allocate(first_data(1));
  const auto second = groups.allocate_inode(DiskLayout::root, true);
  ASSERT_TRUE(second);
  EXPECT_EQ(DiskLayout::group_of(*second), 2U);
}

TEST_F(BlockGroupsTest, EveryChangeIsOfTheBitmapTheGroupAndTheTotals) {
  (void)allocate(first_data(1));
  EXPECT_EQ(journal.metadata_blocks(), 3U);
  (void)allocate(first_data(1));
  EXPECT_EQ(journal.metadata_blocks(), 3U) << "the same ones";
  (void)groups.allocate_inode({DiskLayout::inodes_per_group + 5}, false);
  EXPECT_EQ(journal.metadata_blocks(), 4U) << "and the bitmap of inodes";
}

}  // namespace
}  // namespace xensim
