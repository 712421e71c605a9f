/// Recorded loads of disks, done again in a guest.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "core/json.hpp"
#include "results/atomic_file.hpp"
#include "results/traces/trace_file.hpp"
#include "tests/complaint.hpp"
#include "tests/experiments/metric.hpp"
#include "tests/project_folder.hpp"
#include "tests/results/temporary_directory.hpp"
#include "workloads/recorded/disk_load.hpp"

namespace xensim {
namespace {

using testing::HasSubstr;

RunResult run(Json workload, const SimulationOptions& options = {}, const Json& platform = "native",
              const char* duration = "1 s") {
  return simulate(interpret(Json{{"name", "test"},
                                 {"platform", platform},
                                 {"domains", {{{"name", "load"}, {"workload", std::move(workload)}}}},
                                 {"measure", {{"warm_up", "0 s"}, {"duration", duration}}}}),
                  options);
}
Json replay(const std::string& file) { return {{"name", "replay_disk"}, {"file", file}}; }

struct ReplayDisk : testing::Test {
  std::string file(const std::string& text) {
    const auto path = directory.path() / "load";
    write_file(path, text);
    return path.string();
  }
  std::string complaint(const Json& workload) {
    return complaint_of([&] { (void)run(workload); });
  }
  TemporaryDirectory directory;
  const std::string opened = "fio version 3 iolog\n0 /data/a add\n0 /data/a open\n";
};

TEST_F(ReplayDisk, ARunsOwnTraceReplayedGivesTheSameArrivals) {
  const auto trace_of = [&](const std::string& name, const Json& workload, const char* duration) {
    const std::string path = (directory.path() / name).string();
    const std::unique_ptr<TraceFile> trace = open_trace({.kind = "block", .file = path});
    (void)run(workload, {.trace = trace.get(), .audit = true}, "native", duration);
    trace->finish();
    return path;
  };
  const std::string first = trace_of("first", {{"name", "disk_load"}, {"processes", 3}}, "1 s");
  Json again = replay(first);
  again["waits"] = "spin";
  const RecordedDiskLoad recorded = read_disk_load(first),
                         replayed = read_disk_load(trace_of("second", again, "2 s"));
  ASSERT_GT(recorded.requests.size(), 100U);
  ASSERT_EQ(replayed.requests.size(), recorded.requests.size());
  for (std::size_t i = 0; i < recorded.requests.size(); ++i) {
    EXPECT_EQ(replayed.requests[i].offset, recorded.requests[i].offset);
    EXPECT_EQ(replayed.requests[i].bytes, recorded.requests[i].bytes);
    const Time difference = replayed.requests[i].at - recorded.requests[i].at;
    EXPECT_LT(std::chrono::abs(difference), 50us) << "a switch of processes or two";
  }
}

TEST_F(ReplayDisk, SleepsUntilTheTickBehindARequestOrSpinsUntilItsTime) {
  Json load = replay(file("8,0 0 1 0.0 1 Q R 8 + 8 [x]\n8,0 0 2 0.333 1 Q R 80000 + 8 [x]\n"));
  const RunResult slept = run(load);
  EXPECT_GT(metric(slept, "load/lateness/maximum"), 1);
  EXPECT_LE(metric(slept, "load/lateness/maximum"), 10.1);
  load["waits"] = "spin";
  EXPECT_LT(metric(run(load), "load/lateness/maximum"), 0.05);
}

TEST_F(ReplayDisk, RequestsWaitForAFreeProcess) {
  std::string burst;
  for (int i = 0; i < 20; ++i) burst += fmt::format("8,0 0 {} 0.0 1 Q R {} + 8 [x]\n", i, i * 9000000);
  Json load = replay(file(burst));
  load["depth"] = 20;
  const RunResult many = run(load);
  load["depth"] = 1;
  const RunResult one = run(load);
  EXPECT_EQ(metric(many, "load/replayed"), 20);
  EXPECT_EQ(metric(one, "load/replayed"), 20);
  EXPECT_LT(metric(many, "load/lateness/maximum"), 11);
  EXPECT_GT(metric(one, "load/lateness/maximum"), 60) << "the last waits for all others";
  EXPECT_GT(metric(many, "load/read/latency/mean"), metric(one, "load/read/latency/mean"));
}

TEST_F(ReplayDisk, AsFastAsPossibleAsksForNoTimes) {
  Json load = replay(file("8,0 0 1 0.0 1 Q R 8 + 8 [x]\n8,0 0 2 5000.0 1 Q W 80000 + 256 [x]\n"));
  EXPECT_EQ(metric(run(load), "load/left"), 1) << "it comes after the run";
  load["pace"] = "fast";
  const RunResult result = run(load);
  EXPECT_EQ(metric(result, "load/left"), 0);
  EXPECT_EQ(metric(result, "load/replayed_bytes"), 264 * 512);
  EXPECT_EQ(metric(result, "load/write/requests"), 1);
}

TEST_F(ReplayDisk, RequestsOfFilesGoThroughTheFileSystem) {
  const std::string text = opened +
                           "0 /data/a read 1048576 8192\n100 /data/a write 0 70000\n200 /data/a sync\n"
                           "300 /data/a trim 0 4096\n400 /dev/sda add\n400 /dev/sda open\n"
                           "500 /dev/sda read 512 512\n600 /dev/sda sync\n";
  Json load = replay(file(text));
  load["depth"] = 1;
  const RunResult result = run(load, {.audit = true});
  EXPECT_EQ(metric(result, "load/replayed"), 4);
  EXPECT_EQ(metric(result, "load/replayed_bytes"), 8192 + 70000 + 512);
  EXPECT_EQ(metric(result, "load/ignored"), 2);
  EXPECT_EQ(metric(result, "load/errors"), 0);
  EXPECT_EQ(metric(result, "load/flush/requests"), 1);
  EXPECT_EQ(metric(result, "host0/files/written"), 18) << "the sync has them written";
}

TEST_F(ReplayDisk, AGuestOfXenReplaysOnItsPartOfTheDisk) {
  Json load = replay(file("8,0 0 1 0.0 1 Q R 200000000 + 8 [x]\n8,0 0 2 0.01 1 Q W 8 + 8 [x]\n"));
  const Json xen{{"name", "xen"}, {"memory", "32 MiB"}, {"file_system", "64 MiB"}};
  load["beyond"] = "wrap";
  const RunResult result = run(load, {.audit = true}, xen);
  EXPECT_EQ(metric(result, "load/replayed"), 2);
  EXPECT_EQ(metric(result, "load/errors"), 0);
}

TEST_F(ReplayDisk, SaysWhatDoesNotFit) {
  EXPECT_THAT(complaint(replay("")), HasSubstr("replay_disk: no file; expected the parameter file"));
  EXPECT_THAT(
      complaint(replay(file("8,0 0 1 0.0 1 Q R 8 + 8 [x]\n8,0 0 2 0.1 1 Q R 9000000000000 + 8 [x]\n"))),
      HasSubstr(
          "load:2: found a request of 8 sectors at 9000000000000; expected places on the guest's disk"));
  EXPECT_THAT(complaint(replay(file(opened + "0 /data/a read 0 4096\n0 /data/a read 1000000000000 4096\n"))),
              HasSubstr("found no room for the files of replay_disk"));
}

}  // namespace
}  // namespace xensim
