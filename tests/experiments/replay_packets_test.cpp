/// Recorded frames, sent again by a machine outside.
#include <gmock/gmock.h>

#include "core/error.hpp"
#include "core/json.hpp"
#include "results/traces/trace_file.hpp"
#include "tests/complaint.hpp"
#include "tests/experiments/metric.hpp"
#include "tests/results/temporary_directory.hpp"
#include "workloads/recorded/packet_load.hpp"

namespace xensim {
namespace {

using testing::HasSubstr;

Json document(Json behaviour, Json workload = {{"name", "udp_sink"}}, const char* platform = "native") {
  return {{"name", "test"},
          {"platform", platform},
          {"domains", Json::array({Json{{"name", "here"}, {"workload", std::move(workload)}}})},
          {"clients", Json::array({Json{{"name", "there"}, {"behaviour", std::move(behaviour)}}})},
          {"measure", {{"warm_up", "0 s"}, {"duration", "1 s"}}}};
}
/// The frames of the host's interface in a run.
std::string trace_of(const Json& experiment, const TemporaryDirectory& directory, const char* name) {
  const std::string path = (directory.path() / name).string();
  const std::unique_ptr<TraceFile> trace = open_trace({.kind = "pcap", .file = path});
  (void)simulate(interpret(experiment), {.trace = trace.get(), .audit = true});
  trace->finish();
  return path;
}
Json prober(Json bytes) {
  return {{"name", "udp_prober"},
          {"port", 9},
          {"bytes", std::move(bytes)},
          {"period", "2 ms"},
          {"jitter", "2 ms"}};
}
Json replay(const std::string& file) {
  return {{"name", "replay_packets"}, {"file", file}, {"recorded_port", 9}};
}

TEST(ReplayPackets, FramesOfARunReplayedArriveAgainAtTheSameTimes) {
  const TemporaryDirectory directory;
  const std::string first = trace_of(document(prober(700)), directory, "first");
  const std::string second = trace_of(document(replay(first)), directory, "second");
  const RecordedPacketLoad recorded = read_packet_load(first, {.port = 9});
  const RecordedPacketLoad replayed = read_packet_load(second, {.port = 9});
  ASSERT_GT(recorded.frames.size(), 300U);
  // The first run sent from its beginning on.
  ASSERT_GT(replayed.frames.size(), recorded.frames.size() / 2);
  for (std::size_t i = 0; i < replayed.frames.size(); ++i) {
    EXPECT_EQ(replayed.frames[i].length, 742);
    EXPECT_EQ(replayed.frames[i].length, recorded.frames[i].length);
    const Time difference = replayed.frames[i].at - recorded.frames[i].at;
    EXPECT_LE(std::chrono::abs(difference), 2ns) << "stamps are of nanoseconds";
  }
}

TEST(ReplayPackets, AllAreCountedWhereTheyComeFromAndWhereTheyGo) {
  const TemporaryDirectory directory;
  Json behaviour = replay(trace_of(document(prober(100)), directory, "first"));
  behaviour["frames"] = 200;
  for (const char* const platform : {"native", "xen"}) {
    const RunResult result =
        simulate(interpret(document(behaviour, {{"name", "udp_sink"}}, platform)), {.audit = true});
    EXPECT_EQ(metric(result, "there/replay_sent"), 200) << platform;
    EXPECT_EQ(metric(result, "there/replay_sent_bytes"), 200 * 142);
    EXPECT_EQ(metric(result, "there/replay_left"), 0);
    EXPECT_EQ(metric(result, "here/udp_received"), 200);
    EXPECT_EQ(metric(result, "here/udp_received_bytes"), 200 * 100);
    EXPECT_EQ(metric(result, "here/udp_dropped"), 0);
  }
  const RunResult echoed = simulate(interpret(document(behaviour, {{"name", "udp_ping"}, {"port", 9}})));
  EXPECT_EQ(metric(echoed, "there/replay_answers"), 200);
}

TEST(ReplayPackets, WhatAGuestHasNoTimeForIsDropped) {
  const TemporaryDirectory directory;
  const Json flood{{"name", "udp_flood"}, {"rate", 300000}, {"begin", "500 ms"}};
  Json behaviour = replay(trace_of(document(flood), directory, "first"));
  behaviour["frames"] = 100000;
  const RunResult result = simulate(interpret(document(behaviour)));
  const double sent = metric(result, "there/replay_sent"), received = metric(result, "here/udp_received");
  EXPECT_EQ(sent, 100000);
  EXPECT_LT(received, sent);
  EXPECT_NEAR(received + metric(result, "here/udp_dropped"), sent, 14'000) << "but for those at the end";
}

TEST(ReplayPackets, AFileThatIsNoneIsRefusedBeforeAnythingRuns) {
  EXPECT_THAT([] { (void)interpret(document(replay("/nowhere.pcap"))); },
              testing::ThrowsMessage<InputError>(HasSubstr("/nowhere.pcap: found no such file")));
}

TEST(ReplayPackets, AnExperimentWithoutAFileIsToldOfTheParameter) {
  EXPECT_THAT(complaint_of([] {
                (void)simulate(interpret(document({{"name", "replay_packets"}})));
              }),
              HasSubstr("expected the parameter file"));
}

}  // namespace
}  // namespace xensim
