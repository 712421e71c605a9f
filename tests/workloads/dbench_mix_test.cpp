/// Loads that stand for load files have the counts of these.
#include "workloads/dbench_mix.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "core/error.hpp"

namespace xensim {
namespace {

using Kind = DbenchOperation::Kind;

struct MixCounts {
  std::map<Kind, std::uint64_t> operations;
  std::uint64_t written = 0, read = 0;
};

MixCounts counts_of(const char* version) {
  MixCounts counts;
  const DbenchLoadFile load = load_of(dbench_mix(version));
  for (const DbenchOperation& operation : load.operations()) {
    ++counts.operations[operation.kind];
    if (operation.kind == Kind::write) counts.written += operation.bytes;
    if (operation.kind == Kind::read) counts.read += operation.moved;
  }
  return counts;
}

TEST(DbenchMix, Version2HasTheOperationsAndBytesOfItsLoadFile) {
  const MixCounts counts = counts_of("2.x");
  EXPECT_EQ(counts.operations.at(Kind::create), 10999U);
  EXPECT_EQ(counts.operations.at(Kind::write), 7475U);
  EXPECT_EQ(counts.operations.at(Kind::read), 17881U);
  EXPECT_EQ(counts.operations.at(Kind::query_path), 7372U);
  EXPECT_EQ(counts.operations.at(Kind::unlink), 2095U);
  EXPECT_EQ(counts.operations.at(Kind::find), 3573U);
  EXPECT_NEAR(static_cast<double>(counts.operations.at(Kind::rename)), 435, 2);
  EXPECT_NEAR(static_cast<double>(counts.written), 149.1e6, 0.1e6);
  EXPECT_NEAR(static_cast<double>(counts.read), 198.9e6, 0.1 * 198.9e6)
      << "files that are too short at first";
}

TEST(DbenchMix, Version1MovesTheHundredAndThirtyTwoMegabytesOfItsFormula) {
  const MixCounts counts = counts_of("1.x");
  EXPECT_EQ(counts.operations.at(Kind::create), 4795U);
  EXPECT_EQ(counts.operations.at(Kind::write), 23287U);
  EXPECT_EQ(counts.operations.at(Kind::read), 4698U);
  EXPECT_EQ(counts.operations.count(Kind::find), 0U);
  EXPECT_NEAR(static_cast<double>(counts.written + counts.read), 132e6, 2e6);
}

TEST(DbenchMix, NoFileIsReadBeyondItsEndOrWrittenBeyondTheLongest) {
  for (const char* version : {"1.x", "2.x"}) {
    std::map<std::uint32_t, std::uint64_t> lengths;
    std::uint32_t open = 0;
    const DbenchLoadFile load = load_of(dbench_mix(version));
    for (const DbenchOperation& operation : load.operations()) {
      if (operation.kind == Kind::create) open = operation.path;
      if (operation.kind == Kind::unlink) lengths.erase(operation.path);
      if (operation.kind == Kind::write) {
        EXPECT_LE(operation.offset + operation.bytes, dbench_mix(version).longest);
        lengths[open] = std::max(lengths[open], operation.offset + operation.bytes);
      }
      if (operation.kind == Kind::read) {
        EXPECT_LE(operation.offset + operation.moved, lengths[open]);
      }
    }
  }
}

TEST(DbenchMix, AnotherVersionIsRefused) { EXPECT_THROW((void)dbench_mix("3.x"), InputError); }

}  // namespace
}  // namespace xensim
