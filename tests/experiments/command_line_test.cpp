#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <iostream>

#include "core/json.hpp"
#include "experiments/runner/expansion.hpp"
#include "experiments/runner/listing.hpp"
#include "experiments/runner/overrides.hpp"
#include "results/atomic_file.hpp"
#include "tests/experiments/command_outcome.hpp"
#include "tests/project_folder.hpp"
#include "tests/results/temporary_directory.hpp"

namespace xensim {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::string bad = (project_folder() / "tests/experiments/bad/").string();

TEST(Command, TellsItsVersionAndHelp) {
  EXPECT_THAT(xensim({"--version"}).out, StartsWith("xensim "));
  EXPECT_THAT(xensim({"--help"}).out, AllOf(HasSubstr("reproduce"), HasSubstr("Examples:")));
  EXPECT_THAT(xensim({"run", "--help"}).out, AllOf(HasSubstr("--resume"), HasSubstr("Examples:")));
  EXPECT_EQ(xensim({"run", "--help"}).code, 0);
}

TEST(Command, WithoutArgumentsShowsHelpAsAnError) {
  const Outcome outcome = xensim({});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("Subcommands:"));
}

TEST(Command, SuggestsTheNearestNameForAMisspeltOne) {
  const auto suggestion = [](std::vector<const char*> arguments) {
    const Outcome outcome = xensim(std::move(arguments));
    EXPECT_EQ(outcome.code, 2);
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, StartsWith("xensim: error: "));
    return outcome.err;
  };
  EXPECT_THAT(suggestion({"reprodcue"}), HasSubstr("did you mean \"reproduce\"?"));
  EXPECT_THAT(suggestion({"run", "figure61"}), HasSubstr("did you mean \"figure6\"?"));
  EXPECT_THAT(suggestion({"run", "figure6", "--job", "2"}), HasSubstr("did you mean \"--jobs\"?"));
  EXPECT_THAT(suggestion({"list", "scheduler"}), HasSubstr("did you mean \"schedulers\"?"));
  EXPECT_THAT(suggestion({"reproduce", "figur6"}), HasSubstr("did you mean \"figure6\"?"));
  EXPECT_THAT(suggestion({"run", "weights", "--set", "platform.tik=5 ms"}),
              HasSubstr("did you mean \"platform.tick\"?"));
}

TEST(Command, SaysHowToRunWhatThePaperDoesNotHave) {
  const Outcome outcome = xensim({"reproduce", "weights"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr("which the paper does not have"), HasSubstr("xensim run weights")));
}

TEST(Command, WarnsOfConstantsOutsideTheirRanges) {
  const Outcome outcome = xensim({"validate", "weights", "--set", "constants.disk.rotation=11.1"});
  EXPECT_EQ(outcome.code, 0) << "what-if runs are legal";
  EXPECT_THAT(outcome.err, HasSubstr("warning: disk.rotation = 11.1 is outside its range"));
}

TEST(Command, RefusesBadUsageWithOneMessage) {
  for (const std::vector<const char*>& arguments :
       std::vector<std::vector<const char*>>{{"run"},
                                             {"run", "weights", "--jobs", "0"},
                                             {"run", "weights", "--jobs", "many"},
                                             {"run", "weights", "--seed", "-1"},
                                             {"run", "weights", "--replications", "0"},
                                             {"run", "weights", "--set", "seed"},
                                             {"run", "weights", "--set", "seed=\xff"},
                                             {"run", "weights", "--trace"},
                                             {"run", "weights", "--output", ""},
                                             {"run", "weights", "--output="},
                                             {"run", "weights", "--output", "--quiet"},
                                             {"run", "weights", "--trace", "perfetto@eth0:file"},
                                             {"reproduce", "footprint", "--json", ""},
                                             {"run", "weights", "--seed", "many"},
                                             {"run", "weights", "--set", "sweep.seed=[1, 2]"},
                                             {"validate", "weights", "weights"},
                                             {"compare", "a"}}) {
    const Outcome outcome = xensim(arguments);
    EXPECT_EQ(outcome.code, 2) << arguments[0];
    EXPECT_THAT(outcome.err, StartsWith("xensim: error: "));
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  }
}

TEST(Command, TakesNoOptionForTheValueOfAnother) {
  EXPECT_THAT(xensim({"run", "weights", "--output", "--resume"}).err,
              HasSubstr("error: --output: found \"--resume\", another option; expected a value"));
  EXPECT_THAT(xensim({"run", "--set", "--seed=1"}).err, testing::Not(HasSubstr("another option")));
}

