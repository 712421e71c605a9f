#include "experiments/runner/demand.hpp"

#include <gtest/gtest.h>

namespace xensim {
namespace {

TEST(Demand, IsToldBeforeItHurts) {
  const Demand demand{.runs = 8, .most_instances = 1'000'000, .simulated = 60s, .memory = {4LL << 30}};
  EXPECT_NO_THROW(check_memory(demand, 2, Bytes{8LL << 30}));
  EXPECT_THROW(check_memory(demand, 3, Bytes{8LL << 30}), InputError);
  EXPECT_NO_THROW(check_memory({.runs = 1, .most_instances = 1, .simulated = 1s, .memory = {4LL << 30}}, 64,
                               Bytes{5LL << 30}));
  EXPECT_EQ(describe(demand),
            "8 runs of up to 60 s simulated time and 1000000 instances, about 4096 MiB each");
}

}  // namespace
}  // namespace xensim
