#include <gtest/gtest.h>

#include <set>

#include "workloads/osdb/database.hpp"

namespace xensim {
namespace {

std::set<std::uint32_t> code_of(OsdbTest test) {
  std::set<std::uint32_t> hundredths;
  for (const Statement& statement : statements_of(test)) {
    for (std::uint32_t i = statement.code.first; i < statement.code.end; ++i) hundredths.insert(i);
  }
  return hundredths;
}

TEST(Statements, OfARetrievalRunThroughAllThatAHundredthIsOf) {
  const std::set<std::uint32_t> all = code_of(OsdbTest::retrieval);
  EXPECT_EQ(all.size(), 100U);
  EXPECT_EQ(*all.rbegin(), 99U);
}

TEST(Statements, OfAnUpdateRunThroughMoreCode) {
  EXPECT_GT(code_of(OsdbTest::transaction).size(), code_of(OsdbTest::retrieval).size());
}

TEST(Statements, EachNeedsLessCodeThanAllOfThem) {
  for (const OsdbTest test : {OsdbTest::retrieval, OsdbTest::transaction}) {
    for (const Statement& statement : statements_of(test)) {
      EXPECT_LT(statement.code.end - statement.code.first, code_of(test).size());
      EXPECT_GT(statement.code.end, statement.code.first);
    }
  }
}

}  // namespace
}  // namespace xensim
