/// Recorded and described loads: what programs do of them, and what can be told of a file.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <filesystem>

#include "core/error.hpp"
#include "core/json.hpp"
#include "experiments/runner/file_paths.hpp"
#include "experiments/runner/host_needs.hpp"
#include "experiments/runner/load_description.hpp"
#include "tests/experiments/command_outcome.hpp"
#include "tests/experiments/metric.hpp"
#include "workloads/recorded/phases_file.hpp"

namespace xensim {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Ge;
using testing::HasSubstr;
using testing::Le;

Json experiment(const std::string& workload, int milliseconds,
                const std::string& platform = R"({"name": "native", "smp": false})") {
  return Json::parse(fmt::format(
      R"({{"name": "load", "machine": {{"base": "dell2650", "cpus": 1}}, "platform": {},
           "domains": [{{"name": "user", "count": 1, "workload": {}}}],
           "measure": {{"warm_up": "0 s", "duration": "{} ms"}}}})",
      platform, workload, milliseconds));
}

class Loads : public testing::Test {
 protected:
  std::string file(const std::string& name, const std::string& text) const {
    write_file(directory_.path() / name, text);
    return (directory_.path() / name).string();
  }
  RunResult rt_app(const std::string& tasks, int milliseconds = 2000,
                   const SimulationOptions& options = {}) const {
    const std::string load = file("load.json", tasks);
    const std::string workload = fmt::format(R"({{"name": "rt_app", "file": "{}"}})", load);
    return simulate(interpret(experiment(workload, milliseconds)), options);
  }
  RunResult phases(const std::string& csv, int milliseconds, const std::string& more = "") const {
    const std::string load = file("load.csv", csv);
    const std::string workload = fmt::format(R"({{"name": "phases", "file": "{}"{}}})", load, more);
    return simulate(interpret(experiment(workload, milliseconds)));
  }
  TemporaryDirectory directory_;
};

TEST_F(Loads, RunIsWorkAndRuntimeIsTimeWhoeverElseRuns) {
  const RunResult result = rt_app(R"({"tasks": {"burst": {"instance": 2, "loop": 1, "run": 300000},
                                                "time": {"loop": 1, "runtime": 500000}}})");
  EXPECT_THAT(metric(result, "user/burst/run/maximum"), AllOf(Ge(740'000), Le(800'000)))
      << "600 ms, and a third of 500 ms for the other";
  EXPECT_THAT(metric(result, "user/time/run/maximum"), AllOf(Ge(500'000), Le(800'000)))
      << "it ends when it next runs after its time";
  EXPECT_EQ(metric(result, "user/burst/phases"), 2);
}

TEST_F(Loads, RunAloneTakesItsTime) {
  const RunResult result = rt_app(R"({"tasks": {"t": {"loop": 10, "run": 20000, "sleep": 20000}}})");
  EXPECT_THAT(metric(result, "user/t/run/mean"), AllOf(Ge(20'000), Le(20'400)));
  EXPECT_THAT(metric(result, "user/t/oversleep/mean"), AllOf(Ge(0), Le(20'000))) << "two ticks at most";
}

TEST_F(Loads, ATimerKeepsItsPeriodWhereSleepsWouldDrift) {
  const RunResult result = rt_app(
      R"({"tasks": {"t": {"run": 5000, "timer": {"ref": "unique", "period": 50000, "mode": "absolute"}}}})",
      10'000);
  EXPECT_THAT(metric(result, "user/t/phases"), AllOf(Ge(195), Le(200)));
  EXPECT_THAT(metric(result, "user/t/slack/mean"), AllOf(Ge(20'000), Le(45'000)));
  EXPECT_THAT(metric(result, "user/t/wu_lat/maximum"), AllOf(Ge(0), Le(21'000)));
  EXPECT_EQ(metric(result, "user/t/overruns"), 0);
}

TEST_F(Loads, ATimerThatIsTooLateIsAnOverrunWithNegativeSlack) {
  const RunResult result =
      rt_app(R"({"tasks": {"t": {"loop": 10, "run": 50000, "timer": {"ref": "a", "period": 20000}}}})");
  EXPECT_EQ(metric(result, "user/t/overruns"), 10);
  EXPECT_THAT(metric(result, "user/t/slack/minimum"), AllOf(Ge(-31'000), Le(-30'000)))
      << "50 ms less the period";
}

TEST_F(Loads, ATimerIsCountedFromTheBeginningOfTheProcessThatUsesItFirst) {
  const RunResult late = rt_app(R"({"tasks": {"t": {"loop": 1, "delay": 50000, "phases": {
      "p": {"run": 100000},
      "q": {"loop": 4, "run": 1000, "timer": {"ref": "a", "period": 20000, "mode": "absolute"}}}}}})");
  EXPECT_EQ(metric(late, "user/t/overruns"), 4);
  EXPECT_THAT(metric(late, "user/t/slack/minimum"), AllOf(Ge(-102'000), Le(-81'000)))
      << "rt-app 1.0 shows -81 ms: after the delay, whenever that ended";
}

TEST_F(Loads, TasksWaitForEachOther) {
  const RunResult result = rt_app(R"({"tasks": {
    "ping": {"loop": 50, "lock": "m", "sync": {"ref": "c", "mutex": "m"}, "unlock": "m", "run": 1000},
    "pong": {"loop": 50, "delay": 50000, "run": 1000, "lock": "m", "signal": "c",
             "unlock": "m", "sleep": 10000},
    "meet": {"instance": 3, "loop": 20, "run": 500, "barrier": "all", "yield": ""}}})",
                                  5000);
  EXPECT_EQ(metric(result, "user/ping/phases"), 50);
  EXPECT_EQ(metric(result, "user/pong/phases"), 50);
  EXPECT_EQ(metric(result, "user/meet/phases"), 60);
}

