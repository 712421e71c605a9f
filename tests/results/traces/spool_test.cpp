#include "results/traces/spool.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/error.hpp"
#include "results/atomic_file.hpp"
#include "tests/results/temporary_directory.hpp"

namespace xensim {
namespace {

TEST(Spool, GivesBackWhatWasWrittenHoweverMuch) {
  const TemporaryDirectory directory;
  const auto path = directory.path() / "file";
  Spool spool(path);
  std::string all;
  for (int i = 0; i < 50'000; ++i) {
    const std::string line = std::to_string(i) + '\n';
    spool.write(line);
    all += line;
  }
  EXPECT_EQ(spool.size(), all.size());
  EXPECT_TRUE(std::filesystem::is_empty(directory.path())) << "it has no name that could stay behind";
  AtomicFile file(path);
  spool.copy_to(file);
  file.commit();
  EXPECT_EQ(*read_file(path), all);
}

TEST(Spool, GivesBackRecordsOneByOne) {
  const TemporaryDirectory directory;
  Spool spool(directory.path() / "file");
  for (int i = 0; i < 5'000; ++i) spool.write_record(i);
  std::vector<int> read;
  spool.for_each<int>([&](int i) { read.push_back(i); });
  ASSERT_EQ(read.size(), 5'000U);
  for (int i = 0; i < 5'000; ++i) EXPECT_EQ(read[static_cast<std::size_t>(i)], i);
}

TEST(Spool, WithNothingInItNeedsNoFile) {
  Spool spool("/no/such/directory/file");
  int records = 0;
  spool.for_each<int>([&](int) { ++records; });
  EXPECT_EQ(records, 0);
  EXPECT_THROW(spool.write("x"), InputError);
}

}  // namespace
}  // namespace xensim