TEST(Command, ValidatesEveryExperimentThatShips) {
  for (const std::string& name : experiment_names()) {
    const Outcome outcome = xensim({"validate", name.c_str()});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("is valid"));
  }
}

TEST(Command, ExitsWithTwoForEveryBadFile) {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(bad)) {
    const Outcome outcome = xensim({"validate", entry.path().c_str()});
    EXPECT_EQ(outcome.code, 2) << entry.path();
    EXPECT_THAT(outcome.err, StartsWith("xensim: error: " + entry.path().string()));
    ++files;
  }
  EXPECT_GE(files, 10U);
}

TEST(Command, NamesTheOptionThatGaveABadValue) {
  const auto complaint = [](std::vector<const char*> options) {
    options.insert(options.begin(), {"run", "weights"});
    const Outcome outcome = xensim(std::move(options));
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.err, testing::Not(HasSubstr("weights.json")));
    return outcome.err;
  };
  EXPECT_THAT(
      complaint({"--set", "domains[0].count=-3"}),
      HasSubstr("error: --set domains[0].count=-3: $.domains[0].count: found -3; expected a whole number "
                "from 0 to 1000000"));
  EXPECT_THAT(complaint({"--set", "measure.duration=5 parsecs"}),
              AllOf(HasSubstr("error: --set measure.duration=5 parsecs: "),
                    HasSubstr("expected a number with a unit")));
  EXPECT_THAT(complaint({"--set", "sweep={}", "--set", R"(platform={"name": "xen", "tik": "5 ms"})"}),
              AllOf(HasSubstr("error: --set platform={"), HasSubstr("$.platform.tik: found unknown key"),
                    HasSubstr("did you mean \"tick\"?")));
  EXPECT_THAT(complaint({"--set", "sweep.domains[0].weight=[10, -1]"}),
              HasSubstr("error: --set sweep.domains[0].weight=[10, -1]: $.domains[0].weight: found -1"));
  EXPECT_THAT(complaint({"--set", "domans[0].count=3"}),
              AllOf(HasSubstr("error: --set domans[0].count=3: "), HasSubstr("did you mean \"domains\"?")));
}

TEST(Command, NamesTheFileForItsOwnValueBesideOneThatAnOptionGave) {
  const std::string file = bad + "negative_time.json";
  const Outcome outcome = xensim({"run", file.c_str(), "--set", "measure.duration=1 s"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("negative_time.json:5: $.measure.warm_up"));
}

TEST(Command, SaysWhichNumbersAreSeedsAndReplications) {
  for (const char* seed : {"-1", "1.5", "1e3", "99999999999999999999999", "many", "0x10", "true", "[1]"}) {
    const Outcome outcome = xensim({"run", "weights", "--seed", seed});
    EXPECT_EQ(outcome.code, 2) << seed;
    EXPECT_THAT(outcome.err, AllOf(HasSubstr(fmt::format("error: --seed {}: ", seed)),
                                   HasSubstr("expected a whole number from 0 to 9223372036854775807")));
  }
  for (const char* count : {"0", "-1", "0.5", "100001", "1000000000000000000000"}) {
    const Outcome outcome = xensim({"run", "weights", "--replications", count});
    EXPECT_EQ(outcome.code, 2) << count;
    EXPECT_THAT(outcome.err, AllOf(HasSubstr(fmt::format("error: --replications {}: ", count)),
                                   HasSubstr("expected a whole number from 1 to 100000")));
  }
}

TEST(Command, RefusesASeriesThatNoRunHas) {
  const auto asking = [](const char* series) {
    return xensim({"validate", "weights", "--set", "measure.sample=1 s", "--set", series});
  };
  EXPECT_EQ(asking(R"(measure.series=["throughput", "one/", "two/1/", "four/0/work_rate", "o"])").code, 0);
  for (const char* series :
       {R"(measure.series=["zzz"])", R"(measure.series=["throughput", "one/2/work_rate"])",
        R"(measure.series=["fairness"])"}) {
    const Outcome outcome = asking(series);
    EXPECT_EQ(outcome.code, 2) << series;
    EXPECT_THAT(outcome.err, AllOf(HasSubstr("$.measure.series["), HasSubstr("with which no series begins")));
  }
}

TEST(Command, NamesWhatCouldStandBeforeAParameter) {
  const Outcome outcome =
      xensim({"run", "weights", "--set", "sweep={}", "--set", "platform.scheduler.slice=5 ms"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("which has no name"), HasSubstr("round-robin or sedf")));
}

/// Its exit code with standard output on a full disk.
int exit_code_on_a_full_disk(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "xensim");
  std::fflush(stdout);
  const int before = ::dup(STDOUT_FILENO), full = ::open("/dev/full", O_WRONLY);
  ::dup2(full, STDOUT_FILENO);
  testing::internal::CaptureStderr();
  const int code = run_command(static_cast<int>(arguments.size()), arguments.data());
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("the output could not be written"));
  ::dup2(before, STDOUT_FILENO);
  ::close(before);
  ::close(full);
  std::clearerr(stdout);
  std::cout.clear();
  return code;
}

