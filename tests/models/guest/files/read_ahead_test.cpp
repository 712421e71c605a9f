#include "models/guest/files/read_ahead.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace xensim {
namespace {

constexpr std::uint32_t big = 100000;

/// A reader of consecutive pages: sizes of the chunks that were asked for, and the pages that it was at then.
struct Reader {
  void page(std::uint32_t index, std::uint32_t whole_pages = big) {
    ahead.begin(std::uint64_t{index} * 4096, 4096);
    const bool missing = index >= cached;
    if (missing) cached = index + 1;
    const ReadAhead::Chunk chunk = ahead.at(index, missing, whole_pages);
    if (chunk.pages == 0) return;
    EXPECT_EQ(chunk.first, cached);
    cached += chunk.pages;
    chunks.push_back(chunk.pages);
    triggers.push_back(index);
  }
  ReadAhead ahead;
  std::uint32_t cached = 0;
  std::vector<std::uint32_t> chunks, triggers;
};

TEST(ReadAhead, GrowsToThirtyTwoPagesForASequentialReader) {
  Reader reader;
  for (std::uint32_t page = 0; page < 100; ++page) reader.page(page);
  EXPECT_EQ(reader.chunks, (std::vector<std::uint32_t>{3, 7, 13, 25, 32, 32, 32}));
}

TEST(ReadAhead, AsksForTheNextChunkWhenTheReaderEntersTheLast) {
  Reader reader;
  for (std::uint32_t page = 0; page < 50; ++page) reader.page(page);
  EXPECT_EQ(reader.triggers, (std::vector<std::uint32_t>{0, 1, 4, 11, 24, 49}));
}

TEST(ReadAhead, FetchesThreePagesForARandomPageAndFourForTwo) {
  ReadAhead ahead;
  ahead.begin(500 * 4096, 4096);
  EXPECT_EQ(ahead.at(500, true, big).pages, 2U);
  ahead.begin(70 * 4096, 8192);
  EXPECT_EQ(ahead.at(70, true, big).pages, 3U);
  EXPECT_EQ(ahead.at(71, true, big).pages, 0U) << "was asked for with the first";
}

TEST(ReadAhead, LeavesAloneWhatFollowsAHeader) {
  ReadAhead ahead;
  ahead.begin(0, 128);
  EXPECT_EQ(ahead.at(0, true, big).pages, 0U);
}

TEST(ReadAhead, NeverReadsTheLastPartialPageAhead) {
  Reader reader;
  for (std::uint32_t page = 0; page < 6; ++page) reader.page(page, 5);
  EXPECT_EQ(reader.chunks, (std::vector<std::uint32_t>{3, 1}));
}

}  // namespace
}  // namespace xensim
