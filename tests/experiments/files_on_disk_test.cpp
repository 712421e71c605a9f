/// Files that do not stay in memory: what programs see of read-ahead, write-back and the journal.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "core/json.hpp"
#include "tests/experiments/metric.hpp"

namespace xensim {
namespace {

using testing::AllOf;
using testing::Ge;
using testing::Le;

RunResult run(const std::string& workload, int milliseconds, const SimulationOptions& options = {},
              const std::string& platform = R"({"name": "native", "smp": false, "swap": "64 MiB"})",
              const std::string& memory = "64 MiB") {
  const Experiment experiment = interpret(Json::parse(fmt::format(
      R"({{"name": "files", "machine": {{"base": "dell2650", "memory": "{}"}}, "platform": {},
           "domains": [{{"name": "user", "count": 1, "workload": {}}}],
           "measure": {{"warm_up": "0 s", "duration": "{} ms"}}}})",
      memory, platform, workload, milliseconds)));
  return simulate(experiment, options);
}
TEST(FilesOnDisk, ASequentialReaderGetsMostOfWhatTheMediumGives) {
  const RunResult read = run(R"({"name": "dd", "mode": "read", "count": 1024})", 4000, {.audit = true});
  EXPECT_EQ(metric(read, "user/moved"), 1024 * 65536);
  EXPECT_EQ(metric(read, "host0/memory/read"), 1024 * 16) << "each page once";
  EXPECT_THAT(metric(read, "user/rate"), AllOf(Ge(40), Le(68)));
}

TEST(FilesOnDisk, AFileThatFitsInMemoryIsWrittenAtMemorySpeedAndGoesToTheDiskLater) {
  const std::string workload = R"({"name": "dd", "count": 128})";
  const RunResult soon = run(workload, 1000);
  EXPECT_GT(metric(soon, "user/rate"), 100);
  EXPECT_EQ(metric(soon, "host0/files/written"), 0);
  EXPECT_GE(metric(soon, "host0/files/dirty"), 128 * 16);
  const RunResult later = run(workload, 8000);
  EXPECT_EQ(metric(later, "host0/files/written"), 128 * 16) << "with the commit, five seconds on";
  EXPECT_GE(metric(later, "host0/journal/commits"), 1);
}

TEST(FilesOnDisk, MetadataReachesItsPlaceAfterThirtySeconds) {
  const RunResult result = run(R"({"name": "dd", "count": 16})", 45000);
  EXPECT_GT(metric(result, "host0/files/aged"), 0);
  EXPECT_EQ(metric(result, "host0/files/dirty"), 0);
}

TEST(FilesOnDisk, AWriterOfMoreThanMemoryIsHeldToTheSpeedOfTheDisk) {
  const RunResult written = run(R"({"name": "dd", "count": 4096})", 20000, {.audit = true});
  EXPECT_EQ(metric(written, "user/rounds"), 1);
  EXPECT_THAT(metric(written, "user/rate"), AllOf(Ge(20), Le(90)));
  EXPECT_GT(metric(written, "host0/files/flushed"), 0);
}

TEST(FilesOnDisk, FsyncPutsEverythingOnTheDisk) {
  const RunResult result = run(R"({"name": "dd", "count": 64, "sync": true})", 3000);
  EXPECT_EQ(metric(result, "user/rounds"), 1);
  EXPECT_EQ(metric(result, "host0/files/written"), 64 * 16);
  EXPECT_EQ(metric(result, "host0/journal/commits"), 1);
}

TEST(FilesOnDisk, WhoWaitsForACommitIsWokenAtItsEnd) {
  const RunResult result =
      run(R"({"name": "dd", "rounds": 0, "count": 1, "block": "4 KiB", "sync": true})", 1000);
  const double rounds = metric(result, "user/rounds");
  ASSERT_GT(rounds, 1000);
  EXPECT_LT(metric(result, "host0/process_switches") / rounds, 6.5)
      << "the writer sleeps for its page and for the commit, kjournald for the log and the commit block; "
         "mostly it is preempted by kjournald, a kernel thread, which it wakes";
}

