#include "models/io/block/extent.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <vector>

namespace xensim {
namespace {

constexpr DeviceNumber disk = DeviceNumber::of(DeviceNumber::Kind::scsi, 0);

const std::vector<DiskExtent> three{{disk, 1000, 10}, {disk, 500, 4}, {disk, 2000, 10}};

TEST(Extents, ARunInsideOneIsOnePiece) {
  const BlockTranslation found = map_extents(three, 2, 8);
  ASSERT_EQ(found.count, 1U);
  EXPECT_EQ(found.pieces[0], (DiskExtent{disk, 1002, 8}));
  EXPECT_EQ(found.extents_tried, 1U);
}

TEST(Extents, ARunAcrossAnEndIsTwoPieces) {
  const BlockTranslation found = map_extents(three, 7, 5);
  ASSERT_EQ(found.count, 2U);
  EXPECT_EQ(found.pieces[0], (DiskExtent{disk, 1007, 3}));
  EXPECT_EQ(found.pieces[1], (DiskExtent{disk, 500, 2}));
}

TEST(Extents, ARunAcrossTwoEndsIsRefused) {
  EXPECT_EQ(map_extents(three, 7, 8).error, BlockError::out_of_range);
  EXPECT_EQ(map_extents(three, 7, 7).error, BlockError::none) << "to the end of the second";
}

TEST(Extents, NothingIsBeyondTheEnd) {
  EXPECT_EQ(map_extents(three, 20, 4).error, BlockError::none);
  EXPECT_EQ(map_extents(three, 20, 5).error, BlockError::out_of_range);
  EXPECT_EQ(map_extents(three, 24, 1).error, BlockError::out_of_range);
  EXPECT_EQ(map_extents({}, 0, 1).error, BlockError::out_of_range);
}

TEST(Extents, NoSectorsAndNumbersThatWrapAreRefused) {
  const DiskExtent all{disk, 0, UINT32_MAX};
  EXPECT_EQ(map_extents({&all, 1}, 0, 0).error, BlockError::out_of_range);
  EXPECT_EQ(map_extents({&all, 1}, UINT32_MAX - 3, 4).error, BlockError::out_of_range);
  EXPECT_EQ(map_extents({&all, 1}, UINT32_MAX - 4, 4).error, BlockError::none);
}

TEST(Extents, EverySectorIsWhereItsExtentSays) {
  EXPECT_TRUE(rc::check([] {
    const auto sizes = *rc::gen::container<std::vector<std::uint32_t>>(rc::gen::inRange(1U, 20U));
    std::vector<DiskExtent> extents;
    std::vector<std::uint32_t> sectors;  // by sector of the virtual disk
    for (std::uint32_t i = 0; i < sizes.size(); ++i) {
      extents.push_back({disk, 1000 * i, sizes[i]});
      for (std::uint32_t s = 0; s < sizes[i]; ++s) sectors.push_back(1000 * i + s);
    }
    const auto first = *rc::gen::inRange(0U, 60U), count = *rc::gen::inRange(1U, 30U);
    const BlockTranslation found = map_extents(extents, first, count);
    if (found.error != BlockError::none) {
      // Beyond the end, or it touches three extents: then all of one is in its midst.
      bool fits = first + count <= sectors.size();
      if (fits) {
        std::uint32_t jumps = 0;
        for (std::uint32_t s = first + 1; s < first + count; ++s)
          jumps += sectors[s] != sectors[s - 1] + 1 ? 1U : 0U;
        RC_ASSERT(jumps >= 2U);
      }
      return;
    }
    std::uint32_t at = first;
    for (const DiskExtent& piece : found.all()) {
      for (std::uint32_t s = 0; s < piece.sectors; ++s) RC_ASSERT(sectors.at(at++) == piece.start + s);
    }
    RC_ASSERT(at == first + count);
  }));
}

}  // namespace
}  // namespace xensim
