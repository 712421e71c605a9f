#include "results/traces/time_order.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <utility>

namespace xensim {
namespace {

TEST(TimeOrder, IsThatOfAStableSort) {
  EXPECT_TRUE(rc::check([](const std::vector<std::uint8_t>& ahead) {
    using Record = std::pair<Time, std::size_t>;
    TimeOrder<Record> order;
    std::vector<Record> given, taken;
    const auto take = [&](const Record& record) { taken.push_back(record); };
    // The present goes on; records are of it or ahead of it.
    for (std::size_t i = 0; i < ahead.size(); ++i) {
      const Time present{static_cast<std::int64_t>(i / 3)};
      given.emplace_back(present + Time{ahead[i] % 8}, i);
      order.add(given.back().first, given.back());
      order.take_before(present, take);
      RC_ASSERT(given.size() - taken.size() <= 3 * 9);  // what is settled does not stay
    }
    order.take_all(take);
    std::stable_sort(given.begin(), given.end(),
                     [](const Record& a, const Record& b) { return a.first < b.first; });
    RC_ASSERT(taken == given);
  }));
}

}  // namespace
}  // namespace xensim
