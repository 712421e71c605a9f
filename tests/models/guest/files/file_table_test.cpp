#include "models/guest/files/file_table.hpp"

#include <rapidcheck.h>

#include <map>

#include "tests/models/guest/processes/calls_fixture.hpp"

namespace xensim {
namespace {

/// Says when it is released.
class Watched final : public File {
 public:
  explicit Watched(int& releases) : releases_(releases) {}
  void release(Wakes& /*wakes*/) override { ++releases_; }

 private:
  int& releases_;
};

struct FileTableTest : testing::Test {
  KernelPathCosts costs{};
  KernelWork work{costs};
  KernelContext context{work, {}};
  FileTable table{context};
  int releases = 0;
  std::shared_ptr<File> file() { return std::make_shared<Watched>(releases); }
};

TEST_F(FileTableTest, GivesTheLowestFreeDescriptor) {
  for (int expected = 0; expected < 5; ++expected) EXPECT_EQ(table.install(file()).value, expected);
  ASSERT_TRUE(table.close(3).ok());
  ASSERT_TRUE(table.close(1).ok());
  EXPECT_EQ(table.install(file()).value, 1);
  EXPECT_EQ(table.install(file()).value, 3);
  EXPECT_EQ(table.install(file()).value, 5);
}

TEST_F(FileTableTest, TheLastCloseReleasesAndNoOther) {
  ASSERT_TRUE(table.install(file()).ok());
  const CallResult copy = table.duplicate(0);
  ASSERT_EQ(copy.value, 1);
  EXPECT_EQ(table.get(0), table.get(1)) << "the same open file";
  ASSERT_TRUE(table.close(0).ok());
  EXPECT_EQ(releases, 0);
  ASSERT_TRUE(table.close(1).ok());
  EXPECT_EQ(releases, 1);
}

TEST_F(FileTableTest, AForkSharesTheOpenFiles) {
  ASSERT_TRUE(table.install(file()).ok());
  FileTable child = table.forked();
  EXPECT_EQ(work.count(KernelPath::file_reference), 1U);
  Wakes wakes;
  child.close_all(wakes);
  EXPECT_EQ(releases, 0);
  table.close_all(wakes);
  EXPECT_EQ(releases, 1);
}

TEST_F(FileTableTest, WhatIsNotOpenIsABadDescriptor) {
  EXPECT_EQ(table.get(7), nullptr);
  EXPECT_EQ(table.close(7).error, CallError::bad_descriptor);
  EXPECT_EQ(table.duplicate(7).error, CallError::bad_descriptor);
}

TEST_F(FileTableTest, AProcessCannotHaveMoreThanItsLimit) {
  for (unsigned i = 0; i < FileTable::limit; ++i) ASSERT_TRUE(table.install(file()).ok());
  EXPECT_EQ(table.install(file()).error, CallError::too_many_files);
}

TEST_F(FileTableTest, OnlyAnSmpKernelLocks) {
  ASSERT_TRUE(table.install(file()).ok());
  EXPECT_NE(table.get(0), nullptr);
  EXPECT_EQ(work.count(KernelPath::locked_operation), 0U);
  context.build.smp = true;
  EXPECT_NE(table.get(0), nullptr);
  EXPECT_EQ(work.count(KernelPath::locked_operation), 4U) << "table lock and unlock, count up and down";
}

TEST(FileTableProperty, ReferencesAreThoseOfTheDescriptors) {
  EXPECT_TRUE(rc::check([] {
    KernelPathCosts costs{};
    KernelWork work(costs);
    const KernelContext context{work, {}};
    FileTable table(context);
    std::map<unsigned, int> model;  // descriptor -> file
    std::map<int, std::weak_ptr<File>> files;
    int releases = 0, made = 0;
    const auto steps = *rc::gen::container<std::vector<std::pair<int, unsigned>>>(
        rc::gen::pair(rc::gen::inRange(0, 4), rc::gen::inRange(0U, 8U)));
    for (const auto& [kind, descriptor] : steps) {
      if (kind <= 1) {
        auto file = std::make_shared<Watched>(releases);
        files[made] = file;
        const CallResult result = table.install(std::move(file));
        RC_ASSERT(model.emplace(static_cast<unsigned>(result.value), made++).second);
      } else if (kind == 2) {
        const CallResult result = table.duplicate(descriptor);
        RC_ASSERT(result.ok() == model.contains(descriptor));
        if (result.ok()) model[static_cast<unsigned>(result.value)] = model[descriptor];
      } else {
        RC_ASSERT(table.close(descriptor).ok() == (model.erase(descriptor) == 1));
      }
      RC_ASSERT(table.audit().empty());
      RC_ASSERT(table.open_count() == model.size());
      int alive = 0;
      for (const auto& [id, file] : files) {
        const auto uses = std::count_if(model.begin(), model.end(),
                                        [&, file_id = id](const auto& m) { return m.second == file_id; });
        RC_ASSERT(file.use_count() == uses);
        alive += uses > 0 ? 1 : 0;
      }
      RC_ASSERT(releases == made - alive);
    }
  }));
}

}  // namespace
}  // namespace xensim
