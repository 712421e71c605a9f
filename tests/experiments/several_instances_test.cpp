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

}  // namespace
}  // namespace xensim
