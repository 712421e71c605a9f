#include "models/guest/files/file_writers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/models/guest/kernel/bare_kernel.hpp"

namespace xensim {
namespace {

using testing::ElementsAre;

class FileWritersTest : public testing::Test, protected BareKernel {
 protected:
  FileWritersTest() : BareKernel(1024, {}) {
    second.processor = 1;
    third.processor = 1;
  }
  [[nodiscard]] static std::vector<ProcessId> ids(const Wakes& wakes) {
    std::vector<ProcessId> all;
    for (const auto& wake : wakes) all.push_back(wake.process);
    return all;
  }

  KernelPathCosts free_{};
  KernelWork work_{free_};
  KernelContext context{work_, {.smp = true}};
  FileWriters writers{context, kernel_};
  Inode file{{20}, InodeKind::regular};
  GuestProcess first{context, {1}}, second{context, {2}}, third{context, {3}};
};

TEST_F(FileWritersTest, OneWritesAtATimeAndTheOthersSleep) {
  EXPECT_TRUE(writers.enter(first, file, 10us));
  EXPECT_TRUE(writers.enter(first, file, 11us)) << "its call goes on";
  EXPECT_FALSE(writers.enter(second, file, 12us));
  EXPECT_TRUE(second.sleeps);
  EXPECT_EQ(writers.sleeps(), 1U);
}

TEST_F(FileWritersTest, WhoeverIsDoneWakesTheFirstThatWaits) {
  ASSERT_TRUE(writers.enter(first, file, 10us));
  ASSERT_FALSE(writers.enter(second, file, 12us));
  ASSERT_FALSE(writers.enter(third, file, 13us));
  Wakes wakes;
  writers.leave(first, file, 20us, wakes);
  EXPECT_THAT(ids(wakes), ElementsAre(second.id));
  EXPECT_TRUE(writers.enter(second, file, 21us));
}

TEST_F(FileWritersTest, AWriteThatIsSimulatedAlreadyStillGoesOnForOtherProcessors) {
  ASSERT_TRUE(writers.enter(first, file, 10us));
  Wakes wakes;
  writers.leave(first, file, 20us, wakes);
  EXPECT_FALSE(writers.enter(second, file, 15us)) << "its processor is behind the first one's";
  EXPECT_TRUE(writers.enter(second, file, 20us));
}

TEST_F(FileWritersTest, ADeadWaiterIsNotWoken) {
  ASSERT_TRUE(writers.enter(first, file, 10us));
  ASSERT_FALSE(writers.enter(second, file, 12us));
  Wakes wakes;
  writers.leave(second, file, 13us, wakes);
  EXPECT_TRUE(wakes.empty()) << "the first still writes";
  writers.leave(first, file, 20us, wakes);
  EXPECT_TRUE(wakes.empty());
  writers.leave(first, file, 21us, wakes);
  EXPECT_FALSE(first.writes) << "it writes no file any more";
}

TEST_F(FileWritersTest, AUniprocessorKernelNeedsNoSemaphore) {
  const KernelContext uniprocessor{work_, {}};
  FileWriters unneeded(uniprocessor, kernel_);
  EXPECT_TRUE(unneeded.enter(first, file, 10us));
  EXPECT_TRUE(unneeded.enter(second, file, 10us));
}

}  // namespace
}  // namespace xensim
