/// Calls on names, sizes and positions of files.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "tests/models/guest/processes/calls_fixture.hpp"

namespace xensim {
namespace {

struct FileNamesTest : testing::Test, Calls {
  void TearDown() override {
    EXPECT_EQ(files.audit(), "");
    EXPECT_EQ(calls.entries().audit(), "");
    Wakes wakes;
    process.table.close_all(wakes);
  }
  [[nodiscard]] bool exists(std::string_view path) { return calls.stat(process, path).ok(); }
  InodeNumber inode_of(unsigned descriptor) {
    return std::dynamic_pointer_cast<RegularFile>(process.table.peek(descriptor))->inode();
  }
};

TEST_F(FileNamesTest, ASeekCountsFromTheStartFromHereAndFromTheEnd) {
  const unsigned file = open("/a", {.create = true});
  must(append(file, 100));
  EXPECT_EQ(calls.seek(process, file, 10, SeekFrom::start).value, 10);
  EXPECT_EQ(calls.seek(process, file, 5, SeekFrom::here).value, 15);
  EXPECT_EQ(calls.seek(process, file, -1, SeekFrom::end).value, 99);
  EXPECT_EQ(calls.seek(process, file, -101, SeekFrom::end).error, CallError::invalid);
  EXPECT_EQ(calls.seek(process, file, 0, SeekFrom::here).value, 99);
}

TEST_F(FileNamesTest, AnExclusiveOpenMustMakeTheFile) {
  (void)open("/a", {.create = true, .exclusive = true});
  EXPECT_EQ(calls.open(process, "/a", {.create = true, .exclusive = true}).error, CallError::exists);
}

TEST_F(FileNamesTest, TruncationFreesWhatIsBehindAndExtensionLeavesAHole) {
  const unsigned file = open("/a", {.create = true});
  const std::uint64_t free = files.groups().free_blocks();
  must(append(file, 60000));
  must(append(file, 60000));
  must(calls.ftruncate(process, file, 50000));
  EXPECT_EQ(files.groups().free_blocks(), free - 13 - 1) << "with an indirect block";
  EXPECT_EQ(files.audit(), "");
  must(calls.ftruncate(process, file, 10000));
  EXPECT_EQ(files.groups().free_blocks(), free - 3);
  must(calls.truncate(process, "/a", 40000));
  EXPECT_EQ(files.groups().free_blocks(), free - 3);
  EXPECT_EQ(files.inode(inode_of(file)).size, 40000U);
  EXPECT_EQ(files.read_page(inode_of(file), 9 * page_size, page_size).value, 40000 - 9 * page_size);
}

TEST_F(FileNamesTest, ARenamedFileHasItsNewNameOnly) {
  must(calls.mkdir(process, "/d"));
  const unsigned file = open("/a", {.create = true});
  must(calls.rename(process, "/a", "/d/b"));
  EXPECT_FALSE(exists("/a"));
  EXPECT_TRUE(exists("/d/b"));
  EXPECT_EQ(append(file, 10).value, 10) << "open files do not notice";
  EXPECT_EQ(inode_of(open("/d/b")), inode_of(file));
}

TEST_F(FileNamesTest, WhatHadTheNewNameGoesAway) {
  (void)calls.close(process, open("/a", {.create = true}));
  const unsigned old = open("/b", {.create = true});
  must(append(old, 5000));
  must(calls.rename(process, "/a", "/b"));
  EXPECT_FALSE(exists("/a"));
  EXPECT_EQ(files.inode(inode_of(old)).links, 0U) << "until it is closed";
  EXPECT_EQ(files.audit(), "");
  must(calls.close(process, old));
  EXPECT_EQ(files.inode_count(), 2U);
}

TEST_F(FileNamesTest, ADirectoryDoesNotMoveIntoItself) {
  must(calls.mkdir(process, "/d"));
  EXPECT_EQ(calls.rename(process, "/d", "/d/e").error, CallError::invalid);
  must(calls.mkdir(process, "/d/e"));
  must(calls.rename(process, "/d/e", "/e"));
  EXPECT_TRUE(exists("/e"));
  EXPECT_EQ(files.inode(DiskLayout::root).links, 4U);
}

TEST_F(FileNamesTest, OnlyAnEmptyDirectoryIsRemoved) {
  must(calls.mkdir(process, "/d"));
  (void)calls.close(process, open("/d/a", {.create = true}));
  EXPECT_EQ(calls.rmdir(process, "/d").error, CallError::not_empty);
  must(calls.unlink(process, "/d/a"));
  EXPECT_FALSE(exists("/d/b"));
  must(calls.rmdir(process, "/d"));
  EXPECT_FALSE(exists("/d"));
  EXPECT_EQ(files.inode_count(), 1U);
}

TEST_F(FileNamesTest, ADirectoryIsReadOnceFromItsBeginningToItsEnd) {
  (void)calls.close(process, open("/a", {.create = true}));
  const unsigned root = open("/");
  std::vector<std::string> names;
  EXPECT_EQ(calls.getdents(process, root, &names).value, 3);
  EXPECT_EQ(names, (std::vector<std::string>{".", "..", "a"}));
  EXPECT_EQ(calls.getdents(process, root, nullptr).value, 0);
}

TEST_F(FileNamesTest, ALockIsWaitedForUntilItsFileIsClosed) {
  const unsigned one = open("/a", {.create = true}), other = open("/a");
  must(calls.lock(process, {1}, one, {0, 1}, false));
  EXPECT_TRUE(calls.lock(process, {2}, other, {0, 1}, false).sleeps);
  const CallResult closed = calls.close(process, one);
  EXPECT_EQ(closed.wakes, (Wakes{{{2}}}));
  must(calls.lock(process, {2}, other, {0, 1}, true));
}

TEST(FileNamesProperty, NamesAndInodesAgreeWhateverIsRenamedRemovedAndTruncated) {
  EXPECT_TRUE(rc::check([] {
    Calls kernel;
    const auto steps = *rc::gen::container<std::vector<std::tuple<int, int, int, std::uint32_t>>>(
        rc::gen::tuple(rc::gen::inRange(0, 7), rc::gen::inRange(0, 8), rc::gen::inRange(0, 8),
                       rc::gen::inRange(0U, 80000U)));
    const auto path = [](int number) {
      std::string result = number < 4 ? "/" : "/d/";
      return result.append(1, static_cast<char>('a' + number));
    };
    for (const auto& [kind, one, other, bytes] : steps) {
      if (kind == 0) (void)kernel.calls.creat(kernel.process, path(one));
      if (kind == 1) (void)kernel.calls.rename(kernel.process, path(one), path(other));
      if (kind == 2) (void)kernel.calls.unlink(kernel.process, path(one));
      if (kind == 3) (void)kernel.calls.mkdir(kernel.process, one < 4 ? std::string("/d") : path(one));
      if (kind == 4) (void)kernel.calls.rmdir(kernel.process, one < 4 ? std::string("/d") : path(one));
      if (kind == 5) (void)kernel.calls.truncate(kernel.process, path(one), bytes);
      if (kind == 6) (void)kernel.calls.close(kernel.process, static_cast<unsigned>(one));
      RC_ASSERT(kernel.files.audit() == "");
      RC_ASSERT(kernel.calls.entries().audit() == "");
    }
    Wakes wakes;
    kernel.process.table.close_all(wakes);
    RC_ASSERT(kernel.files.audit() == "");
  }));
}

}  // namespace
}  // namespace xensim
