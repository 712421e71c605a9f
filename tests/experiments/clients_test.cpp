/// Machines outside, as experiment files describe them.
#include <gmock/gmock.h>

#include "core/json.hpp"
#include "experiments/runner/experiment.hpp"
#include "experiments/runner/listing.hpp"
#include "tests/complaint.hpp"
#include "tests/experiments/metric.hpp"

namespace xensim {
namespace {

using testing::HasSubstr;

/// One template, the instance's programs that compute only.
Json with_client(const std::string& name, Json behaviour, int count = 1) {
  return {{"name", "test"},
          {"platform", "native"},
          {"domains", {{{"name", "hog"}, {"workload", "cpu_hog"}}}},
          {"measure", {{"warm_up", "0 s"}, {"duration", "1 s"}}},
          {"clients",
           Json::array({Json{{"name", name}, {"count", count}, {"behaviour", std::move(behaviour)}}})}};
}

std::string complaint_about(const std::string& name, Json behaviour) {
  return complaint_of([&] { (void)interpret(with_client(name, std::move(behaviour))); });
}

TEST(Clients, ABehaviourThatNobodyKnowsIsRefusedWithTheNearestOne) {
  EXPECT_THAT(complaint_about("probe", "udp_probe"),
              AllOf(HasSubstr("$.clients[0].behaviour"), HasSubstr("did you mean \"udp_prober\"?")));
}

TEST(Clients, AnUnknownParameterIsRefused) {
  EXPECT_THAT(complaint_about("probe", {{"name", "udp_prober"}, {"perod", "1 s"}}),
              HasSubstr("did you mean \"period\"?"));
}

TEST(Clients, NamesDifferFromThoseOfDomains) {
  EXPECT_THAT(complaint_about("hog", "udp_prober"), HasSubstr("names that differ"));
}

TEST(Clients, ThePathOfAParameterMayBeSet) {
  Json document = with_client("probe", "udp_prober");
  set_path(document, "clients[0].behaviour.period", "5 ms");
  EXPECT_EQ(document["clients"][0]["behaviour"]["period"], "5 ms");
  EXPECT_THROW(set_path(document, "clients[0].behaviour.perod", "5 ms"), InputError);
}

TEST(Clients, AreListedWithTheirParameters) {
  EXPECT_THAT(list_text("clients"),
              AllOf(HasSubstr("udp_prober"), HasSubstr("ttcp_peer"), HasSubstr("jitter")));
}

TEST(Clients, EveryMachineOfATemplateRunsForItself) {
  const Experiment experiment =
      interpret(with_client("probe", {{"name", "udp_prober"}, {"period", "10 ms"}, {"jitter", "1 ms"}}, 20));
  const RunResult result = simulate(experiment), again = simulate(experiment);
  EXPECT_NEAR(metric(result, "probe/probes"), 20 * 100, 20);
  EXPECT_EQ(metric(result, "probe/answers"), 0) << "no program answers";
  EXPECT_EQ(again.events, result.events);
  EXPECT_EQ(metric(again, "probe/probes"), metric(result, "probe/probes"));
}

TEST(Clients, AHostWithoutClientsHasNoNetwork) {
  Json document = with_client("probe", "udp_prober");
  document.erase("clients");
  for (const Metric& metric : simulate(interpret(document)).metrics) {
    EXPECT_THAT(metric.name, testing::Not(HasSubstr("nic/")));
  }
}

}  // namespace
}  // namespace xensim
