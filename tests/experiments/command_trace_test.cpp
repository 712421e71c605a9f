/// What the command says of traces before and after a run.
#include <gmock/gmock.h>

#include <filesystem>

#include "experiments/runner/demand.hpp"
#include "experiments/runner/expansion.hpp"
#include "experiments/runner/listing.hpp"
#include "experiments/runner/overrides.hpp"
#include "experiments/runner/trace_plan.hpp"
#include "tests/experiments/command_outcome.hpp"

namespace xensim {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::ThrowsMessage;

TEST(CommandTrace, RefusesAnUnwritableTraceBeforeTheRun) {
  const TemporaryDirectory directory;
  const std::string trace = "perfetto:" + directory.path().string();
  const Outcome outcome = xensim({"run", "weights", "--replications", "1", "--set", "sweep={}", "--output",
                                  (directory.path() / "out").c_str(), "--trace", trace.c_str()});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("Is a directory"));
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

TEST(CommandTrace, TracesAnyInterfaceThatIsThere) {
  const TemporaryDirectory directory;
  const std::string file = local_traffic(directory), output = (directory.path() / "results").string();
  const auto traced = [&](const std::string& trace) {
    return xensim({"run", file.c_str(), "--quiet", "--output", output.c_str(), "--trace", trace.c_str()});
  };
  const std::string trace = (directory.path() / "trace").string();
  const Outcome refused = traced("pcap@dom9/vif0:" + trace);
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("no network interface \"dom9/vif0\""), HasSubstr("dom2/vif0")));
  EXPECT_FALSE(std::filesystem::exists(output)) << "nothing has run";

  EXPECT_EQ(traced("pcap@dom1/vif0:" + trace).code, 0);
  EXPECT_GT(std::filesystem::file_size(trace), 40000 / 1448 * 60) << "a frame has 60 bytes at least";
  EXPECT_THAT(traced("xentrace:" + trace).out, HasSubstr("xenalyze --cpu-hz=1G"));
}

TEST(CommandTrace, RefusesATraceThatCouldNotBeWrittenBeforeTheRun) {
  const TemporaryDirectory directory;
  const std::string output = (directory.path() / "results").string();
  const auto complaint = [&](const char* setting, const char* trace) {
    const Outcome outcome = xensim({"run", "weights", "--quiet", "--replications", "1", "--set", "sweep={}",
                                    "--set", setting, "--output", output.c_str(), "--trace", trace});
    EXPECT_EQ(outcome.code, 2);
    EXPECT_FALSE(std::filesystem::exists(output)) << "nothing has run";
    return outcome.err;
  };
  EXPECT_THAT(complaint("platform=native", "xentrace:trace"), HasSubstr("a host without virtual processors"));
  EXPECT_THAT(complaint(R"(machine={"base": "dell2650", "cpus": 300})", "xentrace:trace"),
              AllOf(HasSubstr("300 processors"), HasSubstr("at most 256")));
  EXPECT_THAT(complaint("seed=1", "pcap@:trace"), HasSubstr("\"pcap@:trace\" names no interface"));
}

TEST(CommandTrace, TellsWhatATraceNeedsBeforeTheRun) {
  const TemporaryDirectory directory;
  const std::string file = (directory.path() / "trace").string();
  ExperimentFile experiment = read_experiment_file(find_experiment("weights"));
  for (const char* change : {"sweep={}", "replications=1", "measure.duration=2600000 s"}) {
    apply_override(experiment, change);
  }
  const Demand small{.runs = 1, .most_instances = 6, .simulated = 1s, .memory = {32LL << 20}};
  for (const char* kind : {"xentrace:", "perfetto:"}) {
    Demand month = small;
    month.trace = check_traces({kind + file}, expand(experiment));
    EXPECT_GT(month.trace.count, std::int64_t{8} << 30) << "a tick of 20 ms is recorded at the least";
    EXPECT_THROW(check_space(month, Bytes{std::int64_t{8} << 30}), InputError);
    EXPECT_THAT(describe(month), HasSubstr(" MiB of disk for traces"));
  }
  EXPECT_THAT(describe(small), Not(HasSubstr("trace")));
  Demand little = small;
  little.trace = Bytes{5 << 19};
  EXPECT_THAT([&] { check_space(little, Bytes{5 << 18}); },
              ThrowsMessage<InputError>(HasSubstr("at least 3 MiB of disk; expected at most 1 MiB")));

  const std::string trace = "perfetto:" + file, output = (directory.path() / "results").string();
  const Outcome outcome =
      xensim({"run", "weights", "--quiet", "--replications", "1", "--set", "sweep={}", "--set",
              "measure.duration=1 s", "--output", output.c_str(), "--trace", trace.c_str()});
  EXPECT_THAT(outcome.err, HasSubstr(", and at least 1 MiB of disk for traces"));
}

TEST(CommandTrace, ChangesNoResultAndIsTheSameEveryTime) {
  const TemporaryDirectory directory;
  const std::string output = (directory.path() / "results").string();
  const auto run = [&](const char* platform, const std::string& trace) {
    std::vector<const char*> arguments{
        "run",    "weights",  "--quiet",     "--replications",          "1",
        "--set",  "sweep={}", "--set",       "measure.duration=200 ms", "--set",
        platform, "--output", output.c_str()};
    if (!trace.empty()) arguments.insert(arguments.end(), {"--trace", trace.c_str()});
    EXPECT_EQ(xensim(arguments).code, 0);
    return *read_file(directory.path() / "results" / "metrics.csv");
  };
  for (const char* platform : {"platform=native", "platform=xen"}) {
    const std::string plain = run(platform, "");
    for (const char* kind : {"perfetto:", "block:", "xentrace:"}) {
      const bool has_vcpus = platform == std::string("platform=xen");
      if (kind == std::string("xentrace:") && !has_vcpus) continue;
      const auto first = directory.path() / "first", second = directory.path() / "second";
      EXPECT_EQ(run(platform, kind + first.string()), plain) << platform << ' ' << kind;
      EXPECT_EQ(run(platform, kind + second.string()), plain);
      EXPECT_EQ(*read_file(first), *read_file(second));
    }
  }
}

}  // namespace
}  // namespace xensim
