#include "models/guest/files/file_system.hpp"

#include <rapidcheck.h>

#include "tests/models/guest/processes/calls_fixture.hpp"

namespace xensim {
namespace {

struct FileSystemTest : testing::Test, Calls {
  FileSystemTest() { restart(); }
  void restart() {
    (void)files.journal().take_running();
    did.restart();
  }
  InodeNumber create(std::string_view name) {
    const CallResult result = files.create(DiskLayout::root, name, InodeKind::regular);
    EXPECT_TRUE(result.ok());
    return {static_cast<std::uint32_t>(result.value)};
  }
  /// Page by page, as FileCalls does it where nothing has to be waited for.
  std::uint64_t read(InodeNumber file, std::uint64_t offset, std::uint64_t bytes) {
    std::uint64_t done = 0;
    while (done < bytes) {
      const CallResult page = files.read_page(file, offset + done, bytes - done);
      if (page.value == 0) break;
      done += static_cast<std::uint64_t>(page.value);
    }
    files.accessed(file);
    return done;
  }
  void remove(std::string_view name, InodeNumber inode) {
    files.unlink(DiskLayout::root, name);
    files.evict(inode);
  }
};

TEST_F(FileSystemTest, AnEmptyFileDirtiesFiveOrSixMetadataBlocks) {
  (void)create("first");
  // Inode bitmap, group descriptor, super block, inode's block (also the root's), directory's block.
  EXPECT_EQ(files.journal().metadata_blocks(), 5U);
  EXPECT_EQ(files.journal().data_blocks(), 0U);
  for (int i = 0; i < 40; ++i) (void)create("more" + std::to_string(i));
  restart();
  (void)create("last");
  EXPECT_EQ(files.journal().metadata_blocks(), 6U) << "its inode's block is another than the root's";
}

TEST_F(FileSystemTest, TenKilobytesAddOneBitmapAndThreeOrderedBlocks) {
  const InodeNumber file = create("file");
  EXPECT_EQ(files.write(file, 0, 10240).value, 10240);
  EXPECT_EQ(files.journal().metadata_blocks(), 6U);
  EXPECT_EQ(files.journal().data_blocks(), 3U);
  EXPECT_EQ(pages.out(), 3U);
  EXPECT_EQ(files.inode(file).size, 10240U);
}

TEST_F(FileSystemTest, OperationsOfOneTransactionShareTheirBlocks) {
  for (int i = 0; i < 30; ++i) (void)create("file" + std::to_string(i));
  // Inodes 11 to 40 lie in two blocks.
  EXPECT_EQ(files.journal().metadata_blocks(), 6U);
  const Transaction transaction = files.journal().take_running();
  EXPECT_EQ(transaction.metadata.size(), 6U);
  EXPECT_FALSE(files.journal().running());
}

TEST_F(FileSystemTest, AnAppendWithinABlockDirtiesOneBlockANewBlockFour) {
  const InodeNumber file = create("file");
  (void)files.write(file, 0, 100);
  restart();
  (void)files.write(file, 100, 100);
  EXPECT_EQ(files.journal().metadata_blocks(), 1U);
  restart();
  (void)files.write(file, 200, 4096);
  EXPECT_EQ(files.journal().metadata_blocks(), 4U) << "bitmap, group descriptor, super block, inode";
}

TEST_F(FileSystemTest, TheThirteenthBlockNeedsAnIndirectOne) {
  const InodeNumber file = create("file");
  (void)files.write(file, 0, 12 * 4096);
  EXPECT_TRUE(files.inode(file).indirect.empty());
  (void)files.write(file, 12 * 4096, 4096);
  EXPECT_EQ(files.inode(file).indirect.size(), 1U);
  (void)files.write(file, 13 * 4096, 1024 * 4096);
  EXPECT_EQ(files.inode(file).indirect.size(), 3U) << "the double indirect block and its first";
  EXPECT_EQ(files.audit(), "");
}

TEST_F(FileSystemTest, AWriteBehindTheEndLeavesAHoleThatReadsAsZeros) {
  const InodeNumber file = create("file");
  EXPECT_EQ(files.write(file, 2 * 4096, 4096).value, 4096);
  EXPECT_EQ(pages.out(), 1U);
  did.restart();
  EXPECT_EQ(read(file, 0, 4096), 4096U);
  EXPECT_EQ(pages.out(), 2U);
  EXPECT_EQ(did[KernelPath::clear_line], 64U);
  EXPECT_EQ(files.write(file, 0, 1).value, 1);
  EXPECT_EQ(pages.out(), 2U) << "the page that was read";
  EXPECT_EQ(files.audit(), "");
}

TEST_F(FileSystemTest, BlocksOfAFileAreContiguousWhenNobodyElseWrites) {
  const InodeNumber file = create("file");
  (void)files.write(file, 0, 12 * 4096);
  const auto& blocks = files.inode(file).blocks;
  for (std::size_t i = 1; i < blocks.size(); ++i) EXPECT_EQ(blocks[i].value, blocks[i - 1].value + 1);
}

TEST_F(FileSystemTest, TwoFilesThatGrowTogetherInterleave) {
  const InodeNumber one = create("one"), two = create("two");
  for (std::uint64_t i = 0; i < 4; ++i) {
    (void)files.write(one, i * 4096, 4096);
    (void)files.write(two, i * 4096, 4096);
  }
  const auto& blocks = files.inode(one).blocks;
  for (std::size_t i = 1; i < blocks.size(); ++i) EXPECT_EQ(blocks[i].value, blocks[i - 1].value + 2);
}

TEST_F(FileSystemTest, WhatIsDeletedInItsTransactionNeedNotBeWritten) {
  const InodeNumber file = create("file");
  (void)files.write(file, 0, 10240);
  remove("file", file);
  EXPECT_EQ(files.journal().data_blocks(), 0U);
  EXPECT_EQ(pages.out(), 0U);
  EXPECT_EQ(files.audit(), "");
}

TEST_F(FileSystemTest, UnlinkDirtiesTheDirectoryTheInodesAndTheOrphanList) {
  for (int i = 0; i < 40; ++i) (void)create("more" + std::to_string(i));
  const InodeNumber file = create("file");
  restart();
  files.unlink(DiskLayout::root, "file");
  EXPECT_EQ(files.journal().metadata_blocks(), 4U);
  files.evict(file);
  EXPECT_EQ(files.journal().metadata_blocks(), 6U) << "with inode bitmap and group descriptor";
}

TEST_F(FileSystemTest, ReadsAreOneCopyAPageAndUpdateTheTimeOnceASecond) {
  const InodeNumber file = create("file");
  (void)files.write(file, 0, 10240);
  restart();
  EXPECT_EQ(read(file, 0, 65536), 10240U);
  EXPECT_EQ(did[KernelPath::page_read], 3U);
  EXPECT_EQ(did[KernelPath::copy_line], 160U);
  EXPECT_EQ(files.journal().metadata_blocks(), 0U);
  context.seconds += 1;
  EXPECT_EQ(read(file, 10239, 5), 1U);
  EXPECT_EQ(read(file, 0, 5), 5U);
  EXPECT_EQ(read(file, 10240, 5), 0U);
  EXPECT_EQ(files.journal().metadata_blocks(), 1U);
  EXPECT_EQ(did[KernelPath::journal_access], 1U);
}

TEST_F(FileSystemTest, SearchingADirectoryIsLinear) {
  for (int i = 0; i < 1000; ++i) (void)create("file" + std::to_string(1000 + i));
  EXPECT_EQ(files.inode(DiskLayout::root).blocks.size(), 4U) << "8+8 bytes a name: 16 KB";
  restart();
  EXPECT_EQ(files.lookup(DiskLayout::root, "absent"), std::nullopt);
  EXPECT_EQ(did[KernelPath::directory_entry], 1002U);
  EXPECT_EQ(did[KernelPath::buffer_lookup], 4U);
}

TEST_F(FileSystemTest, AGapLeftByADeletedNameIsUsedAgain) {
  for (int i = 0; i < 300; ++i) (void)create("file" + std::to_string(100 + i));
  restart();
  remove("file100", *files.lookup(DiskLayout::root, "file100"));
  restart();
  (void)create("file999");
  EXPECT_LE(did[KernelPath::directory_entry], 3U) << "found behind ..";
  EXPECT_EQ(files.audit(), "");
}

TEST_F(FileSystemTest, ABigTransactionWantsACommit) {
  std::uint32_t created = 0;
  while (!files.journal().wants_commit() && created < 40000) {
    must(files.create(DiskLayout::root, "d" + std::to_string(created), InodeKind::directory));
    ++created;
  }
  EXPECT_GE(files.journal().metadata_blocks() + 25, 2048U) << "a quarter of 32 MB";
  EXPECT_LE(files.journal().metadata_blocks(), 2048U);
  (void)files.journal().take_running();
  EXPECT_FALSE(files.journal().wants_commit());
}

TEST_F(FileSystemTest, AMappedFileHasItsPages) {
  const InodeNumber file = create("file");
  (void)files.write(file, 0, 5000);
  MappedFile& mapped = files.inode(file);
  EXPECT_EQ(mapped.pages(), 2U);
  EXPECT_TRUE(mapped.page(1));
  EXPECT_FALSE(mapped.page(2));
}

TEST(FileSystemLimits, AWriteStopsWhereMemoryOrTheDiskEnds) {
  KernelPathCosts costs{};
  KernelWork work(costs);
  const KernelContext context{work, {}};
  CountedPages pages(3);
  FileSystem files(context, pages, {.groups = 1});
  const InodeNumber file{
      static_cast<std::uint32_t>(files.create(DiskLayout::root, "f", InodeKind::regular).value)};
  EXPECT_EQ(files.write(file, 0, 5 * 4096).value, 3 * 4096);
  EXPECT_EQ(files.write(file, 3 * 4096, 1).error, CallError::no_memory);
  EXPECT_EQ(files.audit(), "");

  CountedPages plenty;
  FileSystem small(context, plenty, {.groups = 1, .journal_blocks = DiskLayout::blocks_per_group - 530});
  const InodeNumber big{
      static_cast<std::uint32_t>(small.create(DiskLayout::root, "f", InodeKind::regular).value)};
  EXPECT_LT(small.write(big, 0, 64 * 4096).value, 64 * 4096);
  EXPECT_LE(small.groups().free_blocks(), 1U) << "the thirteenth block needs two";
  EXPECT_EQ(small.audit(), "");
  small.truncate(big);
  EXPECT_GT(small.groups().free_blocks(), 0U);
  EXPECT_EQ(small.audit(), "");
}

TEST(FileSystemProperty, BitmapsAgreeWithInodesAndBlocksAfterAnything) {
  EXPECT_TRUE(rc::check([] {
    Calls kernel;
    const auto steps = *rc::gen::container<std::vector<std::tuple<int, int, std::uint32_t>>>(
        rc::gen::tuple(rc::gen::inRange(0, 6), rc::gen::inRange(0, 6), rc::gen::inRange(0U, 80000U)));
    for (const auto& [kind, name, bytes] : steps) {
      const std::string path = "/" + std::string(static_cast<std::size_t>(name) * 40 + 1, 'x');
      if (kind == 0) (void)kernel.calls.creat(kernel.process, path);
      if (kind == 1) (void)kernel.calls.unlink(kernel.process, path);
      if (kind == 2) (void)kernel.calls.close(kernel.process, static_cast<unsigned>(name));
      if (kind == 3) (void)kernel.calls.mkdir(kernel.process, path);
      if (kind >= 4) (void)kernel.write(static_cast<unsigned>(name), bytes);
      RC_ASSERT(kernel.files.audit() == "");
      RC_ASSERT(kernel.calls.entries().audit() == "");
    }
    Wakes wakes;
    kernel.process.table.close_all(wakes);
    RC_ASSERT(kernel.files.audit() == "");
    for (const InodeNumber inode : kernel.files.inode(DiskLayout::root).directory->inodes()) {
      RC_ASSERT(kernel.files.inode(inode).links > 0U);
    }
  }));
}

}  // namespace
}  // namespace xensim
