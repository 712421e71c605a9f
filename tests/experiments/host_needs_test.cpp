/// What an experiment needs of its machine is told when it is read, not in the middle of its runs.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "core/json.hpp"
#include "experiments/runner/demand.hpp"
#include "experiments/runner/expansion.hpp"
#include "experiments/runner/simulation.hpp"
#include "tests/complaint.hpp"
#include "tests/experiments/metric.hpp"

namespace xensim {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::ThrowsMessage;

ExperimentFile file(Json platform, const char* workload, std::int64_t count, Json machine = Json::object()) {
  machine["base"] = "dell2650";
  return {{{"name", "test"},
           {"machine", std::move(machine)},
           {"platform", std::move(platform)},
           {"domains", Json::array({Json{{"name", "a"}, {"count", count}, {"workload", workload}}})},
           {"measure", {{"warm_up", "0 s"}, {"duration", "10 ms"}}}},
          nullptr};
}

TEST(HostNeeds, AnSmpKernelHasAtMost32Processors) {
  EXPECT_NO_THROW((void)expand(file("native", "fork_bomb", 1, {{"cpus", 32}})));
  EXPECT_NO_THROW((void)expand(file("xen", "cpu_hog", 1, {{"cpus", 64}})));
  EXPECT_NO_THROW((void)expand(file({{"name", "native"}, {"smp", false}}, "fork_bomb", 1, {{"cpus", 64}})));
  for (const char* workload : {"fork_bomb", "cpu_hog"}) {
    const ExperimentFile refused = file("native", workload, 1, {{"cpus", 33}});
    EXPECT_THAT([&] { (void)expand(refused); },
                ThrowsMessage<InputError>(
                    AllOf(HasSubstr("$.platform: "), HasSubstr("33 processors"), HasSubstr("at most 32"))));
    EXPECT_THROW((void)simulate(interpret(refused.document)), InputError);
  }
}

TEST(HostNeeds, DomainsMustFitIntoTheMachinesMemoryTogether) {
  const Json xen{{"name", "xen"}, {"memory", "240 MiB"}};
  const Json small{{"memory", "768 MiB"}};  // of which Xen keeps 48 MiB
  EXPECT_NO_THROW((void)expand(file(xen, "dd", 2, small)));
  EXPECT_NO_THROW((void)expand(file(xen, "cpu_hog", 100, small))) << "they need none";
  EXPECT_THAT([&] { (void)expand(file(xen, "dd", 4, small)); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("4 domains with 240 MiB of memory each"),
                                              HasSubstr("fit together into 768 MiB"))));
  EXPECT_THAT([&] { (void)expand(file("xen", "dd", 10'000)); },
              ThrowsMessage<InputError>(HasSubstr("10000 domains with 128 MiB")));
}

TEST(HostNeeds, DomainsMustFitOntoTheDisksTogether) {
  const Json big{{"name", "xen"}, {"memory", "16 MiB"}, {"file_system", "30 GiB"}};
  EXPECT_NO_THROW((void)expand(file(big, "dd", 1)));
  EXPECT_THAT([&] { (void)expand(file(big, "dd", 8)); },
              ThrowsMessage<InputError>(AllOf(HasSubstr("8 domains"), HasSubstr("30 GiB of file_system"),
                                              HasSubstr("at most 4, as many as fit onto 1 disk of"))));
  const Json small{{"name", "xen"}, {"memory", "16 MiB"}, {"swap", "4 KiB"}, {"file_system", "1 MiB"}};
  EXPECT_THAT([&] { (void)expand(file(small, "dd", 101)); },
              ThrowsMessage<InputError>(HasSubstr("at most 100, to which Xen 1.0")));
}

TEST(HostNeeds, WhatAScriptGivesBackMayServeOthers) {
  ExperimentFile experiment =
      file({{"name", "xen"}, {"memory", "240 MiB"}}, "dd", 2, {{"memory", "768 MiB"}});
  experiment.document["domains"].push_back({{"name", "late"}, {"count", 2}, {"workload", "dd"}});
  experiment.document["measure"]["duration"] = "1 s";
  const Json create{{"at", "200 ms"}, {"do", "create"}, {"domain", "late"}};
  experiment.document["control"] = Json::array({create});
  EXPECT_THROW((void)expand(experiment), InputError);
  experiment.document["control"] =
      Json::array({Json{{"at", "100 ms"}, {"do", "destroy"}, {"domain", "a"}}, create});
  EXPECT_NO_THROW((void)expand(experiment));
}

TEST(HostNeeds, WhatAScriptBuildsHasMemoryAlsoWhereItOnlyComputes) {
  ExperimentFile experiment =
      file({{"name", "xen"}, {"memory", "240 MiB"}}, "cpu_hog", 4, {{"memory", "768 MiB"}});
  experiment.document["measure"]["duration"] = "1 s";
  EXPECT_NO_THROW((void)expand(experiment));
  experiment.document["control"] = Json::array({Json{{"at", "200 ms"}, {"do", "create"}, {"domain", "a"}}});
  EXPECT_THAT([&] { (void)expand(experiment); },
              ThrowsMessage<InputError>(HasSubstr("4 domains with 240 MiB of memory each")));
  experiment.document["domains"][0]["count"] = 2;
  EXPECT_NO_THROW((void)expand(experiment));
}

TEST(HostNeeds, APointOfASweepThatCannotRunIsFoundBeforeTheOthersRun) {
  ExperimentFile experiment = file("xen", "dd", 1);
  experiment.document["sweep"] = {{"domains[0].count", Json::array({1, 2, 99})}};
  EXPECT_THAT([&] { (void)expand(experiment); }, ThrowsMessage<InputError>(HasSubstr("99 domains")));
}

TEST(HostNeeds, TheComputersMemoryIsEstimatedByPlatformAndWorkload) {
  const auto needed = [](const ExperimentFile& experiment) {
    return demand_of(expand(experiment)).memory.count >> 20;
  };
  const std::int64_t little = needed(file("xen", "cpu_hog", 4));
  EXPECT_LT(little, 64);
  EXPECT_GT(needed(file("xen", "dd", 4)), little + 20) << "frames, page tables, files";
  EXPECT_GT(needed(file("native", "dd", 1, {{"memory", "64 GiB"}})), 900);
}

TEST(HostNeeds, MemoryThatXenCannotUseIsNamedWhereItIsMissed) {
  const ExperimentFile experiment =
      file({{"name", "xen"}, {"memory", "900 MiB"}}, "dd", 5, {{"memory", "16 GiB"}});
  EXPECT_THAT([&] { (void)expand(experiment); },
              ThrowsMessage<InputError>(HasSubstr("fit together into 4 GiB, all that Xen 1.0 can use")));
}

TEST(HostNeeds, ConstantsOutsideTheirRangesAreRemarkedOn) {
  ExperimentFile experiment = file("xen", "cpu_hog", 1);
  const auto remarks = [&] { return demand_of(expand(experiment)).remarks; };
  experiment.document["sweep"] = {
      {"constants", Json::array({Json{{"label", "as calibrated"}, {"value", Json::object()}},
                                 Json{{"label", "milliseconds"}, {"value", {{"disk.rotation", 11.1}}}}})}};
  EXPECT_THAT(remarks(), ElementsAre("disk.rotation = 11.1 is outside its range, 10000 to 10025 rpm"));

  experiment.document["sweep"] = Json::object();
  Json& constants = experiment.document["constants"];
  for (const char* name : {"rotation", "heads", "cylinders", "zones", "outer_rate", "inner_rate", "tags"}) {
    constants[std::string("disk.") + name] = 4000;
  }
  EXPECT_THAT(remarks(), SizeIs(6)) << "five, and how many more";
  EXPECT_EQ(remarks().back(), "so are 2 other constants");
}

TEST(HostNeeds, SharesThatTheSchedulerRoundsAreRemarkedOn) {
  ExperimentFile experiment = file("xen", "cpu_hog", 1);
  const auto remarks = [&](const char* scheduler, std::int64_t weight) {
    experiment.document["platform"] = {{"name", "xen"}, {"scheduler", scheduler}};
    experiment.document["domains"][0]["weight"] = weight;
    return demand_of(expand(experiment)).remarks;
  };
  EXPECT_THAT(
      remarks("bvt-xen1", 40),
      ElementsAre("a, under bvt-xen1: a weight of 40 counts as 50, since 100/weight is rounded down"));
  EXPECT_THAT(remarks("bvt-xen2", 30), ElementsAre(HasSubstr("counts as 33.33")));
  EXPECT_THAT(remarks("bvt-xen1", 20), IsEmpty());
  EXPECT_THAT(remarks("bvt", 40), IsEmpty());
}

TEST(HostNeeds, WorkloadsThatComputeOnlyTakeNoMemoryOfTheMachine) {
  // Where a machine has none to give, only what says so runs.
  for (const char* workload : {"cpu_hog", "idle", "spec_cint2000"}) {
    ExperimentFile experiment = file({{"name", "xen"}, {"memory", "900 MiB"}}, workload, 3);
    EXPECT_NO_THROW((void)simulate(interpret(experiment.document))) << workload;
    EXPECT_NO_THROW((void)expand(experiment)) << workload;
  }
}

TEST(SetUp, FilesThatDoNotFitAreAnErrorThatNamesWhoseTheyAre) {
  const auto error = [](Json platform, Json workload) {
    Json document = file(std::move(platform), "idle", 1).document;
    document["domains"][0]["workload"] = std::move(workload);
    document["domains"][0]["count"] = 4;
    document["measure"]["duration"] = "1 s";  // until the third has its turn
    return complaint_of([&] { (void)simulate(interpret(document)); });
  };
  for (const char* platform : {"native", "xen"}) {
    const Json small{{"name", platform}, {"file_system", "32 MiB"}};
    EXPECT_THAT(error(small, {{"name", "web99"}, {"connections", 20}}),
                AllOf(HasSubstr("files of web99, instance 0: "), HasSubstr("a file_system that holds them")))
        << platform;
    EXPECT_THAT(error(small, {{"name", "dd"}, {"mode", "read"}, {"block", "1 MiB"}, {"count", 512}}),
                HasSubstr("files of dd, instance "))
        << platform;
  }
  EXPECT_THAT(error({{"name", "native"}, {"file_system", "32 MiB"}}, {{"name", "osdb_ir"}}),
              HasSubstr("files of osdb_ir, instance "));
}

}  // namespace
}  // namespace xensim
