/// Whole machines outside: a kernel and a workload of their own, on the same network.
#include <gmock/gmock.h>

#include "core/json.hpp"
#include "experiments/runner/experiment.hpp"
#include "tests/complaint.hpp"
#include "tests/experiments/metric.hpp"

namespace xensim {
namespace {

using testing::HasSubstr;

Json ttcp(const char* role, const char* peer) {
  return {{"name", "ttcp"}, {"role", role}, {"bytes", "2 MiB"}, {"peer", peer}};
}

/// The host's end of a transfer and the other machine's.
Json between(Json inside, Json outside, const char* platform = "native") {
  Json behaviour{{"name", "machine"}, {"workload", std::move(outside)}};
  return {{"name", "test"},
          {"platform", platform},
          {"domains", Json::array({Json{{"name", "here"}, {"workload", std::move(inside)}}})},
          {"clients", Json::array({Json{{"name", "there"}, {"behaviour", std::move(behaviour)}}})},
          {"measure", {{"warm_up", "0 s"}, {"duration", "1 s"}}}};
}

constexpr double amount = 2 << 20;

TEST(OutsideMachines, TakeWhatAProgramOfTheHostSends) {
  for (const char* platform : {"native", "xen"}) {
    const RunResult result =
        simulate(interpret(between(ttcp("send", "10.128.0.1"), ttcp("receive", "10.0.0.1"), platform)));
    EXPECT_EQ(metric(result, "there/ttcp_bytes"), amount) << platform;
    EXPECT_EQ(metric(result, "here/ttcp_bytes"), amount) << platform;
  }
}

TEST(OutsideMachines, SendToAProgramOfTheHost) {
  const RunResult result =
      simulate(interpret(between(ttcp("receive", "10.128.0.1"), ttcp("send", "10.0.0.1"))));
  EXPECT_EQ(metric(result, "here/ttcp_bytes"), amount);
  EXPECT_LT(metric(result, "here/ttcp_rate"), 898) << "faster than the wire";
}

TEST(OutsideMachines, HaveProcessorsThatTheTransferCosts) {
  const RunResult result =
      simulate(interpret(between(ttcp("send", "10.128.0.1"), ttcp("receive", "10.0.0.1"))));
  const double packets = amount / 1448;
  EXPECT_GT(metric(result, "there/0/cpu0/time/kernel"), packets * 3e-6);
  EXPECT_GT(metric(result, "there/0/cpu1/time/idle"), 0.5) << "an SMP kernel on both processors";
  EXPECT_GE(metric(result, "there/0/nic/received"), packets);
}

TEST(OutsideMachines, AreCountedDuringTheMeasurementOnly) {
  Json document = between(ttcp("send", "10.128.0.1"), ttcp("receive", "10.0.0.1"));
  document["measure"]["warm_up"] = "1 s";  // all is over by then
  const RunResult result = simulate(interpret(document));
  EXPECT_EQ(metric(result, "there/0/nic/received"), 0);
  EXPECT_NEAR(metric(result, "there/0/cpu0/time/idle"), 1, 0.01);
}

TEST(OutsideMachines, RunningAheadChangesNothingAndAuditsFindNothing) {
  Json document = between(ttcp("send", "10.128.0.1"), ttcp("receive", "10.0.0.1"), "xen");
  document["domains"][0]["workload"]["bytes"] = "100 KiB";
  document["measure"]["duration"] = "50 ms";
  const Experiment experiment = interpret(std::move(document));
  const RunResult ahead = simulate(experiment);
  const RunResult strictly = simulate(experiment, {.audit = true, .strict = true});
  EXPECT_EQ(metric(ahead, "here/ttcp_rate"), metric(strictly, "here/ttcp_rate"));
  EXPECT_EQ(metric(ahead, "there/0/cpu0/time/kernel"), metric(strictly, "there/0/cpu0/time/kernel"));
}

std::string complaint_about(Json behaviour) {
  Json document = between("idle", "idle");
  document["clients"][0]["behaviour"] = std::move(behaviour);
  return complaint_of([&] { (void)interpret(std::move(document)); });
}

TEST(OutsideMachines, AreCheckedLikeTheHost) {
  EXPECT_THAT(complaint_about({{"name", "machine"}, {"workload", "ttpc"}}), HasSubstr("ttcp"));
  EXPECT_THAT(complaint_about({{"name", "machine"}, {"platform", {{"name", "native"}, {"mtuu", 500}}}}),
              HasSubstr("did you mean \"mtu\"?"));
  EXPECT_THAT(complaint_about({{"name", "machine"}, {"platform", "xen"}}), HasSubstr("native"));
}

}  // namespace
}  // namespace xensim
