/// Programs in domains talk to machines outside, and to each other.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "core/json.hpp"
#include "experiments/runner/experiment.hpp"
#include "tests/experiments/metric.hpp"

namespace xensim {
namespace {

Json transfer(const char* role, const char* amount) {
  Json workload{{"name", "ttcp"}, {"role", role}, {"bytes", amount}};
  Json peer{{"name", "ttcp_peer"}, {"amount", amount}};
  return {{"name", "test"},
          {"platform", {{"name", "xen"}, {"memory", "32 MiB"}}},
          {"domains", Json::array({Json{{"name", "ttcp"}, {"workload", std::move(workload)}}})},
          {"clients", Json::array({Json{{"name", "peer"}, {"behaviour", std::move(peer)}}})},
          {"measure", {{"warm_up", "0 s"}, {"duration", "1 s"}}}};
}

TEST(XenNetworkExperiment, EveryByteThatADomainSendsArrivesOutside) {
  const RunResult result = simulate(interpret(transfer("send", "20000000 B")));
  EXPECT_EQ(metric(result, "peer/bytes"), 20e6);
  EXPECT_EQ(metric(result, "host0/net_refused"), 0);
  // The monitor finds most packets by itself.
  EXPECT_LT(metric(result, "host0/net_hypercalls"), metric(result, "host0/dom1/vif0/tx_packets") / 20);
}

TEST(XenNetworkExperiment, EveryByteFromOutsideReachesTheDomain) {
  const RunResult result = simulate(interpret(transfer("receive", "20000000 B")));
  EXPECT_EQ(metric(result, "ttcp/ttcp_bytes"), 20e6);
  EXPECT_EQ(metric(result, "host0/net_rx_capacity_drop"), 0);
  // One hypercall for 64 buffers, and those for acknowledgements.
  EXPECT_LT(metric(result, "host0/net_hypercalls"), metric(result, "host0/net_rx_delivered") / 20);
  EXPECT_LT(metric(result, "host0/net_events"), metric(result, "host0/net_rx_delivered") / 2);
}

TEST(XenNetworkExperiment, RunningAheadChangesNothingAndAuditsFindNothing) {
  for (const char* role : {"send", "receive"}) {
    const Experiment experiment = interpret(transfer(role, "300000 B"));
    const RunResult ahead = simulate(experiment);
    const RunResult strictly = simulate(experiment, {.audit = true, .strict = true});
    EXPECT_EQ(metric(ahead, "peer/rate"), metric(strictly, "peer/rate")) << role;
    EXPECT_EQ(metric(ahead, "host0/cpu0/time/monitor"), metric(strictly, "host0/cpu0/time/monitor")) << role;
    EXPECT_EQ(metric(ahead, "host0/cpu1/time/kernel"), metric(strictly, "host0/cpu1/time/kernel")) << role;
  }
}

TEST(XenNetworkExperiment, WithRepeatOnlyWhatTheMeasurementSawIsRated) {
  Json document = transfer("receive", "300000 B");
  document["domains"][0]["workload"]["repeat"] = true;
  document["domains"].push_back(
      {{"name", "source"},
       {"workload", {{"name", "ttcp"}, {"role", "send"}, {"bytes", "300000 B"}, {"peer", "10.0.0.2"}}}});
  document["clients"][0]["behaviour"] = "udp_prober";
  document["measure"] = {{"warm_up", "1 s"}, {"duration", "100 ms"}};
  const RunResult result = simulate(interpret(document));
  const auto rated = [&](const char* name) {
    return std::ranges::count(result.metrics, name, &Metric::name) == 1;
  };
  EXPECT_EQ(metric(result, "ttcp/ttcp_bytes"), 3e5) << "all in the warm-up";
  EXPECT_TRUE(rated("source/ttcp_rate"));
  EXPECT_FALSE(rated("ttcp/ttcp_rate"));
}

TEST(XenNetworkExperiment, DomainsReachEachOtherWithoutTheNic) {
  Json document = transfer("receive", "300000 B");
  document["domains"].push_back(
      {{"name", "source"},
       {"workload", {{"name", "ttcp"}, {"role", "send"}, {"bytes", "300000 B"}, {"peer", "10.0.0.2"}}}});
  document["clients"][0]["behaviour"] = "udp_prober";
  const RunResult result = simulate(interpret(document), {.audit = true});
  EXPECT_EQ(metric(result, "ttcp/ttcp_bytes"), 3e5);
  EXPECT_EQ(metric(result, "source/ttcp_bytes"), 3e5);
  EXPECT_GE(metric(result, "host0/net_local_copies"), 3e5 / 1448);
  EXPECT_EQ(metric(result, "host0/net_tx_transmitted"), 0);
}

/// Two domains, one of which sends to the other, and nobody else.
Json alone() {
  Json document = transfer("receive", "300000 B");
  document["domains"].push_back(
      {{"name", "source"},
       {"workload", {{"name", "ttcp"}, {"role", "send"}, {"bytes", "300000 B"}, {"peer", "10.0.0.2"}}}});
  document.erase("clients");
  return document;
}

TEST(XenNetworkExperiment, DomainsReachEachOtherWhereNobodyIsOutside) {
  EXPECT_EQ(metric(simulate(interpret(alone())), "ttcp/ttcp_bytes"), 3e5);
}

/// Notes frames by interface.
class Frames final : public TraceSink {
 public:
  void record(const TraceRecord& /*record*/) override {}
  void frame(const FrameRecord& record) override {
    ++count[std::string(record.interface)];
    bytes[std::string(record.interface)] += record.length;
  }
  std::map<std::string, double> count, bytes;
};

TEST(XenNetworkExperiment, ATraceHasTheFramesThatDomainsSendAndGet) {
  Frames frames;
  const RunResult local = simulate(interpret(alone()), {.trace = &frames});
  const double copies = metric(local, "host0/net_local_copies");
  EXPECT_GT(copies, 3e5 / 1448);
  EXPECT_EQ(frames.count["dom1/vif0"], copies) << "each frame is sent by one and got by the other";
  EXPECT_EQ(frames.count["dom2/vif0"], copies);
  EXPECT_EQ(frames.count["eth0"], 0);

  frames.count.clear();
  frames.bytes.clear();
  const RunResult outside = simulate(interpret(transfer("send", "300000 B")), {.trace = &frames});
  const auto of_vif = [&](const char* name) {
    return metric(outside, std::string("host0/dom1/vif0/") + name);
  };
  EXPECT_EQ(frames.count["dom1/vif0"], of_vif("tx_packets") + of_vif("rx_packets"));
  EXPECT_EQ(frames.bytes["dom1/vif0"], of_vif("tx_bytes") + of_vif("rx_bytes"));
}

TEST(XenNetworkExperiment, ADomainMayBeDestroyedInTheMiddleOfATransfer) {
  for (const char* role : {"send", "receive"}) {
    for (const char* at : {"20 ms", "40 ms"}) {
      Json document = transfer(role, "50000000 B");
      document["domains"].push_back({{"name", "other"}, {"workload", "cpu_hog"}});
      document["control"] = Json::array({Json{{"at", at}, {"do", "destroy"}, {"domain", "ttcp"}}});
      document["measure"]["duration"] = "200 ms";
      const RunResult result = simulate(interpret(std::move(document)));
      EXPECT_LT(metric(result, "ttcp/ttcp_bytes"), 50e6) << role << at;
      EXPECT_GT(metric(result, "other/throughput"), 0.9) << role << at;
    }
  }
}

TEST(XenNetworkExperiment, CreditLimitsWhatADomainSends) {
  Json document = transfer("send", "400000000 B");
  document["platform"]["credit_bytes"] = "128 KiB";
  document["platform"]["credit_interval"] = "10 ms";
  const RunResult result = simulate(interpret(std::move(document)));
  const double most = 128 * 1024 * 101;  // in a second, and what was there at first
  EXPECT_LT(metric(result, "host0/dom1/vif0/tx_bytes"), most);
  EXPECT_GT(metric(result, "host0/dom1/vif0/tx_bytes"), 0.8 * most);
  EXPECT_GT(metric(result, "host0/net_credit_waits"), 50);
}

}  // namespace
}  // namespace xensim
