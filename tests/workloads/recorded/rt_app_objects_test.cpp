#include "workloads/recorded/rt_app_objects.hpp"

#include <gmock/gmock.h>

#include <array>

namespace xensim {
namespace {

using Kind = RtAppEvent::Kind;
using testing::ElementsAre;

class RtAppObjectsTest : public testing::Test {
 protected:
  /// One of the objects: 0 a mutex, 1 a condition, 2 a barrier for three, 3 where some are suspended.
  bool waits(std::size_t member, Kind kind, std::uint32_t object = 0) {
    return objects_.perform({.kind = kind, .object = object, .mutex = 0}, members_[member]);
  }
  std::vector<std::size_t> woken() {
    std::vector<std::size_t> numbers;
    for (const RtAppMember* member = objects_.take_woken(); member != nullptr; member = member->next) {
      numbers.push_back(static_cast<std::size_t>(member - members_.data()));
    }
    return numbers;
  }

 private:
  static RtAppFile file() {
    RtAppFile file;
    file.tasks.resize(1);
    file.objects = {{.name = "m", .kind = RtAppObject::Kind::mutex},
                    {.name = "c", .kind = RtAppObject::Kind::condition},
                    {.name = "b", .kind = RtAppObject::Kind::barrier, .users = 3},
                    {.name = "s", .kind = RtAppObject::Kind::suspension}};
    return file;
  }
  RtAppFile file_ = file();
  RtAppObjects objects_{file_};
  std::array<RtAppMember, 4> members_{};
};

TEST_F(RtAppObjectsTest, AMutexGoesToWhoWaitedLongest) {
  EXPECT_FALSE(waits(0, Kind::lock));
  EXPECT_TRUE(waits(1, Kind::lock));
  EXPECT_TRUE(waits(2, Kind::lock));
  EXPECT_FALSE(waits(0, Kind::unlock));
  EXPECT_THAT(woken(), ElementsAre(1));
  EXPECT_TRUE(waits(0, Kind::lock)) << "it belongs to 1 already";
  EXPECT_FALSE(waits(1, Kind::unlock));
  EXPECT_THAT(woken(), ElementsAre(2));
}

TEST_F(RtAppObjectsTest, AWaitGivesTheMutexBackAndASignalledOneHasItAgainFirst) {
  EXPECT_FALSE(waits(0, Kind::lock));
  EXPECT_TRUE(waits(0, Kind::wait, 1));
  EXPECT_FALSE(waits(1, Kind::lock)) << "it is free";
  EXPECT_FALSE(waits(1, Kind::signal, 1));
  EXPECT_THAT(woken(), ElementsAre()) << "1 has it still";
  EXPECT_FALSE(waits(1, Kind::unlock));
  EXPECT_THAT(woken(), ElementsAre(0));
}

TEST_F(RtAppObjectsTest, ABroadcastLetsOneAfterTheOtherHaveTheMutex) {
  for (const std::size_t member : {0U, 1U, 2U}) {
    EXPECT_FALSE(waits(member, Kind::lock));
    EXPECT_TRUE(waits(member, Kind::wait, 1));
  }
  EXPECT_FALSE(waits(3, Kind::broad, 1));
  EXPECT_THAT(woken(), ElementsAre(0));
  EXPECT_FALSE(waits(0, Kind::unlock));
  EXPECT_THAT(woken(), ElementsAre(1));
}

TEST_F(RtAppObjectsTest, ASyncSignalsBeforeItWaits) {
  EXPECT_FALSE(waits(0, Kind::lock));
  EXPECT_TRUE(waits(0, Kind::sync, 1)) << "nobody to be signalled, itself least";
  EXPECT_THAT(woken(), ElementsAre());
  EXPECT_FALSE(waits(1, Kind::lock));
  EXPECT_TRUE(waits(1, Kind::sync, 1));
  EXPECT_THAT(woken(), ElementsAre(0));
}

TEST_F(RtAppObjectsTest, ASignalThatNobodyWaitsForIsLost) {
  EXPECT_FALSE(waits(0, Kind::signal, 1));
  EXPECT_FALSE(waits(1, Kind::lock));
  EXPECT_TRUE(waits(1, Kind::wait, 1));
  EXPECT_THAT(woken(), ElementsAre());
}

TEST_F(RtAppObjectsTest, ABarrierOpensWhenAllAreThereAndServesAgain) {
  for (int round = 0; round < 2; ++round) {
    EXPECT_TRUE(waits(2, Kind::barrier, 2));
    EXPECT_TRUE(waits(0, Kind::barrier, 2));
    EXPECT_FALSE(waits(1, Kind::barrier, 2));
    EXPECT_THAT(woken(), ElementsAre(2, 0));
  }
}

TEST_F(RtAppObjectsTest, AResumeWakesAllProcessesThatAreSuspendedThere) {
  EXPECT_TRUE(waits(0, Kind::suspend, 3));
  EXPECT_TRUE(waits(1, Kind::suspend, 3));
  EXPECT_FALSE(waits(2, Kind::resume, 3));
  EXPECT_THAT(woken(), ElementsAre(0, 1));
  EXPECT_FALSE(waits(2, Kind::resume, 3)) << "nobody is";
  EXPECT_THAT(woken(), ElementsAre());
}

}  // namespace
}  // namespace xensim
