#include "results/atomic_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "core/error.hpp"
#include "tests/results/temporary_directory.hpp"

namespace xensim {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::ThrowsMessage;

TEST(AtomicFileTest, nothing_remains_without_commit) {
  const TemporaryDirectory directory;
  { AtomicFile(directory.path() / "file").write("half"); }
  EXPECT_TRUE(fs::is_empty(directory.path()));
}

TEST(AtomicFileTest, the_old_content_stays_until_commit) {
  const TemporaryDirectory directory;
  write_file(directory.path() / "file", "old");
  AtomicFile file(directory.path() / "file");
  file.write("new");
  EXPECT_EQ(read_file(directory.path() / "file"), "old");
  file.commit();
  EXPECT_EQ(read_file(directory.path() / "file"), "new");
}

TEST(AtomicFileTest, an_absent_directory_is_bad_input) {
  const TemporaryDirectory directory;
  EXPECT_THROW(write_file(directory.path() / "absent" / "file", ""), InputError);
}

TEST(AtomicFileTest, a_directory_is_refused_before_anything_is_written) {
  const TemporaryDirectory directory;
  EXPECT_THAT([&] { AtomicFile file(directory.path()); }, ThrowsMessage<InputError>(HasSubstr("directory")));
  EXPECT_THAT([&] { check_writable(directory.path()); }, ThrowsMessage<InputError>(HasSubstr("directory")));
}

TEST(AtomicFileTest, a_device_stays_one) {
  write_file("/dev/null", "gone");
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  if (!fs::is_character_file("/dev/full")) GTEST_SKIP() << "no /dev/full";
  EXPECT_THROW(write_file("/dev/full", "too much"), InputError);
  EXPECT_TRUE(fs::is_character_file("/dev/full"));
}

TEST(AtomicFileTest, a_link_leads_to_the_new_file) {
  const TemporaryDirectory directory;
  const fs::path file = directory.path() / "file", link = directory.path() / "link";
  write_file(file, "old");
  fs::create_symlink(file, link);
  write_file(link, "new");
  EXPECT_TRUE(fs::is_symlink(link));
  EXPECT_EQ(read_file(file), "new");
}

TEST(AtomicFileTest, asking_whether_one_may_write_changes_nothing) {
  const TemporaryDirectory directory;
  check_writable(directory.path() / "file");
  EXPECT_TRUE(fs::is_empty(directory.path()));
  EXPECT_THROW(check_writable(directory.path() / "absent" / "file"), InputError);
  // Nobody reads this pipe: to open it for writing would wait for ever.
  const fs::path pipe = directory.path() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_NO_THROW(check_writable(pipe));
}

}  // namespace
}  // namespace xensim
