#include <gmock/gmock.h>

#include <fstream>

#include "core/json.hpp"
#include "core/json_source.hpp"
#include "experiments/runner/expansion.hpp"
#include "experiments/runner/simulation.hpp"
#include "tests/complaint.hpp"
#include "tests/project_folder.hpp"

namespace xensim {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

Json minimal() {
  return Json::parse(
      R"({"name": "test", "platform": "native", "domains": [{"name": "hog", "workload": "cpu_hog"}]})");
}

/// The complaint about a file, or "no error".
std::string complaint(const std::filesystem::path& file) {
  return complaint_of([&] { (void)expand(read_experiment_file(file)); });
}

std::string complaint_about(std::string_view path, Json value) {
  Json document = minimal();
  set_path(document, path, std::move(value));
  return complaint_of([&] { (void)interpret(document); });
}

/// A file that is gone at the end of the test.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view content)
      : path_(std::filesystem::temp_directory_path() /
              (std::string("xensim-") + std::to_string(getpid()) + ".json")) {
    std::ofstream(path_, std::ios::binary) << content;
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() { std::filesystem::remove(path_); }
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

struct Bad {
  std::string file, place;
  std::vector<std::string> says;
};
class BadFile : public testing::TestWithParam<Bad> {};

TEST_P(BadFile, IsRefusedWithItsPlaceAndWhatWasExpected) {
  const auto file = project_folder() / "tests" / "experiments" / "bad" / GetParam().file;
  const std::string text = complaint(file);
  EXPECT_THAT(text, StartsWith(file.string() + GetParam().place));
  for (const std::string& part : GetParam().says) EXPECT_THAT(text, HasSubstr(part));
}

INSTANTIATE_TEST_SUITE_P(
    Ten, BadFile,
    testing::Values(
        Bad{"unknown_key.json", ":7: $.measure.durtion: ", {"unknown key", "did you mean \"duration\"?"}},
        Bad{"wrong_type.json", ":5: $.domains[0].count: ", {"\"four\"", "expected a whole number"}},
        Bad{"negative_time.json", ":5: $.measure.warm_up: ", {"\"-1 s\"", "expected at least"}},
        Bad{"unknown_scheduler.json", ":5: $.platform.scheduler.name: ", {"did you mean \"bvt-xen1\"?"}},
        Bad{"zero_cpus.json", ":3: $.machine.cpus: ", {"found 0", "expected a whole number from 1 to"}},
        Bad{"two_disks_one_name.json", ":6: $.machine.disks[1].name: ", {"\"sda\"", "names that differ"}},
        Bad{"attachment_to_nothing.json",
            ":5: $.machine.disks[0].attached_to: ",
            {"\"scsi1\"", "did you mean \"scsi0\"?"}},
        Bad{"circular_attachment.json", ":6: $.machine.buses[1].attached_to: ", {"a -> b -> a"}},
        Bad{"sweep_over_nothing.json",
            ":6: $.sweep.domains[0].cuont[0]: ",
            {"did you mean \"domains[0].count\"?"}},
        Bad{"truncated.json", ":4:37: ", {"no valid JSON", "missing closing quote"}}),
    [](const auto& bad) { return std::filesystem::path(bad.param.file).stem().string(); });

TEST(ExperimentFile, RefusesDomainNamesThatWouldNotBeTheirOwnInMetricNames) {
  for (const char* name : {"", "a/b", "a b", "../c"}) {
    Json document = minimal();
    document["domains"][0]["name"] = name;
    EXPECT_THROW((void)interpret(document), InputError) << name;
  }
}

TEST(ExperimentFile, HasDefaultsForWhatItLeavesOut) {
  const Experiment experiment = interpret(minimal());
  EXPECT_EQ(experiment.machine.name, "dell2650");
  EXPECT_EQ(experiment.machine.cpus, 2);
  EXPECT_EQ(experiment.machine.disks.size(), 1U);
  EXPECT_EQ(experiment.domains.at(0).count, 1);
  EXPECT_EQ(experiment.domains.at(0).share.weight, 10);
  EXPECT_EQ(experiment.measure.duration, MeasurePlan{}.duration);
}

TEST(ExperimentFile, GivesWhatItSays) {
  Json document = minimal();
  document["machine"] = {{"cpus", 4}, {"l2", "1 MiB"}};
  document["domains"][0].update({{"count", 3}, {"weight", 30}, {"warp", "5 ms"}});
  document["operator"] = {{"interval", "250 ms"}};
  document["measure"] = {{"warm_up", "0 s"}, {"duration", "1.5 s"}, {"metrics", {"throughput"}}};
  document["seed"] = 77;
  const Experiment experiment = interpret(document);
  EXPECT_EQ(experiment.machine.cpus, 4);
  EXPECT_EQ(experiment.machine.l2.count, 1 << 20);
  EXPECT_EQ(experiment.machine.clock.kilohertz, 2'400'000);
  EXPECT_EQ(experiment.domains.at(0).count, 3);
  EXPECT_EQ(experiment.domains.at(0).share.weight, 30);
  EXPECT_EQ(experiment.domains.at(0).share.warp, 5ms);
  EXPECT_EQ(experiment.operator_plan.interval, 250ms);
  EXPECT_EQ(experiment.measure.duration, 1500ms);
  EXPECT_THAT(experiment.measure.metrics, ElementsAre("throughput"));
  EXPECT_EQ(experiment.seed, 77U);
}

TEST(ExperimentFile, SurvivesItsSourceBecauseItKeepsTheDocument) {
  const auto make = [] { return interpret(minimal()); };
  EXPECT_EQ(make().domains.at(0).workload.string(), "cpu_hog");
  EXPECT_EQ(make().platform.string(), "native");
}

TEST(ExperimentFile, RefusesTheMachinesNameForADomain) {
  EXPECT_THAT(complaint_about("domains[0].name", "host0"), HasSubstr("the machine; expected another name"));
}

TEST(ExperimentFile, RefusesNumbersBeyondAllMeasure) {
  EXPECT_THAT(complaint_about("domains[0].count", 1e30), HasSubstr("expected a whole number"));
  EXPECT_THAT(complaint_about("domains[0].count", 1'000'000'000'000), HasSubstr("from 0 to 1000000"));
  EXPECT_THAT(complaint_about("domains[0].count", UINT64_MAX), HasSubstr("from 0 to 1000000"));
  EXPECT_THAT(complaint_about("measure.duration", "107 s 5"), HasSubstr("number with a unit"));
  EXPECT_THAT(complaint_about("measure.duration", "10000000 s"), HasSubstr("106 days"));
  EXPECT_THAT(complaint_about("measure.duration", "9000000 s"), HasSubstr("expected at most"));
  EXPECT_THAT(complaint_about("measure.sample", "1 ps"), HasSubstr("samples; expected at most 10000000"));
  EXPECT_THAT(complaint_about("machine.clock", "1 kHz"), HasSubstr("at least"));
  EXPECT_THAT(complaint_about("machine.line", "48 B"), HasSubstr("a power of two"));
}

/// The complaint about a domain with these members more under a scheduler of xen, or "no error".
std::string complaint_about_share(const char* scheduler, const Json& members) {
  Json document = minimal();
  document["platform"] = {{"name", "xen"}, {"scheduler", scheduler}};
  document["domains"][0].update(members);
  return complaint_of([&] { (void)interpret(document); });
}

TEST(ExperimentFile, RefusesWeightsThatThePolicyCannotTell) {
  for (const char* policy : {"bvt-xen1", "bvt-xen2"}) {
    EXPECT_THAT(complaint_about_share(policy, {{"weight", 101}}),
                AllOf(HasSubstr("$.domains[0].weight"), HasSubstr(policy), HasSubstr("at most 100")));
    EXPECT_EQ(complaint_about_share(policy, {{"weight", 100}}), "no error");
  }
  EXPECT_EQ(complaint_about_share("bvt", {{"weight", 10'000}}), "no error");
  Json by_default = minimal();
  by_default["platform"] = "xen";
  by_default["domains"][0]["weight"] = 101;
  EXPECT_THROW((void)interpret(by_default), InputError);
}

TEST(ExperimentFile, RefusesReservationsThatContradictThemselves) {
  const auto complaint = [](const Json& members) { return complaint_about_share("sedf", members); };
  EXPECT_EQ(complaint({{"period", "10 ms"}, {"slice", "10 ms"}, {"latency", "10 ms"}}), "no error");
  EXPECT_EQ(complaint({{"extra_time", false}}), "no error");
  EXPECT_THAT(complaint({{"period", "10 ms"}, {"slice", "11 ms"}}),
              AllOf(HasSubstr("$.domains[0].slice"), HasSubstr("at most the period")));
  EXPECT_THAT(complaint({{"period", "10 ms"}, {"slice", "5 ms"}, {"latency", "11 ms"}}),
              AllOf(HasSubstr("$.domains[0].latency"), HasSubstr("at most the period")));
  EXPECT_THAT(complaint({{"slice", "5 ms"}}), HasSubstr("a slice without a period"));
  EXPECT_THAT(complaint({{"latency", "5 ms"}}), HasSubstr("a latency without a period"));
  EXPECT_THAT(complaint({{"period", "5 ms"}}), HasSubstr("a period without a slice"));
  EXPECT_THAT(complaint({{"period", "0 s"}, {"slice", "5 ms"}}),
              AllOf(HasSubstr("$.domains[0].period"), HasSubstr("at least")));
}

/// The complaint about an experiment on that machine, or "no error".
std::string complaint_about_machine(const Json& machine) {
  Json document = minimal();
  document["machine"] = machine;
  return complaint_of([&] { (void)interpret(document); });
}

TEST(ExperimentFile, RefusesCachesThatCannotGoByAddresses) {
  const auto complaint = [](const char* key, const char* value) {
    return complaint_about_machine({{"cache_addresses", true}, {key, value}});
  };
  EXPECT_EQ(complaint("l2", "1 MiB"), "no error");
  EXPECT_THAT(complaint("l2", "768 KiB"), AllOf(HasSubstr("machine.l2"), HasSubstr("power of two")));
  EXPECT_THAT(complaint("l1", "12 KiB"), AllOf(HasSubstr("machine.l1"), HasSubstr("power of two")));
  EXPECT_THAT(complaint("line", "128 B"), AllOf(HasSubstr("machine.line"), HasSubstr("64 B")));
}

TEST(ExperimentFile, RefusesCachesThatAreNotWholeSets) {
  EXPECT_EQ(complaint_about_machine({{"l2", "1 KiB"}}), "no error");
  EXPECT_THAT(complaint_about_machine({{"l1", "1 KiB"}, {"line", "512 B"}}),
              HasSubstr("a multiple of 4 lines of 512 B"));
  EXPECT_THAT(complaint_about_machine({{"l2", "1 KiB"}, {"l2_ways", 32}}),
              HasSubstr("a multiple of 32 lines of 64 B"));
  EXPECT_THAT(complaint_about_machine({{"l2_ways", 65}}), HasSubstr("from 1 to 64"));
}

TEST(ExperimentFile, ARunOnAMachineThatIsFullWithTheMonitorSaysSo) {
  Json document = minimal();
  document["machine"] = {{"memory", "48 MiB"}};
  document["platform"] = "xen";
  document["domains"][0]["workload"] = "lmbench_fork";
  EXPECT_THROW((void)simulate(interpret(document), {}), InputError);
}

TEST(ExperimentFile, RefusesARunThatEndsAfterTime) {
  Json document = minimal();
  document["domains"][0]["count"] = 1000;
  document["operator"] = {{"interval", "10000 s"}};
  EXPECT_THROW((void)interpret(document), InputError);
}

TEST(ExperimentFile, RefusesWhatIsMissingOrTwice) {
  Json document = minimal();
  document.erase("platform");
  EXPECT_THROW((void)interpret(document), InputError);
  document = minimal();
  document["domains"].push_back(document["domains"][0]);
  EXPECT_THROW((void)interpret(document), InputError);
  EXPECT_THAT(complaint_about("name", "../../etc"), HasSubstr("letters, digits"));
}

TEST(ExperimentFile, ChecksTheParametersOfVariantsDeepInside) {
  EXPECT_THAT(complaint_about("domains[0].workload.processes", 0),
              HasSubstr("expected a whole number from 1 to"));
  EXPECT_THAT(complaint_about("domains[0].workload", "cpu_hoc"), HasSubstr("did you mean \"cpu_hog\"?"));
  Json slice = {{"name", "xen"}, {"scheduler", {{"name", "round-robin"}, {"slice", "0 s"}}}};
  EXPECT_THAT(complaint_about("platform", slice),
              AllOf(HasSubstr("$.platform.scheduler.slice"), HasSubstr("at least")));
  slice["scheduler"]["slice"] = "1 ms";
  EXPECT_EQ(complaint_about("platform", slice), "no error");
}

TEST(ExperimentFile, ChecksTheNamesOfConstants) {
  EXPECT_THAT(complaint_about("constants.processor.l2_latancy", 20),
              HasSubstr("did you mean \"processor.l2_latency\"?"));
  EXPECT_EQ(complaint_about("constants.processor.l2_latency", 20), "no error");
}

TEST(ReadingJson, RefusesWhatIsNoText) {
  EXPECT_THAT(complaint(TemporaryFile("").path()), HasSubstr("an empty file"));
  EXPECT_THAT(complaint(TemporaryFile(" \n\n").path()), HasSubstr("an empty file"));
  EXPECT_THAT(complaint(std::filesystem::temp_directory_path()), HasSubstr("a directory"));
  EXPECT_THAT(complaint("no/such/file.json"), HasSubstr("no such file"));
  EXPECT_THAT(complaint(TemporaryFile("{\n \"name\": \"\xff\xfe\"}").path()),
              AllOf(HasSubstr(":2:11: "), HasSubstr("UTF-8")));
  EXPECT_THAT(complaint(TemporaryFile("[1, 2]").path()), HasSubstr("an object"));
  EXPECT_THAT(complaint(TemporaryFile("{\"seed\": 1e999}").path()), HasSubstr("number overflow"));
}

TEST(ReadingJson, RefusesDeepNestingBeforeItHurts) {
  EXPECT_THAT(complaint(TemporaryFile(std::string(1'000'000, '[')).path()), HasSubstr("too deep"));
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_THAT(complaint(TemporaryFile(objects).path()), HasSubstr("too deep"));
}

TEST(ReadingJson, RefusesAKeyGivenTwice) {
  EXPECT_THAT(complaint(TemporaryFile("{\"name\": \"a\",\n\"name\": \"b\"}").path()),
              AllOf(HasSubstr(":2: $.name"), HasSubstr("twice")));
}

TEST(ReadingJson, KnowsTheLineOfEveryPath) {
  const auto lines = parse_json("{\n\"a\": [1,\n2\n,\n{\"b\":\n3}\n],\n\"c\": 4\n}", "f").source->lines;
  const std::unordered_map<std::string, int> expected{
      {"$", 1}, {"$.a", 2}, {"$.a[0]", 2}, {"$.a[1]", 3}, {"$.a[2]", 5}, {"$.a[2].b", 5}, {"$.c", 8}};
  EXPECT_EQ(lines, expected);
}

}  // namespace
}  // namespace xensim
