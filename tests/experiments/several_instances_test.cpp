/// Several workloads on one kernel, and instances that end and begin again: nobody gets another's results.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <string>

#include "core/json.hpp"
#include "tests/complaint.hpp"
#include "tests/experiments/metric.hpp"

namespace xensim {
namespace {

using testing::HasSubstr;

Json domain(const char* name, Json workload, int count = 1) {
  return {{"name", name}, {"count", count}, {"workload", std::move(workload)}};
}

Json experiment(Json platform, Json domains, const char* duration) {
  return {{"name", "test"},
          {"platform", std::move(platform)},
          {"domains", std::move(domains)},
          {"operator", {{"interval", "10 ms"}, {"jitter", "0 s"}}},
          {"measure", {{"warm_up", "0 s"}, {"duration", duration}}}};
}

bool has(const RunResult& result, std::string_view name) {
  return std::ranges::find(result.metrics, name, &Metric::name) != result.metrics.end();
}

TEST(Mix, PartsOfTheSameKindHaveNamesOfTheirOwn) {
  const Json parts = Json::array({{{"name", "dd"}, {"count", 7}},
                                  {{"name", "dd"}, {"count", 5}, {"file", "/usr/tmp/other"}},
                                  {{"name", "dd"}, {"count", 3}, {"file", "/usr/tmp/third"}}});
  const RunResult result = simulate(interpret(
      experiment("native", Json::array({domain("a", {{"name", "mix"}, {"workloads", parts}})}), "1 s")));
  EXPECT_EQ(metric(result, "a/dd/moved"), 7 << 16);
  EXPECT_EQ(metric(result, "a/dd.1/moved"), 5 << 16);
  EXPECT_EQ(metric(result, "a/dd.2/moved"), 3 << 16);
}

class Alone : public testing::TestWithParam<const char*> {};

TEST_P(Alone, HasItsPortOnItsKernelOrThereIsAnError) {
  const Json workload = Json::parse(GetParam());
  const auto run = [&](Json platform, Json domains) {
    return complaint_of(
        [&] { (void)simulate(interpret(experiment(std::move(platform), std::move(domains), "300 ms"))); });
  };
  const Json two = Json::array({domain("a", workload), domain("b", workload)});
  EXPECT_THAT(run("native", two), HasSubstr("is another program's already"));
  EXPECT_EQ(run("native", Json::array({domain("a", workload)})), "no error");
  EXPECT_EQ(run({{"name", "xen"}, {"memory", "200 MiB"}}, two), "no error");
}

INSTANTIATE_TEST_SUITE_P(Workloads, Alone,
                         testing::Values(R"({"name": "ttcp", "role": "receive"})", R"({"name": "udp_ping"})",
                                         R"({"name": "udp_sink"})", R"({"name": "lmbench_tcp"})",
                                         R"({"name": "lmbench_udp"})", R"({"name": "osdb_oltp", "users": 2})",
                                         R"({"name": "web99", "connections": 2})"));

TEST(Dd, InstancesOfOneKernelWriteFilesOfTheirOwn) {
  constexpr int calls = 160, pages = calls * 16;  // 10 MiB
  const auto free = [&](int instances) {
    const Json workload{{"name", "dd"}, {"count", calls}};
    return metric(
        simulate(interpret(experiment("native", Json::array({domain("a", workload, instances)}), "1 s"))),
        "host0/memory/free");
  };
  EXPECT_NEAR(free(1) - free(3), 2 * pages, 0.1 * pages);
}

TEST(Dd, InstancesOneAfterTheOtherHaveTheRateOfOne) {
  const auto rate = [&](int instances, const char* name) {
    Json document =
        experiment("native", Json::array({domain("a", {{"name", "dd"}, {"count", 16}}, instances)}), "1 s");
    document["operator"]["interval"] = "200 ms";
    return metric(simulate(interpret(document)), name);
  };
  const double alone = rate(1, "a/rate");
  EXPECT_NEAR(rate(2, "a/rate"), alone, 0.1 * alone);
  EXPECT_NEAR(rate(2, "a/1/rate"), alone, 0.1 * alone);
}

Json created_again(Json workload, const char* destroyed, const char* created, const char* duration) {
  Json document = experiment({{"name", "xen"}, {"memory", "128 MiB"}},
                             Json::array({domain("a", std::move(workload), 2)}), duration);
  document["control"] = Json::array({{{"at", destroyed}, {"do", "destroy"}, {"domain", "a/0"}},
                                     {{"at", created}, {"do", "create"}, {"domain", "a/0"}}});
  return document;
}

TEST(CreatedAgain, ADatabaseHasTheNumberThatItHadBefore) {
  const Json workload{{"name", "osdb_oltp"}, {"users", 2}, {"run_in", "10 ms"}, {"counted", "10 s"}};
  const RunResult result = simulate(interpret(created_again(workload, "400 ms", "600 ms", "2500 ms")));
  const double first = metric(result, "a/0/score"), second = metric(result, "a/1/score");
  EXPECT_GT(first, 0);
  EXPECT_NEAR(metric(result, "a/score"), first + second, 1e-9 * (first + second))
      << "not also that of the past";
  EXPECT_FALSE(has(result, "a/2/score"));
}

TEST(CreatedAgain, ADdHasARateOfItsOwn) {
  const Json workload{{"name", "dd"}, {"rounds", 0}, {"count", 16}};
  const double written =
      metric(simulate(interpret(created_again(workload, "400 ms", "600 ms", "1 s"))), "a/rate");
  Json undisturbed = created_again(workload, "400 ms", "600 ms", "1 s");
  undisturbed.erase("control");
  const double expected = metric(simulate(interpret(undisturbed)), "a/rate");
  EXPECT_NEAR(written, expected, 0.5 * expected);
}

TEST(CreatedAgain, AWebServerHasTheProcessesOfItsPresentLife) {
  const Json workload{{"name", "web99"}, {"connections", 2}, {"processes", 7}};
  const RunResult result = simulate(interpret(created_again(workload, "400 ms", "600 ms", "1500 ms")));
  EXPECT_EQ(metric(result, "a/web_processes"), 2 * 7);
}

/// What the old programs still use until the domain is dead is not the new one's.
TEST(CreatedAgain, AtOnceABuildThatIsStillDyingKeepsItsFiles) {
  const Json workload{{"name", "linux_build"}, {"files", 4}, {"compiled", 4}};
  const RunResult result = simulate(interpret(created_again(workload, "1 s", "1 s", "5 s")));
  EXPECT_TRUE(has(result, "a/0/score"));
  EXPECT_TRUE(has(result, "a/1/score"));
  EXPECT_GT(metric(result, "a/compiled"), 8) << "those of the first one, too";
}

TEST(OutsideMachines, CountWhatTheirProgramsDoInTheMeasurement) {
  Json document = experiment(
      "native", Json::array({domain("a", {{"name", "packet_sender"}, {"peer", "10.128.0.1"}})}), "200 ms");
  document["clients"] = Json::array(
      {{{"name", "there"}, {"count", 2}, {"behaviour", {{"name", "machine"}, {"workload", "udp_sink"}}}}});
  const RunResult whole = simulate(interpret(document));
  document["measure"]["warm_up"] = "600 ms";
  const RunResult last = simulate(interpret(document));
  const double packets = metric(last, "there/udp_received");
  EXPECT_GT(packets, 1000);
  EXPECT_LE(packets, metric(last, "there/0/nic/received") + 100) << "those that waited";
  EXPECT_LT(packets, 1.2 * metric(whole, "there/udp_received"));
  EXPECT_EQ(metric(last, "there/1/nic/sent"), 0);
}

TEST(Summaries, OfNothingAreNotThere) {
  for (const char* workload : {"memory_probe", "small_files", "disk_load"}) {
    const RunResult result =
        simulate(interpret(experiment("native", Json::array({domain("a", workload)}), "100 us")));
    for (const char* name : {"fork/mean", "fault/p99", "cycle/mean", "creation_rate", "deletion_rate",
                             "longest_creation", "rate", "latency/mean", "latency/p99"}) {
      EXPECT_FALSE(has(result, fmt::format("a/{}", name))) << workload << " " << name;
    }
  }
}

}  // namespace
}  // namespace xensim
