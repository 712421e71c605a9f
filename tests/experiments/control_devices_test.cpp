/// What domain 0's script changes of domains' devices while they work.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "core/json.hpp"
#include "experiments/runner/simulation.hpp"

namespace xensim {
namespace {

double measured(const RunResult& result, std::string_view name) {
  for (const Metric& metric : result.metrics) {
    if (metric.name == name) return metric.value;
  }
  ADD_FAILURE() << "no metric " << name;
  return 0;
}

/// A domain sends to a machine outside for a second.
RunResult sends(Json script) {
  const Json ttcp{{"name", "ttcp"}, {"role", "send"}, {"bytes", "10000000000 B"}};
  return simulate(interpret(
      {{"name", "test"},
       {"platform", {{"name", "xen"}, {"memory", "32 MiB"}}},
       {"domains", Json::array({Json{{"name", "sender"}, {"workload", ttcp}}})},
       {"clients", Json::array({Json{{"name", "peer"},
                                     {"behaviour", {{"name", "ttcp_peer"}, {"amount", "10000000000 B"}}}}})},
       {"control", std::move(script)},
       {"measure", {{"warm_up", "0 s"}, {"duration", "1 s"}}}}));
}

TEST(DeviceControl, AnInterfaceWithALimitSendsNoMore) {
  const auto sent = [](const char* bytes) {
    const Json limit{{"at", "150 ms"}, {"do", "limit_network"}, {"domain", "sender"}, {"bytes", bytes}};
    const RunResult result = sends(Json::array({limit}));
    EXPECT_EQ(measured(result, "host0/control/done"), 1);
    EXPECT_GT(measured(result, "host0/net_credit_waits"), 10);
    return measured(result, "host0/dom1/vif0/tx_bytes");
  };
  EXPECT_NEAR(sent("500000 B") - sent("250000 B"), 19 * 250e3, 2 * 250e3) << "after 150 ms, every 50 ms";
}

TEST(DeviceControl, ALimitIsLifted) {
  const auto step = [](const char* at, const char* interval) {
    return Json{{"at", at},
                {"do", "limit_network"},
                {"domain", "sender"},
                {"bytes", "10000 B"},
                {"interval", interval}};
  };
  const RunResult result = sends(Json::array({step("150 ms", "50 ms"), step("600 ms", "0 s")}));
  EXPECT_GT(measured(result, "host0/dom1/vif0/tx_bytes"), 30e6);
}

TEST(DeviceControl, WithoutRulesPacketsGoNowhereUntilTheDomainIsConnectedAgain) {
  const Json off{{"at", "200 ms"}, {"do", "disconnect"}, {"domain", "sender"}};
  const Json on{{"at", "500 ms"}, {"do", "connect"}, {"domain", "sender"}};
  const RunResult cut = sends(Json::array({off})), whole = sends(Json::array());
  const RunResult again = sends(Json::array({off, on}));
  EXPECT_GT(measured(cut, "host0/net_unrouted"), 0);
  EXPECT_LT(measured(cut, "peer/bytes"), 0.3 * measured(whole, "peer/bytes"));
  EXPECT_GT(measured(again, "peer/bytes"), 1.3 * measured(cut, "peer/bytes")) << "TCP sends again";
  EXPECT_LT(measured(again, "peer/bytes"), measured(whole, "peer/bytes"));
}

TEST(DeviceControl, EveryPacketIsHeldAgainstEveryRule) {
  const RunResult few = sends(Json::array());
  const RunResult many = sends(Json::array({Json{{"at", "110 ms"}, {"do", "add_rules"}, {"rules", 100}}}));
  const auto tried = [](const RunResult& result) {
    return measured(result, "host0/net_rules_tried") / measured(result, "host0/net_tx_transmitted");
  };
  EXPECT_GT(tried(many), tried(few) + 90);
  const auto routing = [](const RunResult& result) {
    double sum = 0;
    for (const char* part :
         {"cpu0/time/monitor", "cpu0/time/interrupts", "cpu1/time/monitor", "cpu1/time/interrupts"}) {
      sum += measured(result, fmt::format("host0/{}", part));
    }
    return sum / measured(result, "host0/net_tx_transmitted");
  };
  EXPECT_GT(routing(many), 1.1 * routing(few));
}

TEST(DeviceControl, ADiskThatShrinksUnderItsDomainRefusesWhatLiesBeyond) {
  const auto refused = [](Json script) {
    const RunResult result =
        simulate(interpret({{"name", "test"},
                            {"platform", {{"name", "xen"}, {"memory", "16 MiB"}, {"file_system", "64 MiB"}}},
                            {"domains", Json::array({Json{{"name", "user"}, {"workload", "disk_load"}}})},
                            {"control", std::move(script)},
                            {"measure", {{"warm_up", "0 s"}, {"duration", "1 s"}}}}));
    return measured(result, "host0/block/refused");
  };
  EXPECT_EQ(refused(Json::array()), 0);
  const Json shrink{{"at", "500 ms"}, {"do", "set_disk"}, {"domain", "user"}, {"size", "4 MiB"}};
  EXPECT_GT(refused(Json::array({shrink})), 10);
}

TEST(DeviceControl, ADomainsMemoryShrinksAndGrows) {
  const auto reserved = [](Json script) {
    const RunResult result =
        simulate(interpret({{"name", "test"},
                            {"platform", {{"name", "xen"}, {"memory", "16 MiB"}, {"file_system", "64 MiB"}}},
                            {"domains", Json::array({Json{{"name", "user"}, {"workload", "memory_probe"}}})},
                            {"control", std::move(script)},
                            {"measure", {{"warm_up", "0 s"}, {"duration", "1 s"}}}}));
    return measured(result, "host0/dom1/memory/reserved");
  };
  const Json less{{"at", "300 ms"}, {"do", "set_memory"}, {"domain", "user"}, {"memory", "8 MiB"}};
  const Json more{{"at", "700 ms"}, {"do", "set_memory"}, {"domain", "user"}, {"memory", "12 MiB"}};
  EXPECT_EQ(reserved(Json::array()), 16);
  EXPECT_EQ(reserved(Json::array({less})), 8);
  EXPECT_EQ(reserved(Json::array({less, more})), 12);
}

TEST(DeviceControl, ARefusalBeforeTheMeasurementIsCountedToo) {
  const Json limit{{"at", "100 ms"}, {"do", "limit_network"}, {"domain", "user"}, {"bytes", "1 MiB"}};
  const RunResult result =
      simulate(interpret({{"name", "test"},
                          {"platform", "xen"},
                          {"domains", Json::array({Json{{"name", "user"}, {"workload", "cpu_hog"}}})},
                          {"control", Json::array({limit})},
                          {"measure", {{"warm_up", "1 s"}, {"duration", "100 ms"}}}}));
  EXPECT_EQ(measured(result, "host0/control/refused"), 1);
}

TEST(DeviceControl, WhatADomainHasNotCannotBeChanged) {
  const Json larger{{"at", "500 ms"}, {"do", "set_disk"}, {"domain", "user"}, {"size", "100 GiB"}};
  const Json limit{{"at", "600 ms"}, {"do", "limit_network"}, {"domain", "user"}, {"bytes", "1 MiB"}};
  const RunResult result =
      simulate(interpret({{"name", "test"},
                          {"platform", {{"name", "xen"}, {"memory", "16 MiB"}}},
                          {"domains", Json::array({Json{{"name", "user"}, {"workload", "disk_load"}}})},
                          {"control", Json::array({larger, limit})},
                          {"measure", {{"warm_up", "0 s"}, {"duration", "1 s"}}}}));
  EXPECT_EQ(measured(result, "host0/control/refused"), 2);
  EXPECT_EQ(measured(result, "host0/control/done"), 0);
  EXPECT_EQ(result.refused, 2U);
}

}  // namespace
}  // namespace xensim
