/// Programs of a simulated host talk to machines outside.
#include <gmock/gmock.h>

#include <array>
#include <cstdio>
#include <memory>

#include "core/json.hpp"
#include "experiments/runner/experiment.hpp"
#include "results/traces/trace_file.hpp"
#include "tests/experiments/metric.hpp"
#include "tests/installed.hpp"
#include "tests/results/temporary_directory.hpp"

namespace xensim {
namespace {

using testing::AllOf;
using testing::Ge;
using testing::Le;

Json transfer(const char* role, std::int64_t mtu, const char* amount, bool smp = false) {
  Json workload{{"name", "ttcp"}, {"role", role}, {"bytes", amount}};
  Json peer{{"name", "ttcp_peer"}, {"amount", amount}};
  return {{"name", "test"},
          {"platform", {{"name", "native"}, {"smp", smp}, {"mtu", mtu}}},
          {"domains", Json::array({Json{{"name", "ttcp"}, {"workload", std::move(workload)}}})},
          {"clients", Json::array({Json{{"name", "peer"}, {"behaviour", std::move(peer)}}})},
          {"measure", {{"warm_up", "0 s"}, {"duration", "2 s"}}}};
}

TEST(Network, EveryByteThatAProgramSendsArrivesOutside) {
  const RunResult result = simulate(interpret(transfer("send", 1500, "40000000 B")));
  EXPECT_EQ(metric(result, "peer/bytes"), 40e6);
  EXPECT_EQ(metric(result, "peer/transfers"), 1);
  EXPECT_EQ(metric(result, "host0/nic/no_buffer"), 0);
}

TEST(Network, EveryByteFromOutsideReachesTheProgram) {
  const RunResult result = simulate(interpret(transfer("receive", 1500, "40000000 B")));
  EXPECT_EQ(metric(result, "ttcp/ttcp_bytes"), 40e6);
  EXPECT_EQ(metric(result, "peer/bytes"), 40e6);
}

TEST(Network, NothingIsFasterThanTheWire) {
  for (const char* role : {"send", "receive"}) {
    // 1448 of 1538 bytes are payload, 448 of 538: in 2^20 bit/s.
    EXPECT_LT(metric(simulate(interpret(transfer(role, 1500, "40000000 B"))), "peer/rate"), 898) << role;
    EXPECT_LT(metric(simulate(interpret(transfer(role, 500, "10000000 B"))), "peer/rate"), 795) << role;
  }
}

TEST(Network, WhatAPartOfAMixMeasuresLeavesTheWarmUpOut) {
  Json document = transfer("send", 1500, "1000000 B");
  document["measure"] = {{"warm_up", "500 ms"}, {"duration", "500 ms"}};
  Json ttcp = document["domains"][0]["workload"];
  ttcp["repeat"] = true;
  document["domains"][0]["workload"] = ttcp;
  const double alone = metric(simulate(interpret(document)), "ttcp/ttcp_rate");
  document["domains"][0]["workload"] = {{"name", "mix"}, {"workloads", Json::array({ttcp})}};
  EXPECT_EQ(metric(simulate(interpret(document)), "ttcp/ttcp/ttcp_rate"), alone);
}

TEST(Network, RunningAheadChangesNothingAndAuditsFindNothing) {
  for (const bool smp : {false, true}) {
    for (const char* role : {"send", "receive"}) {
      Json document = transfer(role, 500, "2000000 B", smp);
      // Beside the processor that takes the interrupts, if there is one.
      document["domains"][0]["workload"]["shell"] = smp;
      const Experiment experiment = interpret(std::move(document));
      const RunResult ahead = simulate(experiment);
      const RunResult strictly = simulate(experiment, {.audit = true, .strict = true});
      EXPECT_EQ(metric(ahead, "peer/rate"), metric(strictly, "peer/rate")) << role << smp;
      EXPECT_EQ(metric(ahead, "host0/cpu0/time/kernel"), metric(strictly, "host0/cpu0/time/kernel"));
    }
  }
}

TEST(Network, AnEchoIsTimedFromOutside) {
  Json document = transfer("send", 1500, "1 B");
  document["domains"][0]["workload"] = "udp_ping";
  document["clients"][0]["behaviour"] = Json{{"name", "udp_prober"}, {"period", "10 ms"}, {"jitter", "3 ms"}};
  const RunResult result = simulate(interpret(document));
  EXPECT_NEAR(metric(result, "peer/answers"), 200, 3);
  // Four times over a wire, an interrupt, two system calls: tens of microseconds.
  EXPECT_GT(metric(result, "peer/response/mean"), 0.02);
  EXPECT_LT(metric(result, "peer/response/mean"), 0.15);
}

TEST(Network, TheSlowestAnswersAreKnownBesideTheMeanOfAll) {
  const RunResult result = simulate(interpret(Json::parse(R"({
      "name": "slices", "machine": {"base": "dell2650", "cpus": 1},
      "platform": {"name": "xen", "scheduler": {"name": "round-robin", "slice": "20 ms"}},
      "domains": [{"name": "victim", "workload": "udp_ping"}, {"name": "hog", "workload": "cpu_hog"}],
      "clients": [{"name": "probe", "count": 2,
                   "behaviour": {"name": "udp_prober", "period": "50 ms", "jitter": "20 ms"}}],
      "measure": {"duration": "5 s"}})")));
  EXPECT_THAT(metric(result, "probe/response/mean"), AllOf(Ge(7.0), Le(13.0))) << "half a slice";
  EXPECT_THAT(metric(result, "probe/response/p99"), AllOf(Ge(18.0), Le(20.5))) << "nearly all of it";
  EXPECT_GE(metric(result, "probe/response/maximum"), metric(result, "probe/response/p99"));
  EXPECT_LE(metric(result, "probe/response/maximum"), 21.0);
}

std::string output_of(const std::string& command) {
  struct Close {
    void operator()(std::FILE* pipe) const { ::pclose(pipe); }
  };
  const std::unique_ptr<std::FILE, Close> pipe(::popen(command.c_str(), "r"));
  std::string output;
  std::array<char, 512> buffer{};
  while (pipe && std::fgets(buffer.data(), static_cast<int>(buffer.size()), pipe.get()) != nullptr)
    output += buffer.data();
  return output;
}

TEST(Network, TsharkFindsNoMalformedFrameInATrace) {
  if (!is_installed("/usr/bin/tshark", "tshark")) GTEST_SKIP() << "tshark is not installed";
  const TemporaryDirectory directory;
  const auto path = directory.path() / "frames.pcap";
  const auto trace = open_trace(parse_trace_request("pcap:" + path.string()));
  const RunResult result = simulate(interpret(transfer("send", 1500, "1000000 B")), {.trace = trace.get()});
  trace->finish();
  const std::string reader = "HOME=" + directory.path().string() + " /usr/bin/tshark -n -r " + path.string() +
                             " -o ip.check_checksum:TRUE 2>/dev/null ";
  const std::string all = output_of(reader + "| wc -l");
  EXPECT_EQ(std::stod(all), metric(result, "host0/nic/sent") + metric(result, "host0/nic/received"));
  EXPECT_EQ(output_of(reader + "-Y '_ws.malformed || ip.checksum.status == 0' | head -3"), "");
  EXPECT_EQ(output_of(reader + "-Y 'tcp.analysis.lost_segment || tcp.analysis.retransmission' | head -3"),
            "");
  EXPECT_EQ(output_of(reader + "-Y 'arp' | wc -l").empty(), false);
}

}  // namespace
}  // namespace xensim
