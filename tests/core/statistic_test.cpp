#include "core/statistic.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace xensim {
namespace {

TEST(Statistic, EveryOneIsInTheCatalogueInOrderWithUnitAndHelp) {
  static const Statistic declared{"test/declared", "things", Statistic::Kind::counter, "declared by a test"};
  const auto& catalogue = Statistic::catalogue();
  EXPECT_NE(std::find(catalogue.begin(), catalogue.end(), &declared), catalogue.end());
  EXPECT_TRUE(std::is_sorted(catalogue.begin(), catalogue.end(),
                             [](const Statistic* a, const Statistic* b) { return a->name < b->name; }));
  for (const Statistic* statistic : catalogue) {
    EXPECT_FALSE(statistic->unit.empty()) << statistic->name;
    EXPECT_FALSE(statistic->help.empty()) << statistic->name;
  }
}

}  // namespace
}  // namespace xensim
