#include <gmock/gmock.h>

#include <set>

#include "core/json.hpp"
#include "core/json_source.hpp"
#include "experiments/runner/expansion.hpp"
#include "tests/complaint.hpp"
#include "tests/project_folder.hpp"

namespace xensim {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using testing::StartsWith;
using Runs = std::vector<Run>;  // in a test, Run is a member of testing::Test

ExperimentFile file(std::string_view rest) {
  auto [value, source] = parse_json(std::string(R"({"name": "test", "platform": "native",
    "domains": [{"name": "hog", "workload": "cpu_hog"}],
    )") + std::string(rest) + "}",
                                    "test.json");
  return {std::move(value), std::move(source)};
}

std::string complaint(std::string_view rest) {
  return complaint_of([&] { (void)expand(file(rest)); });
}

TEST(Expansion, WithoutASweepIsOnePoint) {
  const Runs runs = expand(file(R"("replications": 3)"));
  ASSERT_EQ(runs.size(), 3U);
  EXPECT_TRUE(runs[0].point.empty());
  EXPECT_EQ(runs[2].replication, 2);
  EXPECT_EQ(runs[2].index, 2U);
}

TEST(Expansion, VariesReplicationsFirstThenTheLastPath) {
  const Runs runs =
      expand(file(R"("replications": 2, "sweep": {"machine.cpus": [1, 2], "domains[0].count": [1, 4, 8]})"));
  ASSERT_EQ(runs.size(), 12U);
  EXPECT_THAT(runs[0].point, ElementsAre(Pair("machine.cpus", "1"), Pair("domains[0].count", "1")));
  EXPECT_EQ(runs[1].point, runs[0].point);
  EXPECT_THAT(runs[2].point, ElementsAre(Pair("machine.cpus", "1"), Pair("domains[0].count", "4")));
  EXPECT_THAT(runs[11].point, ElementsAre(Pair("machine.cpus", "2"), Pair("domains[0].count", "8")));
  EXPECT_EQ(runs[11].experiment->document->at("domains")[0]["count"], 8);
  EXPECT_EQ(runs[11].experiment->document->at("machine")["cpus"], 2);
  EXPECT_FALSE(runs[0].experiment->document->contains("sweep"));
  EXPECT_FALSE(runs[0].experiment->document->contains("replications"));
}

TEST(Expansion, AValueMaySetOthersWithIt) {
  const Runs runs = expand(file(R"("sweep": {"platform": [
    {"label": "one", "value": "native"},
    {"label": "two", "value": {"name": "native"}, "with": {"platform.smp": false, "domains[0].count": 2}}]})"));
  ASSERT_EQ(runs.size(), 2U);
  EXPECT_THAT(runs[1].point, ElementsAre(Pair("platform", "two")));
  EXPECT_EQ(runs[0].experiment->document->at("domains")[0].value("count", 1), 1);
  EXPECT_EQ(runs[1].experiment->document->at("domains")[0]["count"], 2);
  EXPECT_EQ(runs[1].experiment->document->at("platform")["smp"], false);
  EXPECT_THAT(complaint(R"("sweep": {"platform": [
    {"label": "one", "value": "native", "with": {"domains[0].cout": 2}}]})"),
              HasSubstr("count"));
}

TEST(Expansion, SeedsDependOnTheReplicationAloneForCommonRandomNumbers) {
  const Runs runs = expand(file(R"("replications": 5, "sweep": {"domains[0].count": [1, 2]})"));
  std::set<std::uint64_t> seeds;
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(runs[i].seed, runs[i + 5].seed);
    seeds.insert(runs[i].seed);
  }
  EXPECT_EQ(seeds.size(), 5U);
  const Runs fewer = expand(file(R"("replications": 2)")), other = expand(file(R"("seed": 2)"));
  EXPECT_EQ(fewer[1].seed, runs[1].seed);
  EXPECT_NE(other[0].seed, runs[0].seed);
}

TEST(Expansion, LabelsScalarsByThemselvesAndObjectsByNameOrLabel) {
  const Runs runs = expand(file(R"("sweep": {
      "platform": [{"label": "L", "value": "native"}, {"name": "xen"}],
      "domains[0].workload.processes": [{"label": "many", "value": 9}, 1]})"));
  EXPECT_THAT(runs[0].point,
              ElementsAre(Pair("platform", "L"), Pair("domains[0].workload.processes", "many")));
  EXPECT_THAT(runs[3].point,
              ElementsAre(Pair("platform", "xen"), Pair("domains[0].workload.processes", "1")));
  EXPECT_EQ(runs[0].experiment->document->at("platform"), "native");
  EXPECT_EQ(runs[0].experiment->document->at("domains")[0]["workload"]["processes"], 9);
}

