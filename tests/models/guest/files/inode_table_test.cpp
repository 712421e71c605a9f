#include "models/guest/files/inode_table.hpp"

#include <gmock/gmock.h>

#include <vector>

namespace xensim {
namespace {

using ::testing::ElementsAre;

std::vector<std::uint32_t> numbers_in(const InodeTable& table) {
  std::vector<std::uint32_t> numbers;
  table.for_each([&](const Inode& inode) { numbers.push_back(inode.number.value); });
  return numbers;
}

TEST(InodeTable, IsWalkedByNumberWhateverTheOrderOfCreation) {
  constexpr std::uint32_t in_a_group = DiskLayout::inodes_per_group;
  InodeTable table;
  for (const std::uint32_t number : {in_a_group + 1, 2U, 3 * in_a_group, in_a_group}) {
    table.add(std::make_unique<Inode>(InodeNumber{number}, InodeKind::regular));
  }
  EXPECT_THAT(numbers_in(table), ElementsAre(2, in_a_group, in_a_group + 1, 3 * in_a_group));
  table.erase({in_a_group});
  EXPECT_THAT(numbers_in(table), ElementsAre(2, in_a_group + 1, 3 * in_a_group));
  EXPECT_EQ(table.size(), 3U);
}

TEST(InodeTable, FindsWhatIsThere) {
  InodeTable table;
  const Inode& made = table.add(std::make_unique<Inode>(InodeNumber{12}, InodeKind::regular));
  EXPECT_EQ(table.find({12}), &made);
  EXPECT_EQ(table.find({11}), nullptr);
  EXPECT_EQ(table.find({DiskLayout::inodes_per_group + 12}), nullptr);
}

}  // namespace
}  // namespace xensim