TEST_F(Loads, ATaskMayForkAnotherOne) {
  const RunResult result = rt_app(R"({"tasks": {"parent": {"loop": 5, "fork": "child", "sleep": 30000},
                           "child": {"instance": 0, "loop": 2, "run": 1000}}})");
  EXPECT_EQ(metric(result, "user/child/phases"), 10);
}

TEST_F(Loads, TheDurationEndsTasksThatRunOrWait) {
  const RunResult result = rt_app(R"({"global": {"duration": 1}, "tasks": {
      "runs": {"run": 10000}, "waits": {"suspend": "waits"}}})",
                                  3000);
  EXPECT_THAT(metric(result, "user/runs/phases"), AllOf(Ge(95), Le(101)));
}

TEST_F(Loads, ATaskThatNobodyResumesIsAFailureOfTheRun) {
  EXPECT_THROW(rt_app(R"({"tasks": {"t": {"suspend": "t"}}})"), SimulationError);
}

TEST_F(Loads, AreTheSameStepByStepAndRunningAhead) {
  const char* const tasks = R"({"tasks": {"a": {"run": 3000, "resume": "b", "sleep": 15000},
      "b": {"suspend": "b", "runtime": 2000}, "c": {"run": 7000, "timer": {"ref": "u", "period": 30000}}}})";
  const RunResult ahead = rt_app(tasks), strict = rt_app(tasks, 2000, {.strict = true});
  for (const char* name : {"user/a/period/mean", "user/b/period/mean", "user/c/wu_lat/mean"}) {
    EXPECT_EQ(metric(ahead, name), metric(strict, name)) << name;
  }
}

TEST_F(Loads, PhasesAreBlockedForAsLongAsRecordedOnTheAverageThoughSleepsEndWithTicks) {
  const RunResult result = phases("run_us,block_us\n2000,3000\n1000,4000\n", 20'000);
  EXPECT_NEAR(metric(result, "user/phases"), 4000, 40) << "10 ms for two";
  EXPECT_NEAR(metric(result, "user/throughput"), 0.3, 0.01);
}

TEST_F(Loads, PhasesOfAnOpenLoopQueueUp) {
  const RunResult result = phases("time_us,run_us\n0,100000\n0,100000\n500000,50000\n", 2000);
  EXPECT_EQ(metric(result, "user/phases"), 3);
  EXPECT_EQ(metric(result, "user/passes"), 1);
  EXPECT_NEAR(metric(result, "user/response/maximum"), 200, 2);
}

TEST_F(Loads, AFileIsRelativeToTheExperimentThatNamesIt) {
  (void)file("load.csv", "run_us,block_us\n20000,20000\n");
  const std::string name =
      file("own.json", experiment(R"({"name": "phases", "file": "load.csv"})", 100).dump());
  EXPECT_EQ(xensim({"validate", name.c_str()}).code, 0);
  const Outcome missing = xensim({"validate", name.c_str(), "--set", "domains[0].workload.file=load.csv"});
  EXPECT_EQ(missing.code, 2);
  EXPECT_THAT(missing.err, HasSubstr("error: load.csv: found no such file"));
}

TEST_F(Loads, ARunTakesItsFilesAlongToOtherProcesses) {
  (void)file("load.csv", "run_us,block_us\n20000,20000\n");
  const std::string mixed =
      R"({"name": "mix", "workloads": ["idle", {"name": "phases", "file": "load.csv"}]})";
  const ExperimentFile own = read_experiment_file(file("own.json", experiment(mixed, 100).dump()));
  const Json document = with_absolute_paths(interpret(own.document, own.source));
  EXPECT_EQ(document["domains"][0]["workload"]["workloads"][1]["file"],
            (directory_.path() / "load.csv").string());
  EXPECT_GT(metric(simulate(interpret(document)), "user/throughput"), 0.2);
}

TEST_F(Loads, FilesOfClientsAndOfTheirMachinesAreInputsToo) {
  const std::string tasks = file("load.json", R"({"tasks": {"a": {"cpus": [0], "run": 1000}}})");
  const std::string frames =
      file("load.pcap", std::string("\xd4\xc3\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0\0\4\0\0\1\0\0\0", 24) +
                            std::string("\0\0\0\0\0\0\0\0\0\0\0\0\100\0\0\0", 16));
  Json document = experiment(R"("udp_sink")", 100);
  document["clients"] = Json::parse(R"([
      {"name": "users", "behaviour": {"name": "replay_packets", "file": "load.pcap"}},
      {"name": "other", "behaviour": {"name": "machine", "workload": {"name": "rt_app", "file": "load.json"}}}])");
  const ExperimentFile own = read_experiment_file(file("own.json", document.dump()));
  const Experiment read = interpret(own.document, own.source);
  HostNeeds needs;
  EXPECT_THAT(needs.files(read), ElementsAre(frames, tasks)) << "so that a cache knows them";
  EXPECT_THAT(needs.remarks(read), ElementsAre(HasSubstr("cpus")));
  const Json absolute = with_absolute_paths(read);
  EXPECT_EQ(absolute["clients"][0]["behaviour"]["file"], frames);
  EXPECT_EQ(absolute["clients"][1]["behaviour"]["workload"]["file"], tasks);
}