TEST(Expansion, SpellsTheMachineOutSoThatTheRunStandsAlone) {
  const Json machine = expand(file(R"("machine": "dell2650")")).front().experiment->document->at("machine");
  EXPECT_EQ(machine["base"], "dell2650");
  EXPECT_EQ(machine["l2"], "512 KiB");
  EXPECT_EQ(machine["disks"][0]["name"], "sda");
}

TEST(Expansion, BlamesTheLineOfTheSweptValue) {
  EXPECT_THAT(complaint("\"sweep\": {\"domains[0].count\": [1,\n2,\n-3]}"),
              StartsWith("test.json:5: $.domains[0].count: found -3"));
  EXPECT_THAT(complaint("\"sweep\": {\"platform\":\n[\"native\",\n{\"label\": \"x\", \"value\":\n"
                        "{\"name\": \"native\",\n\"smpp\": true}}]}"),
              StartsWith("test.json:7: $.platform.smpp: found unknown key"));
}

TEST(Expansion, RefusesWhatIsNoSweep) {
  EXPECT_THAT(complaint(R"("sweep": {"domains[0].count": []})"), HasSubstr("at least one"));
  EXPECT_THAT(complaint(R"("sweep": {"domains[0].count": 3})"), HasSubstr("an array"));
  EXPECT_THAT(complaint(R"("sweep": {"domains[0].count": [1, 1]})"), HasSubstr("labels that differ"));
  EXPECT_THAT(complaint(R"("sweep": {"domains": [[]]})"), HasSubstr("without a label"));
  EXPECT_THAT(complaint(R"("sweep": {"domains[3].count": [1]})"), HasSubstr("index 3"));
}

TEST(Expansion, RefusesToSweepWhatIsTheSameInAllRuns) {
  for (const std::string path : {"seed", "replications", "name", "compare"}) {
    EXPECT_THAT(complaint("\"sweep\": {\"" + path + "\": [1, 2]}"), HasSubstr("the same in all runs"));
  }
  EXPECT_THAT(complaint(R"("sweep": {"platform": [{"label": "x", "value": "native", "with": {"seed": 2}}]})"),
              HasSubstr("$.sweep.platform[0].with.seed"));
}

TEST(Expansion, RefusesAMetricThatNoRunCanHave) {
  EXPECT_THAT(
      complaint("\"measure\": {\"metrics\": [\"throughput\",\n\"thrughput\"]}"),
      AllOf(StartsWith("test.json:4: $.measure.metrics[1]"), HasSubstr("did you mean \"throughput\"?")));
  EXPECT_THAT(complaint(R"("measure": {"metrics": ["hogs/elapsed/user"]})"),
              HasSubstr("did you mean \"hog/elapsed/user\"?"));
  EXPECT_EQ(complaint(R"("measure": {"metrics": ["host0/cpu0/time", "ho", "hog/throughput"]})"), "no error");
}

TEST(Expansion, RefusesMoreRunsThanAnyoneCanWaitFor) {
  std::string values = "0";
  for (int i = 1; i < 1001; ++i) values += ", " + std::to_string(i);
  EXPECT_THAT(
      complaint(R"("sweep": {"domains[0].count": [)" + values + R"(], "machine.cpus": [)" + values + "]}"),
      HasSubstr("1000000 runs"));
}

TEST(Compare, MustNameWhatIsSwept) {
  const auto compare = [](const std::string& cell, const std::string& base) {
    return complaint(R"("sweep": {"domains[0].count": [1, 2]}, "compare": {"cell": ")" + cell +
                     R"(", "metric": "throughput", "unit": "1", "relative_to": )" + base + "}");
  };
  EXPECT_EQ(compare("a/{domains[0].count}", R"({"domains[0].count": 1})"), "no error");
  EXPECT_THAT(compare("a/{domains[0].cuont}", "{}"), HasSubstr("did you mean \"domains[0].count\"?"));
  EXPECT_THAT(compare("a/{domains", "{}"), HasSubstr("without"));
  EXPECT_THAT(compare("a", R"({"platform": "native"})"), HasSubstr("not swept"));
  EXPECT_THAT(compare("a", R"({"domains[0].count": 3})"), HasSubstr("not among the swept values"));
}

TEST(Compare, OfThePaperHasARunForEveryPublishedPoint) {
  const auto path = project_folder() / "experiments" / "figure6.json";
  const Runs runs = expand(read_experiment_file(path));
  EXPECT_EQ(runs.size(), 3U * 9 * 4 * 5);
  EXPECT_EQ(runs.back().experiment->document->at("platform")["scheduler"]["ctx_allow"], "5 ms");
}

}  // namespace
}  // namespace xensim
