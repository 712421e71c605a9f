#include "models/guest/files/file_locks.hpp"

#include <gtest/gtest.h>

#include "models/guest/files/file.hpp"

namespace xensim {
namespace {

struct SomeFile final : File {};

TEST(FileLocks, OneOwnerHasAByteAtATime) {
  FileLocks locks;
  const SomeFile one, other;
  EXPECT_TRUE(locks.lock(one, {10, 20}));
  EXPECT_FALSE(locks.lock(other, {19, 21}));
  EXPECT_TRUE(locks.lock(other, {20, 30}));
  EXPECT_TRUE(locks.lock(one, {10, 15})) << "what is one's own is no obstacle";
}

TEST(FileLocks, UnlockingTheMiddleLeavesBothEnds) {
  FileLocks locks;
  const SomeFile one, other;
  EXPECT_TRUE(locks.lock(one, {0, 100}));
  locks.unlock(one, {40, 60});
  EXPECT_TRUE(locks.lock(other, {40, 60}));
  EXPECT_FALSE(locks.lock(other, {39, 40}));
  EXPECT_FALSE(locks.lock(other, {60, 61}));
  locks.unlock(one, {0, UINT64_MAX});
  locks.unlock(other, {0, UINT64_MAX});
  EXPECT_TRUE(locks.empty());
}

}  // namespace
}  // namespace xensim
