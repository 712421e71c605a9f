/// Loads that stand for load files have the counts of these.
#include "workloads/dbench_mix.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "core/error.hpp"

namespace xensim {
namespace {

using Kind = DbenchOperation::Kind;

/// What a load does, followed file by file.
struct MixCounts {
  std::map<Kind, std::uint64_t> operations;
  std::uint64_t failing = 0, written = 0, read = 0;
  std::map<std::uint32_t, std::uint64_t> lengths, longest;  ///< of files that are there; ever
  std::set<std::uint32_t> deleted;

  [[nodiscard]] static std::uint64_t sum(const std::map<std::uint32_t, std::uint64_t>& bytes) {
    std::uint64_t all = 0;
    for (const auto& [file, length] : bytes) all += length;
    return all;
  }
};

constexpr double usual = 0.65;

MixCounts counts_of(const char* version, double kept = usual) {
  MixCounts counts;
  const DbenchLoadFile load = load_of(dbench_mix(version), kept);
  std::uint32_t open = 0;
  for (const DbenchOperation& operation : load.operations()) {
    ++counts.operations[operation.kind];
    const std::uint64_t end = operation.offset + operation.moved;
    switch (operation.kind) {
      case Kind::create:
        counts.failing += operation.succeeds ? 0U : 1U;
        if (!operation.succeeds) {
          EXPECT_FALSE(counts.longest.contains(operation.path)) << "it is never made";
          break;
        }
        open = operation.path;
        counts.lengths.try_emplace(open);
        break;
      case Kind::write: {
        counts.written += operation.bytes;
        counts.lengths[open] = std::max(counts.lengths[open], end);
        counts.longest[open] = std::max(counts.longest[open], end);
        break;
      }
      case Kind::read:
        counts.read += operation.moved;
        EXPECT_EQ(operation.moved, operation.bytes);
        EXPECT_LE(end, counts.lengths[open]) << "beyond its end";
        break;
      case Kind::unlink:
        EXPECT_TRUE(counts.lengths.erase(operation.path) == 1) << "there is nothing to delete";
        counts.deleted.insert(operation.path);
        break;
      default:
        break;
    }
  }
  return counts;
}

TEST(DbenchMix, Version2HasTheOperationsAndBytesOfItsLoadFile) {
  MixCounts counts = counts_of("2.x");
  EXPECT_EQ(counts.operations[Kind::create], 10999U);
  EXPECT_EQ(counts.operations[Kind::close], 8356U);
  EXPECT_EQ(counts.failing, 10999U - 8356U);
  EXPECT_EQ(counts.operations[Kind::write], 7475U);
  EXPECT_EQ(counts.operations[Kind::read], 17881U);
  EXPECT_EQ(counts.operations[Kind::query_path], 7372U);
  EXPECT_EQ(counts.operations[Kind::unlink], 2095U);
  EXPECT_EQ(counts.operations[Kind::find], 3573U);
  EXPECT_NEAR(static_cast<double>(counts.operations[Kind::rename]), 435, 2);
  EXPECT_NEAR(static_cast<double>(counts.written), 149.1e6, 0.1e6);
  EXPECT_NEAR(static_cast<double>(counts.read), 198.9e6, 0.1e6);
}

TEST(DbenchMix, Version1MovesTheHundredAndThirtyTwoMegabytesOfItsFormula) {
  MixCounts counts = counts_of("1.x");
  EXPECT_EQ(counts.operations[Kind::create], 3617U) << "those that succeed; others are skipped";
  EXPECT_EQ(counts.operations[Kind::close], 3617U);
  EXPECT_EQ(counts.operations[Kind::write], 23287U);
  EXPECT_EQ(counts.operations[Kind::read], 4698U);
  EXPECT_EQ(counts.operations.count(Kind::find), 0U);
  EXPECT_NEAR(static_cast<double>(counts.written + counts.read), 132e6, 2e6);
}

TEST(DbenchMix, ItsHundredAndSixFilesHold24MegabytesOfWhichTheKeptOnesStay) {
  for (const char* version : {"1.x", "2.x"}) {
    const MixCounts counts = counts_of(version);
    EXPECT_EQ(counts.longest.size(), 106U);
    EXPECT_NEAR(static_cast<double>(MixCounts::sum(counts.longest)), 24.2e6, 0.05 * 24.2e6) << version;
    EXPECT_EQ(counts.deleted.size(), 106U - 69U);
    EXPECT_GT(MixCounts::sum(counts.lengths), 20'000'000U) << version;
  }
}

TEST(DbenchMix, AnyPartOfItsFilesCanBeKept) {
  for (const char* version : {"1.x", "2.x"}) {
    for (const double kept : {0.1, 0.4, most_kept}) {
      const MixCounts counts = counts_of(version, kept), reference = counts_of(version);
      EXPECT_EQ(counts.operations, reference.operations) << kept;
      EXPECT_EQ(counts.written, reference.written) << kept;
      EXPECT_EQ(counts.deleted.size(), 106U - static_cast<std::size_t>(std::lround(106 * kept)));
    }
  }
}

TEST(DbenchMix, AnotherVersionIsRefused) { EXPECT_THROW((void)dbench_mix("3.x"), InputError); }

}  // namespace
}  // namespace xensim
