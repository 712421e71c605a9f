#include "models/memory/suffix_sums.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <vector>

namespace xensim {
namespace {

TEST(SuffixSums, SumWhatWasAddedAfterAPlace) {
  EXPECT_TRUE(rc::check([] {
    const auto size = *rc::gen::inRange<std::size_t>(1, 20000);
    SuffixSums sums(size);
    std::vector<std::uint32_t> plain(size);
    for (int i = 0; i < 20; ++i) {
      const auto place = *rc::gen::inRange<std::size_t>(0, size);
      const auto amount = *rc::gen::arbitrary<std::uint32_t>();
      sums.add(place, amount);
      plain[place] += amount;
    }
    std::uint32_t after = 0;
    for (std::size_t k = size; k-- > 0; after += plain[k]) RC_ASSERT(sums.after(k) == after);
  }));
}

}  // namespace
}  // namespace xensim