TEST(Command, SaysThatItsOutputCouldNotBeWritten) {
  if (!std::filesystem::is_character_file("/dev/full")) GTEST_SKIP() << "no /dev/full";
  const TemporaryDirectory directory;
  const std::string output = directory.path().string();
  EXPECT_EQ(exit_code_on_a_full_disk({"list", "schedulers"}), 2);
  EXPECT_EQ(exit_code_on_a_full_disk({"reproduce", "footprint", "--quiet", "--output", output.c_str()}), 2);
}

TEST(Command, ReproducesWhatIsNamedTwiceOnce) {
  const TemporaryDirectory directory;
  const std::string output = directory.path().string();
  const Outcome outcome =
      xensim({"reproduce", "footprint", "footprint", "--quiet", "--output", output.c_str()});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out.find("data in"), outcome.out.rfind("data in"));
}

TEST(Command, ComplainsOfAMetricThatADomainDoesNotHaveAndKeepsTheOthers) {
  const TemporaryDirectory directory;
  const std::string output = directory.path().string();
  const Outcome outcome =
      xensim({"run", "weights", "--quiet", "--replications", "1", "--set", "measure.duration=10 ms", "--set",
              "measure.metrics=[\"throughput\", \"one/thrughput\"]", "--output", output.c_str()});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err,
              AllOf(HasSubstr("\"one/thrughput\", with which no metric of run 0 begins after 10 ms"),
                    HasSubstr("or more time")));
  EXPECT_THAT(outcome.out, HasSubstr("results in " + output));
  EXPECT_THAT(*read_file(directory.path() / "metrics.csv"), HasSubstr("throughput,s/s,"));
}

TEST(Command, AsksOfARunOnlyWhatInstancesItHas) {
  const TemporaryDirectory directory;
  const std::string output = directory.path().string();
  const auto asking = [&](const char* metric) {
    return xensim({"run", "weights", "--quiet", "--replications", "1", "--set", "measure.duration=10 ms",
                   "--set", "sweep.domains[0].count=[1, 3]", "--set", metric, "--output", output.c_str()});
  };
  const Outcome of_the_third = asking(R"(measure.metrics=["one/2/work_rate"])");
  EXPECT_EQ(of_the_third.code, 0) << of_the_third.err;
  EXPECT_THAT(of_the_third.out, HasSubstr("one/2/work_rate"));
  EXPECT_EQ(asking(R"(measure.metrics=["one/2/wrk_rate"])").code, 2);
  const Outcome of_nobody = asking(R"(measure.metrics=["one/3/work_rate"])");
  EXPECT_EQ(of_nobody.code, 2);
  EXPECT_THAT(of_nobody.err, HasSubstr("\"one/3/work_rate\", with which no metric begins"));
}

TEST(Command, ComplainsOfASeriesThatNoRunHas) {
  const TemporaryDirectory directory;
  const std::string output = directory.path().string();
  const auto asking = [&](const char* series) {
    return xensim({"run", "weights", "--quiet", "--replications", "1", "--set", "measure.duration=20 ms",
                   "--set", "measure.sample=10 ms", "--set", series, "--output", output.c_str()});
  };
  const Outcome of_a_domain = asking(R"(measure.series=["one/elapsd/"])");
  EXPECT_EQ(of_a_domain.code, 2);
  EXPECT_THAT(of_a_domain.err,
              HasSubstr("\"one/elapsd/\", with which no series of run 0 begins after 20 ms"));
  const Outcome of_the_host = asking(R"(measure.series=["throughput", "host0/cpu7/"])");
  EXPECT_EQ(of_the_host.code, 0);
  EXPECT_THAT(of_the_host.out, HasSubstr("no series begins with \"host0/cpu7/\""));
}

