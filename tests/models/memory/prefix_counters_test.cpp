#include "models/memory/prefix_counters.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <vector>

namespace xensim {
namespace {

TEST(PrefixCounters, CountWhatWasAddedToAllUpToAPlace) {
  EXPECT_TRUE(rc::check([] {
    const auto size = *rc::gen::inRange<std::size_t>(1, 20000);
    PrefixCounters counters(size);
    std::vector<std::uint32_t> plain(size);
    for (int i = 0; i < 20; ++i) {
      const auto count = *rc::gen::inRange<std::size_t>(0, size);
      const auto amount = *rc::gen::arbitrary<std::uint32_t>();
      counters.add_to_first(count, amount);
      for (std::size_t k = 0; k < count; ++k) plain[k] += amount;
    }
    for (std::size_t k = 0; k < size; ++k) RC_ASSERT(counters[k] == plain[k]);
  }));
}

}  // namespace
}  // namespace xensim
