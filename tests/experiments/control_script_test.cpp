/// The sections "control" and "probes" of an experiment file.
#include "experiments/runner/control_script.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <map>

#include "core/json.hpp"
#include "experiments/runner/simulation.hpp"
#include "results/traces/trace_file.hpp"
#include "tests/complaint.hpp"
#include "tests/installed.hpp"
#include "tests/results/temporary_directory.hpp"

namespace xensim {
namespace {

using testing::AllOf;
using testing::HasSubstr;

Json experiment(Json control) {
  return {{"name", "test"},
          {"platform", "xen"},
          {"domains",
           {{{"name", "alpha"}, {"count", 3}, {"workload", "cpu_hog"}},
            {{"name", "beta"}, {"count", 1}, {"workload", "cpu_hog"}}}},
          {"operator", {{"interval", "10 ms"}}},
          {"control", std::move(control)},
          {"measure", {{"warm_up", "100 ms"}, {"duration", "3 s"}}}};
}

std::string complaint(Json document) {
  return complaint_of([&] { (void)interpret(std::move(document)); });
}

double value(const RunResult& result, const std::string& name) {
  for (const Metric& metric : result.metrics) {
    if (metric.name == name) return metric.value;
  }
  ADD_FAILURE() << "no metric " << name;
  return 0;
}

TEST(ControlScript, StepsAreReadInOrderOfTime) {
  const Experiment read = interpret(experiment({{{"at", "2 s"}, {"do", "unpause"}, {"domain", "beta"}},
                                                {{"at", "1 s"}, {"do", "pause"}, {"domain", "beta"}}}));
  ASSERT_EQ(read.control.size(), 2U);
  EXPECT_EQ(read.control[0].verb, ControlVerb::pause);
  EXPECT_EQ(read.control[0].at, 1s);
}

TEST(ControlScript, ATemplateNamesAllItsInstancesAndANumberOneOfThem) {
  const Experiment read = interpret(experiment(Json::array()));
  EXPECT_EQ(named_instances(read.domains, "alpha"), (std::vector<std::uint32_t>{0, 1, 2}));
  EXPECT_EQ(named_instances(read.domains, "alpha/1"), (std::vector<std::uint32_t>{1}));
  EXPECT_EQ(named_instances(read.domains, "beta"), (std::vector<std::uint32_t>{3}));
}

TEST(ControlScript, AnUnknownDomainGetsTheNearestName) {
  EXPECT_THAT(
      complaint(experiment({{{"at", "1 s"}, {"do", "pause"}, {"domain", "alfa"}}})),
      AllOf(HasSubstr("$.control[0].domain"), HasSubstr("\"alfa\""), HasSubstr("did you mean \"alpha\"")));
  EXPECT_THAT(complaint(experiment({{{"at", "1 s"}, {"do", "pause"}, {"domain", "alpha/3"}}})),
              HasSubstr("\"alpha/2\""));
}

TEST(ControlScript, AnUnknownVerbGetsTheNearestOne) {
  EXPECT_THAT(complaint(experiment({{{"at", "1 s"}, {"do", "destory"}, {"domain", "beta"}}})),
              AllOf(HasSubstr("$.control[0].do"), HasSubstr("did you mean \"destroy\"")));
}

TEST(ControlScript, WhatIsMissingIsNamed) {
  EXPECT_THAT(complaint(experiment({{{"do", "pause"}, {"domain", "beta"}}})), HasSubstr("at"));
  EXPECT_THAT(complaint(experiment({{{"at", "1 s"}, {"domain", "beta"}}})), HasSubstr("do"));
  EXPECT_THAT(complaint(experiment({{{"at", "1 s"}, {"do", "pause"}}})), HasSubstr("domain"));
  EXPECT_THAT(complaint(experiment({{{"at", "1 s"}, {"do", "set_slice"}}})), HasSubstr("slice"));
}

TEST(ControlScript, AKeyThatAVerbDoesNotTakeIsRefused) {
  EXPECT_THAT(complaint(experiment({{{"at", "1 s"}, {"do", "pause"}, {"domain", "beta"}, {"weight", 20}}})),
              AllOf(HasSubstr("$.control[0].weight"), HasSubstr("\"weight\" with \"pause\"")));
  EXPECT_THAT(
      complaint(experiment({{{"at", "1 s"}, {"do", "set_slice"}, {"slice", "5 ms"}, {"domain", "beta"}}})),
      HasSubstr("$.control[0].domain"));
  EXPECT_THAT(complaint(experiment({{{"at", "1 s"}, {"do", "pause"}, {"domain", "beta"}, {"wieght", 20}}})),
              HasSubstr("did you mean \"weight\""));
}

TEST(ControlScript, AShareThatCannotBeIsRefused) {
  const Json step{{"at", "1 s"}, {"do", "set_scheduler"}, {"domain", "beta"}};
  Json heavy = step, late = step, good = step;
  heavy["weight"] = 200;  // the policy is bvt-xen1
  EXPECT_THAT(complaint(experiment(Json::array({heavy}))),
              AllOf(HasSubstr("$.control[0].weight"), HasSubstr("at most 100")));
  late.update({{"period", "10 ms"}, {"slice", "20 ms"}});
  EXPECT_THAT(complaint(experiment(Json::array({late}))), HasSubstr("$.control[0].slice"));
  good.update({{"period", "20 ms"}, {"slice", "5 ms"}, {"extra_time", false}});
  const SchedulingShare share = interpret(experiment(Json::array({good}))).control.front().share;
  EXPECT_EQ(share.period, 20ms);
  EXPECT_EQ(share.slice, 5ms);
  EXPECT_FALSE(share.extra_time);
}

TEST(ControlScript, HowMuchMemoryADomainIsToHaveMustBeSaid) {
  const Json step{{"at", "1 s"}, {"do", "set_memory"}, {"domain", "beta"}};
  EXPECT_THAT(complaint(experiment(Json::array({step}))), HasSubstr("memory"));
  Json wrong = step;
  wrong["size"] = "8 MiB";
  EXPECT_THAT(complaint(experiment(Json::array({wrong}))),
              AllOf(HasSubstr("$.control[0].size"), HasSubstr("\"size\" with \"set_memory\"")));
  Json misspelt = step;
  misspelt["memroy"] = "8 MiB";
  EXPECT_THAT(complaint(experiment(Json::array({misspelt}))),
              AllOf(HasSubstr("$.control[0].memroy"), HasSubstr("did you mean \"memory\"")));
  Json nothing = step;
  nothing["memory"] = "0 B";
  EXPECT_EQ(interpret(experiment(Json::array({nothing}))).control.front().memory, Bytes{});
}

TEST(ControlScript, ADomainCannotBeCreatedTwiceOrDieTwice) {
  EXPECT_THAT(complaint(experiment({{{"at", "1 s"}, {"do", "destroy"}, {"domain", "beta"}},
                                    {{"at", "2 s"}, {"do", "pause"}, {"domain", "beta"}}})),
              AllOf(HasSubstr("$.control[1].do"), HasSubstr("does not exist at 2 s")));
  EXPECT_THAT(complaint(experiment({{{"at", "2 s"}, {"do", "create"}, {"domain", "beta"}},
                                    {{"at", "1 s"}, {"do", "create"}, {"domain", "beta"}}})),
              AllOf(HasSubstr("$.control[0].do"), HasSubstr("exists already at 2 s")));
}

TEST(ControlScript, OnlyAPlatformWithADomain0TakesOne) {
  Json native = experiment({{{"at", "1 s"}, {"do", "pause"}, {"domain", "beta"}}});
  native["platform"] = "native";
  EXPECT_THAT(complaint(native), AllOf(HasSubstr("$.control"), HasSubstr("\"native\"")));
}

TEST(ControlScript, NoStepLiesAfterTheEndOfTheRun) {
  EXPECT_THAT(complaint(experiment({{{"at", "10 s"}, {"do", "pause"}, {"domain", "beta"}}})),
              AllOf(HasSubstr("$.control"), HasSubstr("10 s")));
}

TEST(ControlScript, WhatIsNoListIsRefused) {
  EXPECT_THAT(complaint(experiment("pause")), HasSubstr("$.control"));
  EXPECT_THAT(complaint(experiment({1})), HasSubstr("$.control[0]"));
  EXPECT_THAT(complaint(experiment({{{"at", "-1 s"}, {"do", "pause"}, {"domain", "beta"}}})),
              HasSubstr("$.control[0].at"));
}

TEST(ControlScript, ADomainThatTheScriptCreatesIsNotThereBefore) {
  const Experiment read = interpret(experiment({{{"at", "2 s"}, {"do", "create"}, {"domain", "beta"}}}));
  EXPECT_EQ(created_later(read), (std::vector<bool>{false, false, false, true}));
  const RunResult result = simulate(read, {.audit = true});
  EXPECT_NEAR(value(result, "beta/0/work_rate") * 3, 1.13 * 0.5, 0.15) << "half of a processor for 1.1 s";
}

TEST(ControlScript, PausingLeavesTheProcessorToTheOthers) {
  const Json during{{{"at", "1 s"}, {"do", "pause"}, {"domain", "alpha/0"}},
                    {{"at", "2 s"}, {"do", "unpause"}, {"domain", "alpha/0"}}};
  const double with = value(simulate(interpret(experiment(during))), "alpha/0/work_rate");
  const double without = value(simulate(interpret(experiment(Json::array()))), "alpha/0/work_rate");
  EXPECT_NEAR(with / without, 2. / 3, 0.05);
}

TEST(ControlScript, WhatOthersCountIsOfTheMeasurementWhereADomainDiesInIt) {
  const auto run = [](Json script) {
    Json document = experiment(std::move(script));
    document["domains"] = Json::array({Json{{"name", "victim"}, {"workload", "fork_bomb"}},
                                       Json{{"name", "alpha"}, {"count", 1}, {"workload", "fork_bomb"}},
                                       Json{{"name", "beta"}, {"workload", "cpu_hog"}}});
    document["measure"] = {{"warm_up", "1 s"}, {"duration", "500 ms"}};
    return simulate(interpret(document));
  };
  const Json destroy{{"at", "1250 ms"}, {"do", "destroy"}, {"domain", "alpha"}};
  const RunResult with = run(Json::array({destroy})), without = run(Json::array());
  for (const char* name : {"host0/dom3/cpu_time", "beta/elapsed/user", "beta/elapsed/stolen"}) {
    EXPECT_NEAR(value(with, name), value(without, name), 0.01) << name;
  }
  double elapsed = 0;
  for (const Metric& metric : with.metrics) {
    if (metric.name.starts_with("beta/elapsed/")) elapsed += metric.value;
  }
  EXPECT_NEAR(elapsed, 0.5, 1e-6) << "all of the measurement, and no more";
}

TEST(ControlScript, WaitsForAProcessorAreThoseOfTheMeasurement) {
  // Computing domains have been woken when they began, and are when they go on.
  const auto waits = [](const char* at) {
    Json document = experiment({{{"at", "300 ms"}, {"do", "pause"}, {"domain", "alpha"}},
                                {{"at", at}, {"do", "unpause"}, {"domain", "alpha"}}});
    document["measure"] = {{"warm_up", "1 s"}, {"duration", "1 s"}};
    const RunResult result = simulate(interpret(document));
    return std::ranges::count(result.metrics, "host0/cpu1/wake_to_run/maximum", &Metric::name);
  };
  EXPECT_EQ(waits("600 ms"), 0) << "before it, in which nobody wakes on this processor";
  EXPECT_EQ(waits("1500 ms"), 1);
}

TEST(ControlScript, TheSameScriptGivesTheSameBits) {
  const Json script{{{"at", "500 ms"}, {"do", "destroy"}, {"domain", "alpha"}},
                    {{"at", "1 s"}, {"do", "create"}, {"domain", "alpha"}},
                    {{"at", "1500 ms"}, {"do", "set_scheduler"}, {"domain", "beta"}, {"weight", 20}},
                    {{"at", "2 s"}, {"do", "set_slice"}, {"slice", "10 ms"}}};
  const Experiment once = interpret(experiment(script));
  const auto values = [&](const SimulationOptions& options) {
    std::vector<std::pair<std::string, double>> all;
    for (const Metric& metric : simulate(once, options).metrics) all.emplace_back(metric.name, metric.value);
    return all;
  };
  const auto first = values({});
  EXPECT_EQ(values({}), first);
  EXPECT_EQ(values({.audit = true}), first);
  EXPECT_EQ(values({.strict = true}), first);
}

TEST(ControlScript, ADomainThatDiesWhileItSwapsLeavesNoFrameBehind) {
  const auto frames_free = [](const char* workload, const char* at) {
    Json document = experiment({{{"at", at}, {"do", "destroy"}, {"domain", "alpha"}}});
    document["platform"] = {{"name", "xen"}, {"memory", "16 MiB"}};
    document["domains"][0] = {{"name", "alpha"}, {"workload", workload}};
    document["domains"][1]["workload"] = "memory_probe";
    return value(simulate(interpret(document)), "host0/control/frames_free");
  };
  const double expected = frames_free("memory_probe", "1 s");
  for (const char* at : {"400 ms", "1 s", "1003 ms", "1500 ms", "2 s"}) {
    EXPECT_EQ(frames_free("memory_bomb", at), expected) << "killed at " << at;
  }
}

TEST(ControlScript, ADomainThatDiesWhileItsPacketsAreUnderWayLeavesNoFrameBehind) {
  const auto frames_free = [](const Json& workload, const char* at) {
    Json document = experiment({{{"at", at}, {"do", "destroy"}, {"domain", "alpha"}}});
    document["platform"] = {{"name", "xen"}, {"memory", "16 MiB"}};
    document["domains"][0] = {{"name", "alpha"}, {"workload", workload}};
    document["domains"][1]["workload"] = "memory_probe";
    document["clients"] = Json::array(
        {Json{{"name", "peer"}, {"behaviour", {{"name", "ttcp_peer"}, {"amount", "100000000 B"}}}}});
    document["measure"] = {{"warm_up", "0 s"}, {"duration", "1 s"}};
    return value(simulate(interpret(document)), "host0/control/frames_free");
  };
  const double expected = frames_free("memory_probe", "300 ms");
  for (const char* role : {"send", "receive"}) {
    const Json workload{{"name", "ttcp"}, {"role", role}, {"bytes", "100000000 B"}};
    for (const char* at : {"300 ms", "303 ms", "500 ms"}) {
      EXPECT_EQ(frames_free(workload, at), expected) << role << ", killed at " << at;
    }
  }
}

TEST(ControlScript, DomainsComeAndGoMoreOftenThanTheDiskHasRoomFor) {
  Json script = Json::array();
  for (int i = 0; i < 28; ++i) {
    script.push_back({{"at", std::to_string(200 + 100 * i) + " ms"}, {"do", "destroy"}, {"domain", "alpha"}});
    script.push_back({{"at", std::to_string(250 + 100 * i) + " ms"}, {"do", "create"}, {"domain", "alpha"}});
  }
  Json document = experiment(script);
  document["platform"] = {{"name", "xen"}, {"memory", "8 MiB"}, {"file_system", "8 GiB"}};
  document["domains"][0] = {{"name", "alpha"}, {"workload", "memory_probe"}};
  document["domains"][1]["workload"] = "memory_probe";
  EXPECT_GE(value(simulate(interpret(document)), "host0/control/built"), 25);
}

/// Seconds that the summary of xenalyze says each guest ran.
std::map<int, double> run_times(const std::string& trace) {
  std::map<int, double> times;
  const std::string command = "/usr/bin/xenalyze --cpu-hz=1 -s " + trace + " 2>/dev/null";
  struct Close {
    void operator()(std::FILE* pipe) const { ::pclose(pipe); }
  };
  const std::unique_ptr<std::FILE, Close> pipe(::popen(command.c_str(), "r"));
  std::array<char, 512> line{};
  int guest = -1;
  while (pipe != nullptr && std::fgets(line.data(), static_cast<int>(line.size()), pipe.get()) != nullptr) {
    double seconds = 0;
    long stays = 0;
    (void)std::sscanf(line.data(), "|-- Domain %d --|", &guest);
    if (std::sscanf(line.data(), " running: %ld %lfs", &stays, &seconds) == 2) times[guest] = seconds * 1e-9;
  }
  return times;
}

TEST(ControlScript, XenalyzeAgreesWithTheMetricsOnEachDomainsRunTime) {
  if (!is_installed("/usr/bin/xenalyze", "xen-utils-common"))
    GTEST_SKIP() << "xen-utils-common is not installed";
  Json document = experiment({{{"at", "1 s"}, {"do", "pause"}, {"domain", "alpha/1"}},
                              {{"at", "2 s"}, {"do", "destroy"}, {"domain", "alpha/0"}}});
  document["operator"] = {{"interval", "0 s"}};
  document["measure"] = {{"warm_up", "0 s"}, {"duration", "3 s"}};
  const TemporaryDirectory directory;
  const std::filesystem::path file = directory.path() / "trace.bin";
  const auto trace = open_trace({"xentrace", file});
  const RunResult result = simulate(interpret(document), {.trace = trace.get()});
  trace->finish();
  const std::map<int, double> times = run_times(file.string());
  ASSERT_EQ(times.size(), 6U) << "domain 0, four others, and the idle guest";
  for (int domain = 0; domain < 5; ++domain) {
    const double metric = value(result, "host0/dom" + std::to_string(domain) + "/cpu_time");
    EXPECT_NEAR(times.at(domain), metric, 1e-3 + 2e-3 * metric) << "domain " << domain;
  }
}

Json probed(Json probes) {
  Json document = experiment(Json::array());
  document["probes"] = std::move(probes);
  return document;
}

TEST(Probes, AnUnknownDomainGetsTheNearestName) {
  EXPECT_THAT(complaint(probed({{{"domain", "betta"}}})),
              AllOf(HasSubstr("$.probes[0].domain"), HasSubstr("did you mean \"beta\"")));
  EXPECT_THAT(complaint(probed({{{"domain", "alpha/0"}}})), HasSubstr("$.probes[0].domain"));
  EXPECT_THAT(complaint(probed({{{"interval", "1 s"}}})), HasSubstr("domain"));
  EXPECT_THAT(complaint(probed({{{"domain", "beta"}, {"interval", "0 s"}}})),
              HasSubstr("$.probes[0].interval"));
}

TEST(Probes, AreAnsweredAndTimed) {
  const RunResult result = simulate(interpret(probed({{{"domain", "alpha"}, {"interval", "50 ms"}}})));
  EXPECT_EQ(value(result, "alpha/probe/sent"), 59) << "3 s of them, the end not included";
  EXPECT_GE(value(result, "alpha/probe/samples"), 58);
  EXPECT_GT(value(result, "alpha/probe/mean"), 0);
  EXPECT_LT(value(result, "alpha/probe/maximum"), 60);
}

}  // namespace
}  // namespace xensim
