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
                                         R"({"name": "lmbench_udp"})", 
                                         R"({"name": "web99", "connections": 2})"));

}  // namespace
}  // namespace xensim
