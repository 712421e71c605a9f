#include "models/guest/files/directory.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>
#include <string>

namespace xensim {
namespace {

constexpr InodeNumber self{20}, parent{DiskLayout::root};
/// Records of 8 bytes and a name of 4, behind "." and ".." of 12 each.
constexpr std::uint32_t in_first_block = (4096 - 2 * 12) / 12, in_other_blocks = 4096 / 12;

std::string name(std::uint32_t i) { return std::to_string(1000 + i); }

class DirectoryTest : public testing::Test {
 protected:
  void fill(std::uint32_t names) {
    for (std::uint32_t i = 0; i < names; ++i) (void)directory.insert(name(i), {100 + i});
  }
  Directory directory{self, parent};
};

TEST_F(DirectoryTest, BeginsWithItselfAndItsParent) {
  Directory::Scan scan;
  EXPECT_EQ(directory.find(".", scan), self);
  EXPECT_EQ(directory.find("..", scan), parent);
  EXPECT_TRUE(directory.empty());
  EXPECT_EQ(directory.blocks(), 1U);
  directory.move_to({30});
  EXPECT_EQ(directory.find("..", scan), InodeNumber{30});
}

TEST_F(DirectoryTest, ANameIsFoundByPassingAllThatStandBeforeIt) {
  fill(10);
  Directory::Scan scan;
  EXPECT_EQ(directory.find(name(3), scan), InodeNumber{103});
  EXPECT_EQ(scan.entries, 6U) << "., .. and the fourth of the names";
  EXPECT_EQ(scan.blocks, 1U);
}

TEST_F(DirectoryTest, AnAbsentNameCostsAllRecords) {
  fill(in_first_block + 5);
  Directory::Scan scan;
  EXPECT_EQ(directory.find("absent", scan), std::nullopt);
  EXPECT_EQ(scan.entries, 2U + in_first_block + 5U);
  EXPECT_EQ(scan.blocks, 2U);
}

TEST_F(DirectoryTest, ASearchStartsInTheBlockOfTheLastHit) {
  fill(in_first_block + 5);
  Directory::Scan first, again;
  (void)directory.find(name(in_first_block + 1), first);
  EXPECT_EQ(first.blocks, 2U);
  (void)directory.find(name(in_first_block + 1), again);
  EXPECT_EQ(again.blocks, 1U);
  EXPECT_EQ(again.entries, 2U);
}

TEST_F(DirectoryTest, GrowsByABlockWhenNoGapIsBigEnough) {
  fill(in_first_block);
  EXPECT_EQ(directory.blocks(), 1U);
  const Directory::Scan scan = directory.insert("next", {5000});
  EXPECT_TRUE(scan.grew);
  EXPECT_EQ(scan.block, 1U);
  for (std::uint32_t i = 1; i < in_other_blocks; ++i) {
    EXPECT_FALSE(directory.insert(name(5000 + i), {5000 + i}).grew) << i;
  }
  EXPECT_TRUE(directory.insert("last", {7000}).grew);
  EXPECT_EQ(directory.audit(), "");
}

TEST_F(DirectoryTest, AnInsertionThatMadeItGrowCanBeUndone) {
  fill(in_first_block);
  ASSERT_TRUE(directory.insert("next", {5000}).grew);
  directory.remove_last_block();
  Directory::Scan scan;
  EXPECT_EQ(directory.find("next", scan), std::nullopt);
  EXPECT_EQ(directory.names(), in_first_block);
  EXPECT_EQ(directory.audit(), "");
}

TEST_F(DirectoryTest, TheSpaceOfARemovedNameGoesToTheRecordBeforeIt) {
  fill(in_first_block);
  Directory::Scan scan;
  EXPECT_EQ(directory.remove(name(5), scan), InodeNumber{105});
  const Directory::Scan again = directory.insert("same", {200});
  EXPECT_FALSE(again.grew);
  EXPECT_EQ(again.entries, 7U) << "up to the fifth name, behind which there is room now";
}

TEST_F(DirectoryTest, ALongNameNeedsAsMuchRoomAsSeveralShortOnes) {
  fill(in_first_block);
  Directory::Scan scan;
  (void)directory.remove(name(5), scan);
  EXPECT_TRUE(directory.insert("a name of more than four characters", {200}).grew);
  (void)directory.remove(name(4), scan);
  (void)directory.remove(name(6), scan);
  (void)directory.remove(name(7), scan);
  EXPECT_FALSE(directory.insert("another of thirty-six bytes at most", {201}).grew) << "four gaps are one";
}

TEST(DirectoryProperty, HoldsWhatAMapWouldAfterAnything) {
  EXPECT_TRUE(rc::check([] {
    Directory directory(self, parent);
    std::map<std::string, InodeNumber> expected;
    const auto steps = *rc::gen::container<std::vector<std::pair<std::uint32_t, std::uint8_t>>>(
        rc::gen::pair(rc::gen::inRange(0U, 40U), rc::gen::arbitrary<std::uint8_t>()));
    std::uint32_t next = 100;
    for (const auto& [which, length] : steps) {
      const std::string chosen = std::to_string(which) + std::string(which * 6, 'x');
      Directory::Scan scan;
      if (expected.contains(chosen)) {
        RC_ASSERT(directory.remove(chosen, scan) == expected.at(chosen));
        expected.erase(chosen);
      } else {
        expected[chosen] = {++next + length};
        (void)directory.insert(chosen, expected.at(chosen));
      }
      RC_ASSERT(directory.audit() == "");
    }
    RC_ASSERT(directory.names() == expected.size());
    for (const auto& [held, inode] : expected) {
      Directory::Scan scan;
      RC_ASSERT(directory.find(held, scan) == inode);
    }
  }));
}

}  // namespace
}  // namespace xensim
