/// What the shared buffers hold when the questions begin.
#include <gtest/gtest.h>

#include <set>

#include "tests/models/testbed.hpp"
#include "workloads/osdb/database.hpp"

namespace xensim {
namespace {

TEST(FirstBlocks, OfAllServersAreAsManyAsTheBuffersHoldAndNoneIsReadTwice) {
  const Calibration constants = testbed_calibration();
  const ProcessorCosts processor(constants);
  const OsdbCosts costs(OsdbTest::retrieval,
                        {.shape = testbed_processor, .calibration = constants, .costs = processor});
  std::size_t table = 0;
  for (const Database::Relation& relation : Database::relations) table += relation.blocks;
  for (const std::uint32_t buffers : {64U, 1000U, 3900U}) {
    constexpr unsigned clients = 10;
    const Database database(OsdbTest::retrieval, costs, RandomStream(1, "rows"), 0,
                            {.clients = clients, .buffers = buffers});
    std::set<DataBlock> all;
    for (unsigned client = 0; client < clients; ++client) {
      for (const DataBlock& block : database.first_blocks(client)) {
        EXPECT_LT(block.number, Database::relations[block.relation].blocks);
        EXPECT_TRUE(all.insert(block).second);
      }
    }
    EXPECT_EQ(all.size(), std::min(table, std::size_t{buffers}));
  }
}

}  // namespace
}  // namespace xensim
