#include "models/guest/files/path_lookup.hpp"

#include <rapidcheck.h>

#include <map>

#include "tests/models/guest/processes/calls_fixture.hpp"

namespace xensim {
namespace {

struct PathLookupTest : testing::Test, Calls {
  PathLookupTest() {
    must(calls.mkdir(process, "/usr"));
    must(calls.mkdir(process, "/usr/include"));
    must(calls.close(process, open("/usr/include/types.h", {.create = true})));
    did.restart();
  }
  CallError stat(std::string_view path) { return calls.stat(process, path).error; }
};

TEST_F(PathLookupTest, LooksUpEachComponentInTheCache) {
  EXPECT_EQ(stat("/usr/include/types.h"), CallError::none);
  EXPECT_EQ(did[KernelPath::path_component], 3U);
  EXPECT_EQ(did[KernelPath::directory_entry], 0U) << "no directory was read";
  EXPECT_EQ(did[KernelPath::dentry_create], 0U);
}

TEST_F(PathLookupTest, ANameNotCachedCostsAScanOfItsDirectoryOnce) {
  EXPECT_EQ(calls.entries().prune(100), 3U);
  EXPECT_EQ(stat("/usr/include/types.h"), CallError::none);
  EXPECT_EQ(did[KernelPath::dentry_create], 3U);
  EXPECT_EQ(did[KernelPath::directory_entry], 9U) << "each behind . and ..";
  did.restart();
  EXPECT_EQ(stat("/usr/include/types.h"), CallError::none);
  EXPECT_EQ(did[KernelPath::directory_entry], 0U);
}

TEST_F(PathLookupTest, ThatANameDoesNotExistIsRememberedToo) {
  EXPECT_EQ(stat("/usr/include/none.h"), CallError::no_entry);
  EXPECT_EQ(did[KernelPath::directory_entry], 3U);
  did.restart();
  EXPECT_EQ(stat("/usr/include/none.h"), CallError::no_entry);
  EXPECT_EQ(did[KernelPath::directory_entry], 0U);
  EXPECT_EQ(did[KernelPath::path_component], 3U);
}

TEST_F(PathLookupTest, PathsAreAbsoluteOrRelative) {
  const auto walked = calls.entries().find(DentryCache::root(), "usr");
  ASSERT_TRUE(walked);
  process.working_directory = *walked;
  EXPECT_EQ(stat("include/types.h"), CallError::none);
  EXPECT_EQ(stat("./include//types.h"), CallError::none);
  EXPECT_EQ(stat("../usr/include/types.h"), CallError::none);
  EXPECT_EQ(stat("usr"), CallError::no_entry);
  EXPECT_EQ(stat("/../../usr"), CallError::none) << "above the root is the root";
}

TEST_F(PathLookupTest, SaysWhyThereIsNothing) {
  EXPECT_EQ(stat("/none/include/types.h"), CallError::no_entry);
  EXPECT_EQ(stat("/usr/include/types.h/x"), CallError::not_directory);
  EXPECT_EQ(stat(""), CallError::no_entry);
}

TEST_F(PathLookupTest, AnUnlinkedNameBecomesNegative) {
  ASSERT_TRUE(calls.unlink(process, "/usr/include/types.h").ok());
  did.restart();
  EXPECT_EQ(stat("/usr/include/types.h"), CallError::no_entry);
  EXPECT_EQ(did[KernelPath::directory_entry], 0U);
}

TEST_F(PathLookupTest, AnUnlinkedFileLivesUntilItsLastClose) {
  const unsigned descriptor = open("/usr/include/types.h");
  const std::size_t before = files.inode_count();
  ASSERT_TRUE(calls.unlink(process, "/usr/include/types.h").ok());
  EXPECT_EQ(stat("/usr/include/types.h"), CallError::no_entry);
  EXPECT_EQ(files.inode_count(), before);
  EXPECT_EQ(append(descriptor, 10).value, 10);
  must(calls.close(process, descriptor));
  EXPECT_EQ(files.inode_count(), before - 1);
  EXPECT_EQ(files.audit(), "");
  EXPECT_EQ(calls.entries().audit(), "");
}

TEST(PathLookupProperty, TheCacheNeverContradictsTheDirectories) {
  EXPECT_TRUE(rc::check([] {
    Calls kernel;
    const std::array<std::string, 2> directories{"/a", "/b"};
    for (const std::string& directory : directories) (void)kernel.calls.mkdir(kernel.process, directory);
    std::map<std::string, bool> exists;
    const auto steps = *rc::gen::container<std::vector<std::tuple<int, unsigned, int>>>(
        rc::gen::tuple(rc::gen::inRange(0, 4), rc::gen::inRange(0U, 2U), rc::gen::inRange(0, 5)));
    for (const auto& [kind, directory, name] : steps) {
      const std::string path = directories.at(directory) + "/file" + std::to_string(name);
      if (kind == 0) {
        (void)kernel.calls.close(kernel.process, kernel.open(path, {.create = true}));
        exists[path] = true;
      } else if (kind == 1) {
        RC_ASSERT(kernel.calls.unlink(kernel.process, path).ok() == std::exchange(exists[path], false));
      } else if (kind == 2) {
        RC_ASSERT(kernel.calls.stat(kernel.process, path).ok() == exists[path]);
      } else {
        kernel.calls.entries().prune(static_cast<std::size_t>(name));
      }
      RC_ASSERT(kernel.calls.entries().audit().empty());
    }
  }));
}

}  // namespace
}  // namespace xensim