TEST_F(Loads, SaysBeforeTheRunWhatOfAFileItIgnores) {
  (void)file("load.json", R"({"tasks": {"a": {"cpus": [0], "run": 1000}}})");
  const std::string name =
      file("own.json", experiment(R"({"name": "rt_app", "file": "load.json"})", 100).dump());
  EXPECT_THAT(xensim({"validate", name.c_str()}).err,
              AllOf(HasSubstr("xensim: warning: "), HasSubstr("cpus")));
}

TEST_F(Loads, ATraceReadBackHasThePhasesOfWhatRan) {
  const std::string csv = file("in.csv", "run_us,block_us\n30000,50000\n12000,80000\n");
  const std::string workload = fmt::format(R"({{"name": "phases", "file": "{}"}})", csv);
  const std::string name =
      file("own.json", experiment(workload, 3000, R"({"name": "xen", "memory": "16 MiB"})").dump());
  const std::string output = (directory_.path() / "out").string(),
                    trace = (directory_.path() / "t.bin").string(), request = "xentrace:" + trace,
                    back = (directory_.path() / "back.csv").string();
  ASSERT_EQ(
      xensim({"run", name.c_str(), "--quiet", "--output", output.c_str(), "--trace", request.c_str()}).code,
      0);
  const Outcome outcome = xensim({"load", trace.c_str(), "--merge", "500 us", "--phases", back.c_str()});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("xentrace, "), HasSubstr(" d1v0: ")));

  const RecordedPhases phases = read_phases(back);
  const std::vector<RecordedPhase>& found = phases.task("d1v0", 0, back).phases;
  ASSERT_GE(found.size(), 20U);
  double blocked_ms = 0;
  std::size_t whole = 0;
  for (std::size_t i = 0; i + 1 < found.size(); ++i) {
    const double run_ms = to_seconds(found[i].run) * 1e3;
    if (run_ms < 5) continue;  // the kernel's beginning
    const double wanted = run_ms > 20 ? 30 : 12;
    EXPECT_THAT(run_ms, AllOf(Ge(wanted), Le(wanted * 1.03 + 0.2))) << "with the kernel's part";
    blocked_ms += to_seconds(found[i].other) * 1e3;
    ++whole;
  }
  EXPECT_NEAR(blocked_ms / static_cast<double>(whole), 65, 6);
}

TEST_F(Loads, TheCommandDescribesEachKindAndRefusesOthers) {
  const auto described = [&](const std::string& name, const std::string& text) {
    return xensim({"load", file(name, text).c_str()});
  };
  EXPECT_THAT(described("a", "// tasks\n{\"tasks\": {\"a\": {\"run\": 5}}}").out,
              HasSubstr("rt-app, 1 tasks"));
  EXPECT_THAT(described("b", "task,run_us,block_us\na,5,6\na,7,8\n").out,
              HasSubstr("a: 2 phases, 12 us running, 14 us blocked"));
  const char* const trace = "8,0 0 1 0.5 1 Q R 8 + 8 [x]\n8,16 0 2 0.6 1 Q R 8 + 16 [x]\n";
  EXPECT_THAT(described("e", trace).out, AllOf(HasSubstr("8,0 8,16"), HasSubstr("12288")));
  const std::string disks = (directory_.path() / "e").string(), tasks = (directory_.path() / "a").string();
  EXPECT_THAT(xensim({"load", disks.c_str(), "--device", "8,16"}).out, HasSubstr("bytes read       8192"));
  EXPECT_THAT(xensim({"load", tasks.c_str(), "--device", "8,16"}).err, HasSubstr("no load of a disk"));
  const Outcome unknown = described("c", "hello");
  EXPECT_EQ(unknown.code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("found no load that is known"));
  const std::string csv = (directory_.path() / "b").string(), out = (directory_.path() / "d").string();
  EXPECT_THAT(xensim({"load", csv.c_str(), "--phases", out.c_str()}).err, HasSubstr("no file of xentrace"));
  EXPECT_THAT(xensim({"load", csv.c_str(), "--clock", "2"}).err, HasSubstr("error: --clock: found \"2\""));
  EXPECT_FALSE(std::filesystem::exists(out));
}

}  // namespace
}  // namespace xensim