TEST(Command, RefusesAMetricOfADomainWithoutInstancesBeforeTheRun) {
  const Outcome outcome = xensim({"validate", "weights", "--set", "domains[0].count=0"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err,
              HasSubstr("$.measure.metrics[1]: found \"one/throughput\", with which no metric begins"));
}

TEST(Command, ComparesOnlyDirectoriesThatExist) {
  const Outcome outcome = xensim({"compare", "nowhere", "nowhere"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("nowhere: no such directory"));
}

TEST(Override, OfASweptPathEndsItsSweep) {
  ExperimentFile file = read_experiment_file(find_experiment("figure6"));
  apply_override(file, "domains[0].count=4");
  apply_override(file, "platform=xen_5ms");
  apply_override(file, "replications=1");
  const auto runs = expand(file);
  ASSERT_EQ(runs.size(), 4U);
  EXPECT_EQ(runs[0].experiment->document->at("domains")[0]["count"], 4);
  EXPECT_EQ(runs[0].experiment->document->at("platform")["scheduler"]["ctx_allow"], "5 ms");
  apply_override(file, "domains[0].workload.programs=[\"gcc\"]");
  EXPECT_EQ(expand(file).size(), 1U);
}

TEST(Override, OfASweptPathTakesTheValueOfThatLabelHoweverItIsLabelled) {
  const auto platform = [](Json values, const char* label) {
    ExperimentFile file = read_experiment_file(find_experiment("weights"));
    file.document["sweep"] = {{"platform", std::move(values)}};
    apply_override(file, std::string("platform=") + label);
    EXPECT_EQ(expand(file).size(), 3U);
    return file.document["platform"];
  };
  const Json slow{{"name", "xen"}, {"tick", "30 ms"}}, fast{{"name", "xen"}, {"tick", "10 ms"}};
  EXPECT_EQ(platform(Json::array({slow, "native"}), "xen"), slow) << "by its name";
  const Json numbered =
      Json::array({Json{{"label", "1"}, {"value", slow}}, Json{{"label", 2}, {"value", fast}}});
  EXPECT_EQ(platform(numbered, "1"), slow) << "a label that looks like a number";
  EXPECT_EQ(platform(numbered, "2"), fast) << "one that is a number";
}

TEST(Override, BelowASweptPathIsRefusedBecauseTheSweepWouldOverwriteIt) {
  ExperimentFile file = read_experiment_file(find_experiment("figure6"));
  EXPECT_THROW(apply_override(file, "platform.smp=false"), InputError);
}

TEST(Command, ListsWhatThereIsAsTextAndAsJson) {
  EXPECT_THAT(xensim({"list", "schedulers"}).out,
              AllOf(HasSubstr("bvt-xen1"), HasSubstr("ctx_allow"), HasSubstr("default 5 ms")));
  const Json all = Json::parse(xensim({"list", "--json"}).out);
  for (const std::string& kind : list_kinds()) EXPECT_FALSE(all.at(kind).empty()) << kind;
}

TEST(Command, DrawsTheTopology) {
  const Outcome outcome = xensim({"topology", "weights"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(StartsWith("digraph"), HasSubstr("cpu1"), HasSubstr("domain 0"),
                                 HasSubstr("2 x four"), HasSubstr("3200 MB/s")));
  EXPECT_THAT(xensim({"topology", "weights", "--set", "domains[2].count=7"}).out, HasSubstr("7 x four"));
}

TEST(Command, DrawsWhatDomainsHaveAndWhoIsOutside) {
  EXPECT_THAT(xensim({"topology", "network_fairness"}).out,
              AllOf(HasSubstr("vif0 of "), HasSubstr("virtual disk of "), HasSubstr("switch")));
  EXPECT_THAT(xensim({"topology", "weights"}).out, Not(HasSubstr("vif0")));
}

TEST(Command, DrawsProcessesWhereThereAreNoVirtualProcessors) {
  const std::string drawn = xensim({"topology", "figure5_native"}).out;
  EXPECT_THAT(drawn, HasSubstr("processes"));
  EXPECT_THAT(drawn, Not(HasSubstr("domain 0")));
}

TEST(Command, SummarizesWhatWorkloadsReportOfThemselves) {
  const TemporaryDirectory directory;
  const std::string file = local_traffic(directory), output = (directory.path() / "results").string();
  const Outcome outcome =
      xensim({"run", file.c_str(), "--quiet", "--replications", "2", "--output", output.c_str()});
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("sink/ttcp_bytes"), HasSubstr("source/ttcp_bytes")));
  EXPECT_THAT(outcome.out, HasSubstr("same in all")) << "nothing is random here";
}

TEST(Command, ReproducesOnThePlatformsThatAreAskedFor) {
  const Outcome outcome = xensim({"reproduce", "figure3", "--platform", "L,Z"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("\"Z\", not a platform of figure3"), HasSubstr("L")));
}

TEST(Command, PrintsTheSchema) { EXPECT_EQ(Json::parse(xensim({"schema"}).out), experiment_schema()); }

}  // namespace
}  // namespace xensim
