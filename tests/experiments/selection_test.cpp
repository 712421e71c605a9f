/// `--only`: some of an experiment's runs.
#include "experiments/runner/selection.hpp"

#include <gmock/gmock.h>

#include <sstream>

#include "core/error.hpp"
#include "core/json.hpp"
#include "experiments/runner/listing.hpp"
#include "results/atomic_file.hpp"
#include "tests/complaint.hpp"
#include "tests/experiments/command_outcome.hpp"

namespace xensim {
namespace {

using testing::HasSubstr;
using Runs = std::vector<Run>;  // in a test, Run is GoogleTest's

class Selection : public testing::Test {
 protected:
  [[nodiscard]] Runs selected(const std::vector<std::string>& only) const {
    return select(figure6, all, only);
  }
  [[nodiscard]] std::string complaint(const std::vector<std::string>& only) const {
    return complaint_of([&] { (void)selected(only); });
  }

  ExperimentFile figure6 = read_experiment_file(find_experiment("figure6"));
  Runs all = expand(figure6);
};

TEST_F(Selection, LeavesTheRunsWithAValueAndTheirSeeds) {
  const Runs runs = selected({"platform=xen_5ms", "replication=3"});
  ASSERT_EQ(runs.size(), 9U * 4);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    EXPECT_EQ(runs[i].index, i);
    EXPECT_EQ(runs[i].seed, all[3].seed);
    EXPECT_EQ(runs[i].point[0].second, "xen_5ms");
  }
}

TEST_F(Selection, SeveralValuesOfAPathLeaveTheRunsOfAny) {
  EXPECT_EQ(selected({"replication=0", "replication=4"}).size(), all.size() * 2 / 5);
}

TEST_F(Selection, ACellHasTheRunsThatItIsTheMeanOf) {
  const Runs runs = selected({"cell=figure6/xen_5ms/8"});
  ASSERT_EQ(runs.size(), 4U * 5) << "subsets of the suite, replications";
  for (const auto& run : runs) {
    EXPECT_EQ(run.point[1].second, "8");
    EXPECT_EQ(cells_of(figure6, run), std::vector<std::string>{"figure6/xen_5ms/8"});
  }
}

TEST_F(Selection, WhatIsToldOfARunFindsIt) {
  for (const std::size_t i : {0UL, 17UL, all.size() - 1}) {
    const Runs runs = selected(selectors_of(all[i]));
    ASSERT_EQ(runs.size(), 1U);
    EXPECT_EQ(runs[0].point, all[i].point);
    EXPECT_EQ(runs[0].replication, all[i].replication);
  }
}

TEST_F(Selection, RefusesWhatNoRunHas) {
  EXPECT_THAT(complaint({"platfrom=xen_5ms"}), HasSubstr("did you mean \"platform\""));
  EXPECT_THAT(complaint({"platform"}), HasSubstr("PATH=LABEL"));
  EXPECT_THAT(complaint({"platform=xen"}), HasSubstr("linux, xen_50ms or xen_5ms"));
  EXPECT_THAT(complaint({"replication=5"}), HasSubstr("0, 1, 2, 3 or 4"));
  EXPECT_THAT(complaint({"cell=figure6/xen_5ms/7"}), HasSubstr("did you mean"));
  EXPECT_THAT(complaint({"cell=figure6/xen_5ms/8", "platform=linux"}), HasSubstr("no run that has all"));
}

TEST(CommandOnly, RepeatsARunOfASweepAndSaysSoInItsResults) {
  const TemporaryDirectory directory;
  const Json experiment = Json::parse(R"({"name": "pair", "platform": "xen", "replications": 3,
      "domains": [{"name": "spec", "count": 2, "workload": "spec_cint2000"}],
      "measure": {"warm_up": "20 ms", "duration": "50 ms"}, "sweep": {"domains[0].count": [1, 2]}})");
  const auto file = directory.path() / "pair.json", whole = directory.path() / "whole",
             one = directory.path() / "one";
  write_file(file, experiment.dump());
  ASSERT_EQ(xensim({"run", file.c_str(), "--quiet", "--output", whole.c_str()}).code, 0);
  const std::vector<const char*> again{"run",    file.c_str(),    "--quiet", "--output",          one.c_str(),
                                       "--only", "replication=2", "--only",  "domains[0].count=2"};
  ASSERT_EQ(xensim(again).code, 0);

  std::vector<std::string> expected;  // the last of six runs, as the first of one
  for (const std::string& text : {*read_file(whole / "metrics.csv"), *read_file(one / "metrics.csv")}) {
    std::istringstream lines(text);
    std::vector<std::string> values;
    for (std::string line; std::getline(lines, line);) {
      const std::string run = line.substr(0, line.find(','));
      if (run == (expected.empty() ? "5" : "0")) values.push_back(line.substr(run.size()));
    }
    ASSERT_FALSE(values.empty());
    if (!expected.empty()) {
      EXPECT_EQ(values, expected);
    }
    expected = std::move(values);
  }
  EXPECT_EQ(Json::parse(*read_file(one / "run.json"))["only"], (Json{"replication=2", "domains[0].count=2"}));
  EXPECT_FALSE(Json::parse(*read_file(whole / "run.json")).contains("only"));

  // Another selection is another set of runs.
  std::vector<const char*> resumed = again;
  resumed[6] = "replication=1";
  resumed.push_back("--resume");
  EXPECT_EQ(xensim(resumed).code, 2);
}

}  // namespace
}  // namespace xensim
