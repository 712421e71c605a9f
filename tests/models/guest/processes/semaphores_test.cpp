#include "models/guest/processes/semaphores.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "tests/models/guest/processes/calls_fixture.hpp"

namespace xensim {
namespace {

struct SemaphoresTest : testing::Test {
  KernelPathCosts costs{};
  KernelWork work{costs};
  KernelContext context{work, {.smp = true}};
  Semaphores semaphores{context};
  std::int64_t set = semaphores.create(3).value;
  Counting did{work};

  using Call = std::shared_ptr<Semaphores::Sleeper>;
  static Call call(std::uint32_t process, std::vector<SemaphoreOperation> operations) {
    auto made = std::make_shared<Semaphores::Sleeper>();
    made->process = {process};
    made->operations = std::move(operations);
    return made;
  }
  CallResult operate(const Call& call) { return semaphores.operate(set, call); }
};

TEST_F(SemaphoresTest, AFreeOneIsTakenUnderOneLock) {
  EXPECT_TRUE(semaphores.set_value(set, 0, 1).ok());
  did.restart();
  EXPECT_TRUE(operate(call(1, {{0, -1}})).ok());
  EXPECT_EQ(semaphores.value(set, 0), 0);
  EXPECT_EQ(did[KernelPath::semop], 1U);
  EXPECT_EQ(did[KernelPath::locked_operation], 1U);
}

TEST_F(SemaphoresTest, WhoeverMakesItPossibleDoesASleepersOperationForIt) {
  const auto sleeper = call(1, {{0, -1}});
  EXPECT_TRUE(operate(sleeper).sleeps);
  const CallResult result = operate(call(2, {{0, 1}}));
  EXPECT_EQ(result.wakes, (Wakes{{ProcessId{1}}}));
  EXPECT_EQ(semaphores.value(set, 0), 0) << "taken already";
  EXPECT_EQ(semaphores.waiting(set), 0U);
  did.restart();
  EXPECT_TRUE(operate(sleeper).ok());
  EXPECT_EQ(did[KernelPath::semop], 0U) << "nothing is left to do but to return";
}

TEST_F(SemaphoresTest, AllOperationsOfACallAreDoneOrNone) {
  EXPECT_TRUE(operate(call(1, {{0, 1}})).ok());
  EXPECT_TRUE(operate(call(1, {{0, -1}, {1, -1}})).sleeps);
  EXPECT_EQ(semaphores.value(set, 0), 1);
  EXPECT_EQ(operate(call(2, {{0, -1}, {1, -1, true}})).error, CallError::try_again);
  EXPECT_EQ(semaphores.value(set, 0), 1);
}

TEST_F(SemaphoresTest, ThoseWhoCameFirstAreServedFirst) {
  EXPECT_TRUE(operate(call(1, {{0, -1}})).sleeps);
  EXPECT_TRUE(operate(call(2, {{0, -1}})).sleeps);
  EXPECT_EQ(operate(call(3, {{0, 1}})).wakes, (Wakes{{ProcessId{1}}}));
}

TEST_F(SemaphoresTest, OneWakeMayMakeAnotherPossible) {
  EXPECT_TRUE(operate(call(1, {{1, -1}})).sleeps);
  EXPECT_TRUE(operate(call(2, {{0, -1}, {1, 1}})).sleeps);
  EXPECT_EQ(operate(call(3, {{0, 1}})).wakes, (Wakes{{ProcessId{2}}, {ProcessId{1}}}));
}

TEST_F(SemaphoresTest, ZeroWaitsForZero) {
  EXPECT_TRUE(operate(call(1, {{0, 1}})).ok());
  EXPECT_TRUE(operate(call(2, {{0, 0}})).sleeps);
  EXPECT_EQ(operate(call(1, {{0, -1}})).wakes, (Wakes{{ProcessId{2}}}));
}

TEST_F(SemaphoresTest, SleepersOnASetThatIsRemovedFail) {
  const auto sleeper = call(1, {{0, -1}});
  EXPECT_TRUE(operate(sleeper).sleeps);
  EXPECT_EQ(semaphores.remove(set).wakes, (Wakes{{ProcessId{1}}}));
  EXPECT_EQ(operate(sleeper).error, CallError::removed);
  EXPECT_EQ(operate(call(1, {{0, 1}})).error, CallError::invalid);
}

TEST(SemaphoresProperty, NobodySleepsWhoCouldGoOn) {
  EXPECT_TRUE(rc::check("operations in any order", [] {
    KernelPathCosts costs{};
    KernelWork work{costs};
    const KernelContext context{work, {}};
    Semaphores semaphores{context};
    const std::int64_t set = semaphores.create(3).value;
    const auto changes = *rc::gen::container<std::vector<std::vector<std::pair<unsigned, int>>>>(
        rc::gen::nonEmpty(rc::gen::container<std::vector<std::pair<unsigned, int>>>(
            rc::gen::pair(rc::gen::inRange(0U, 3U), rc::gen::inRange(-2, 3)))));
    std::uint32_t process = 0;
    for (const auto& change : changes) {
      auto call = std::make_shared<Semaphores::Sleeper>();
      call->process = {process++};
      for (const auto& [semaphore, by] : change) call->operations.push_back({semaphore, by});
      (void)semaphores.operate(set, call);
      RC_ASSERT(semaphores.audit() == "");
    }
  }));
}

}  // namespace
}  // namespace xensim
