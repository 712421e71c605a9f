#include "workloads/osdb/buffer_pool.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>

namespace xensim {
namespace {

TEST(BufferPool, ABlockIsReadOnceAsLongAsItIsAmongThoseUsedLast) {
  BufferPool pool(2);
  EXPECT_FALSE(pool.fetch({0, 1}).hit);
  EXPECT_FALSE(pool.fetch({0, 2}).hit);
  EXPECT_TRUE(pool.fetch({0, 1}).hit);
  EXPECT_FALSE(pool.fetch({0, 3}).hit) << "in the place of 2, which was used longest ago";
  EXPECT_TRUE(pool.fetch({0, 1}).hit);
  EXPECT_FALSE(pool.fetch({0, 2}).hit);
}

TEST(BufferPool, OnlyAChangedVictimMustBeWritten) {
  BufferPool pool(1);
  (void)pool.fetch({0, 1});
  EXPECT_FALSE(pool.fetch({0, 2}).victim);
  pool.changed({0, 2}, 700);
  const BufferPool::Fetched fetched = pool.fetch({0, 3});
  ASSERT_TRUE(fetched.victim);
  EXPECT_EQ(fetched.victim->block, (DataBlock{0, 2}));
  EXPECT_EQ(fetched.victim->change, 700U);
}

TEST(BufferPool, ACheckpointWritesWhatWasChangedSinceTheLast) {
  BufferPool pool(4);
  for (std::uint32_t i = 0; i < 4; ++i) (void)pool.fetch({1, i});
  pool.changed({1, 0}, 10);
  pool.changed({1, 2}, 20);
  EXPECT_EQ(pool.clean().size(), 2U);
  EXPECT_TRUE(pool.clean().empty());
}

TEST(BufferPoolProperty, EveryBlockHasABufferOfItsOwn) {
  EXPECT_TRUE(rc::check("any blocks", [](const std::vector<std::uint8_t>& wanted) {
    BufferPool pool(5);
    std::map<std::uint32_t, std::uint32_t> held;  // buffer -> block
    for (const std::uint8_t block : wanted) {
      const BufferPool::Fetched fetched = pool.fetch({0, block});
      RC_ASSERT(fetched.buffer < 5U);
      if (fetched.hit) RC_ASSERT(held.at(fetched.buffer) == block);
      held[fetched.buffer] = block;
      RC_ASSERT(pool.used() <= 5U);
    }
  }));
}

}  // namespace
}  // namespace xensim