TEST(FilesOnDisk, BdflushWritesFiveHundredBuffersBeforeItAsksWhetherItMayStop) {
  // A third of low memory: it begins at 30 per cent.
  const RunResult written = run(R"({"name": "dd", "count": 340})", 4000);
  EXPECT_EQ(metric(written, "user/rounds"), 1);
  const auto flushed = static_cast<int>(metric(written, "host0/files/flushed"));
  EXPECT_GT(flushed, 0);
  EXPECT_EQ(flushed % 512, 0) << "in batches of 32";
}

TEST(FilesOnDisk, FilesThatWereThereLongAgoAreNotWrittenAgain) {
  const RunResult read = run(R"({"name": "dd", "mode": "read", "count": 16})", 7000);
  EXPECT_EQ(metric(read, "user/rounds"), 1);
  EXPECT_EQ(metric(read, "host0/journal/commits"), 0);
}

TEST(FilesOnDisk, ManySmallFilesAreCommittedEveryFiveSeconds) {
  const std::string workload = R"({"name": "small_files", "directories": 4, "files": 500})";
  EXPECT_EQ(metric(run(workload, 2000), "host0/journal/commits"), 0);
  const RunResult result = run(workload, 6000);
  EXPECT_GT(metric(result, "user/created"), 2000);
  EXPECT_GT(metric(result, "user/deleted"), 2000);
  EXPECT_GE(metric(result, "host0/journal/commits"), 1);
  EXPECT_GT(metric(run(workload, 500, {.audit = true}), "user/created"), 100);
}

TEST(FilesOnDisk, ADomainHasAllThisToo) {
  const RunResult result = run(R"({"name": "dd", "count": 1024})", 20000, {},
                               R"({"name": "xen", "memory": "32 MiB", "swap": "64 MiB"})", "128 MiB");
  EXPECT_EQ(metric(result, "user/rounds"), 1);
  EXPECT_GT(metric(result, "host0/dom1/journal/commits"), 0);
}

TEST(FilesOnDisk, AClientOfDbenchDoesAsItsLoadFileSays) {
  const RunResult result = run(R"({"name": "dbench", "lines": 6000})", 20000, {.audit = true});
  EXPECT_EQ(metric(result, "user/operations"), 6000);
  EXPECT_EQ(metric(result, "user/unexpected"), 0);
  EXPECT_GT(metric(result, "user/dbench_rate"), 1);
}

TEST(FilesOnDisk, AnOldDbenchMovesWhatItsCountsSayAndScoresByItsFormula) {
  const RunResult first = run(R"({"name": "dbench", "version": "1.x"})", 5000);
  EXPECT_EQ(metric(first, "user/unexpected"), 0);
  EXPECT_NEAR(metric(first, "user/score") * metric(first, "user/elapsed"), 132, 1e-6);
  const RunResult second = run(R"({"name": "dbench", "version": "2.x", "flush": false})", 5000);
  EXPECT_EQ(metric(second, "user/unexpected"), 0);
  EXPECT_EQ(metric(second, "user/score"), metric(second, "user/dbench_rate"));
}

TEST(FilesOnDisk, ThreeClientsOfDbenchDoThreeTimesAsMuch) {
  const RunResult result = run(R"({"name": "dbench", "lines": 1500, "clients": 3})", 60000);
  EXPECT_EQ(metric(result, "user/operations"), 4500);
  EXPECT_EQ(metric(result, "user/unexpected"), 0);
}

TEST(FilesOnDisk, AreTheSameStepByStepAndRunningAhead) {
  const std::string workload = R"({"name": "mix", "workloads": ["dd", "small_files"]})";
  const std::string platform = R"({"name": "native", "smp": true, "swap": "64 MiB"})";
  const RunResult ahead = run(workload, 7000, {}, platform);
  const RunResult strict = run(workload, 7000, {.strict = true}, platform);
  ASSERT_EQ(ahead.metrics.size(), strict.metrics.size());
  for (std::size_t i = 0; i < ahead.metrics.size(); ++i) {
    EXPECT_EQ(ahead.metrics[i].value, strict.metrics[i].value) << ahead.metrics[i].name;
  }
}

}  // namespace
}  // namespace xensim
