/// What a checkpoint owes to the log.
#include <gtest/gtest.h>

#include "tests/models/testbed.hpp"
#include "workloads/osdb/database.hpp"

namespace xensim {
namespace {

TEST(Checkpoint, WritesABlockOnlyWhenTheLogTellsOfItsChangesAndEndsWithItsOwnRecord) {
  const Calibration constants = testbed_calibration();
  const ProcessorCosts processor(constants);
  const OsdbCosts costs(OsdbTest::transaction,
                        {.shape = testbed_processor, .calibration = constants, .costs = processor});
  Database database(OsdbTest::retrieval, costs, RandomStream(1, "rows"), 0, {.clients = 1, .buffers = 8});
  LogPosition changed = 0;
  for (std::uint32_t block = 0; block < 3; ++block) {
    (void)database.pool.fetch({0, block});
    changed = database.log.enter(100, {{0, block}});
    database.pool.changed({0, block}, changed);
  }
  Program checkpoints = make_checkpoints(Self{}, database);
  // Calls are done at once, whatever they ask for.
  Time slept{};
  for (int calls = 0; database.checkpoints == 0 && calls < 1000; ++calls) {
    ASSERT_TRUE(checkpoints.advance());
    if (const auto* sleep = std::get_if<Sleep>(&checkpoints.operation())) slept += sleep->duration;
    EXPECT_TRUE(database.block_writes < 3 || database.log.flushed() >= changed);
  }
  EXPECT_EQ(database.checkpoints, 1U);
  EXPECT_EQ(database.block_writes, 3U);
  EXPECT_GT(database.log.entered(), changed) << "its record";
  EXPECT_EQ(database.log.flushed(), database.log.entered());
  EXPECT_EQ(slept, 2s) << "between its two calls of sync";
}

}  // namespace
}  // namespace xensim
