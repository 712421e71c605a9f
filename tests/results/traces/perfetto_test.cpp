#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>
#include <map>

#include "core/error.hpp"
#include "core/json.hpp"
#include "results/atomic_file.hpp"
#include "results/traces/slices.hpp"
#include "results/traces/trace_file.hpp"
#include "tests/results/temporary_directory.hpp"

namespace xensim {
namespace {

constexpr int processors_pid = 1, vcpus_pid = 2;

TraceRecord record(Time at, TraceKind kind, std::uint32_t cpu, std::uint32_t vcpu,
                   std::int64_t argument = 0) {
  return {at, argument, CpuId{cpu}, VcpuId{vcpu}, kind};
}
constexpr std::uint32_t nobody = UINT32_MAX;

std::string write_trace(const std::vector<TraceRecord>& records) {
  const TemporaryDirectory directory;
  const auto trace = open_trace({"perfetto", directory.path() / "trace.json"});
  for (const TraceRecord& one : records) trace->record(one);
  trace->finish();
  return *read_file(directory.path() / "trace.json");
}

Json events_of(const std::string& text) { return Json::parse(text).at("traceEvents"); }

/// Two vCPUs share processor 0: the first is preempted at 3 ms and the second blocks at 5 ms.
std::vector<TraceRecord> two_vcpus() {
  return {record(0ms, TraceKind::domain_created, 0, 0), record(0ms, TraceKind::domain_created, 0, 1),
          record(1ms, TraceKind::wake, 0, 0),           record(1ms, TraceKind::switch_to, 0, 0),
          record(2ms, TraceKind::wake, 0, 1),           record(3ms, TraceKind::switch_to, 0, 1),
          record(5ms, TraceKind::block, 0, 1),          record(6ms, TraceKind::switch_to, 0, 0),
          record(8ms, TraceKind::block, 0, 0),          record(9ms, TraceKind::switch_to, 0, nobody)};
}

TEST(Slices, follow_a_vcpu_through_running_runnable_and_blocked) {
  std::map<std::pair<std::uint32_t, VcpuState>, Time> total;
  for (const Slice& slice : slices_of(two_vcpus())) {
    total[{slice.vcpu.value, slice.state}] += slice.end - slice.begin;
  }
  EXPECT_EQ((total[{0, VcpuState::running}]), 4ms);
  EXPECT_EQ((total[{0, VcpuState::runnable}]), 3ms);
  EXPECT_EQ((total[{0, VcpuState::blocked}]), 2ms);
  EXPECT_EQ((total[{1, VcpuState::running}]), 2ms);
  EXPECT_EQ((total[{1, VcpuState::runnable}]), 1ms);
  EXPECT_EQ((total[{1, VcpuState::blocked}]), 6ms);
}

TEST(Slices, choosing_the_same_vcpu_again_does_not_cut_its_slice) {
  const std::vector<TraceRecord> records{record(0ms, TraceKind::switch_to, 0, 3),
                                         record(1ms, TraceKind::switch_to, 0, 3),
                                         record(2ms, TraceKind::switch_to, 0, nobody)};
  const std::vector<Slice> slices = slices_of(records);
  ASSERT_EQ(slices.size(), 1U);
  EXPECT_EQ(slices[0].end - slices[0].begin, 2ms);
}

TEST(Slices, what_goes_on_at_the_end_lasts_until_then) {
  const std::vector<TraceRecord> records{record(1ms, TraceKind::switch_to, 0, 3)};
  ASSERT_EQ(slices_of(records, 7ms).size(), 1U);
  EXPECT_EQ(slices_of(records, 7ms)[0].end, 7ms);
}

TEST(Slices, no_records_give_no_slices) { EXPECT_TRUE(slices_of({}).empty()); }

TEST(Perfetto, gives_each_processor_and_each_vcpu_a_named_track) {
  std::vector<std::string> names;
  for (const Json& event : events_of(write_trace(two_vcpus()))) {
    if (event["ph"] == "M") names.push_back(event["args"]["name"]);
  }
  EXPECT_THAT(names, testing::UnorderedElementsAre("processors", "vCPUs", "CPU 0", "vCPU 0", "vCPU 1"));
}

TEST(Perfetto, prints_times_as_microseconds_with_exactly_three_decimals) {
  const std::string text = write_trace(
      {record(Time{1'234'567'999}, TraceKind::switch_to, 0, 0), record(2ms, TraceKind::block, 0, 0)});
  EXPECT_THAT(text, testing::HasSubstr("\"ts\": 1234.567, \"pid\": 1, \"tid\": 1, \"dur\": 765.433"));
}

TEST(Perfetto, shows_events_ticks_and_passes_as_instants_with_their_argument) {
  const Json events = events_of(write_trace({record(1ms, TraceKind::schedule_pass, 0, nobody, 5),
                                             record(2ms, TraceKind::guest_event, 0, 4, 3),
                                             record(3ms, TraceKind::timer_tick, 0, nobody)}));
  std::map<std::string, Json> instants;
  for (const Json& event : events) {
    if (event["ph"] == "i") instants[event["name"]] = event;
  }
  ASSERT_EQ(instants.size(), 3U);
  EXPECT_EQ(instants["schedule"]["args"]["scanned"], 5);
  EXPECT_EQ(instants["schedule"]["pid"], processors_pid);
  EXPECT_EQ(instants["event"]["args"]["pending"], 3);
  EXPECT_EQ(instants["event"]["pid"], vcpus_pid);
  EXPECT_EQ(instants["event"]["tid"], 5);
}

TEST(Perfetto, reaches_to_the_end_of_the_run) {
  const TemporaryDirectory directory;
  const auto trace = open_trace({"perfetto", directory.path() / "trace.json"});
  trace->record(record(1ms, TraceKind::switch_to, 0, 3));
  trace->end(8ms);
  trace->finish();
  EXPECT_THAT(*read_file(directory.path() / "trace.json"),
              testing::HasSubstr("\"ts\": 1000.000, \"pid\": 1, \"tid\": 1, \"dur\": 7000.000"));
}

TEST(Perfetto, an_empty_trace_is_valid) { EXPECT_EQ(events_of(write_trace({})).size(), 1U); }

TEST(Perfetto, no_file_appears_without_finish) {
  const TemporaryDirectory directory;
  open_trace({"perfetto", directory.path() / "trace.json"})->record(two_vcpus()[0]);
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

/// A processor that goes from vCPU to vCPU, and how long each really ran.
struct History {
  std::vector<TraceRecord> records;
  std::map<std::uint32_t, Time> ran;
};

/// `steps` are pairs of a vCPU (of four per processor; the last means idle) and nanoseconds.
History history_of(const std::vector<std::pair<std::uint8_t, std::uint16_t>>& steps) {
  History history;
  for (std::uint32_t cpu = 0; cpu < 2; ++cpu) {
    Time now{};
    std::uint32_t current = nobody;
    for (const auto& [choice, length] : steps) {
      const std::uint32_t next =
          (choice >> (4 * cpu)) % 4 == 3 ? nobody : cpu * 4 + (choice >> (4 * cpu)) % 4;
      if (current != nobody && length % 2 == 0)
        history.records.push_back(record(now, TraceKind::block, cpu, current));
      history.records.push_back(record(now, TraceKind::switch_to, cpu, next));
      const Time stay{std::int64_t{length} * 1000};
      if (next != nobody) history.ran[next] += stay;
      now += stay;
      current = next;
    }
    history.records.push_back(record(now, TraceKind::switch_to, cpu, nobody));
  }
  return history;
}

TEST(Perfetto, slices_of_a_track_do_not_overlap_and_add_up_to_what_was_fed) {
  EXPECT_TRUE(rc::check([](const std::vector<std::pair<std::uint8_t, std::uint16_t>>& steps) {
    const History history = history_of(steps);
    const auto ns = [](const Json& us) { return std::llround(us.get<double>() * 1000); };
    std::map<std::pair<int, std::uint32_t>, std::int64_t> last;
    std::map<std::uint32_t, std::int64_t> ran_ns;
    for (const Json& event : events_of(write_trace(history.records))) {
      if (event["ph"] != "X") continue;
      const std::pair<int, std::uint32_t> track{event["pid"], event["tid"]};
      RC_ASSERT(ns(event["ts"]) >= last[track]);  // one state, and one vCPU on a processor, at a time
      RC_ASSERT(ns(event["dur"]) > 0);
      last[track] = ns(event["ts"]) + ns(event["dur"]);
      if (track.first == vcpus_pid && event["name"] == "running")
        ran_ns[track.second - 1] += ns(event["dur"]);
    }
    for (const auto& [vcpu, time] : history.ran) RC_ASSERT(ran_ns[vcpu] == time.count() / 1000);
  }));
}

/// Events of a name, as `begin end` in ms, of tracks by their names.
using Tracks = std::map<std::string, std::vector<std::string>>;
Tracks tracks_in(const std::string& text) {
  std::map<std::pair<int, int>, std::string> names;
  Tracks tracks;
  const Json events = events_of(text);
  for (const Json& event : events) {
    if (event["ph"] == "M") names[{event["pid"], event["tid"]}] = event["args"]["name"];
  }
  for (const Json& event : events) {
    if (event["ph"] != "X") continue;
    const double begin = event["ts"], length = event["dur"];
    const std::string group = names[{event["pid"], 0}], track = names[{event["pid"], event["tid"]}];
    tracks[group + ": " + track].push_back(
        fmt::format("{} {:g}-{:g}", event["name"].get<std::string>(), begin / 1000, (begin + length) / 1000));
  }
  return tracks;
}

using testing::ElementsAre;
using testing::Pair;
using testing::UnorderedElementsAre;

TEST(Perfetto, where_one_kernel_has_the_machine_processors_show_its_processes) {
  const TemporaryDirectory directory;
  const auto trace = open_trace({"perfetto", directory.path() / "trace.json"});
  trace->begin({}, {"web/0", "say \"hi\"/0"});
  const auto process = [&](Time at, std::uint32_t number, std::uint32_t group, ProcessState state,
                           std::string_view awaited = {}) {
    const bool runs = state == ProcessState::running;
    trace->process({.at = at,
                    .process = {number},
                    .group = group,
                    .cpu = runs ? CpuId{0} : CpuId{},
                    .state = state,
                    .name = group == 0 ? "kswapd" : "",
                    .awaited = awaited});
  };
  using enum ProcessState;
  process(1ms, 0, 1, runnable);
  process(2ms, 0, 1, running);
  process(4ms, 0, 1, asleep);
  process(4ms, 1, 0, runnable);
  process(4ms, 1, 0, running);
  process(5ms, 1, 0, gone);
  process(6ms, 0, 1, runnable, "the disk");
  process(6ms, 0, 1, running);
  process(6ms, 2, 2, runnable);
  process(7ms, 0, 1, runnable);
  process(7ms, 2, 2, running);
  process(8ms, 2, 2, asleep);
  trace->end(9ms);
  trace->finish();
  EXPECT_THAT(
      tracks_in(*read_file(directory.path() / "trace.json")),
      UnorderedElementsAre(
          Pair("processors: CPU 0", ElementsAre("web/0 process 0 2-4", "kswapd 4-5", "web/0 process 0 6-7",
                                                "say \"hi\"/0 process 2 7-8")),
          Pair("web/0: process 0", ElementsAre("runnable 1-2", "running 2-4", "waits for the disk 4-6",
                                               "running 6-7", "runnable 7-9")),
          Pair("kernel: kswapd", ElementsAre("running 4-5")),
          Pair("say \"hi\"/0: process 2", ElementsAre("runnable 6-7", "running 7-8", "asleep 8-9"))));
}

TEST(Perfetto, domains_have_the_names_of_their_instances) {
  const TemporaryDirectory directory;
  const auto trace = open_trace({"perfetto", directory.path() / "trace.json"});
  trace->begin({}, {"web/0"});
  trace->domain(VcpuId{1}, 0);
  for (const TraceRecord& one : two_vcpus()) trace->record(one);
  trace->process({.at = 3ms, .process = {0}, .group = 1, .vcpu = VcpuId{1}, .state = ProcessState::runnable});
  trace->process({.at = 5ms, .process = {0}, .group = 1, .vcpu = VcpuId{1}, .state = ProcessState::gone});
  trace->finish();
  const Tracks tracks = tracks_in(*read_file(directory.path() / "trace.json"));
  EXPECT_THAT(tracks.at("processors: CPU 0"), ElementsAre("dom0 1-3", "web/0 3-5", "dom0 6-8"));
  EXPECT_TRUE(tracks.contains("vCPUs: dom0 (vCPU 0)"));
  EXPECT_TRUE(tracks.contains("vCPUs: web/0 (vCPU 1)"));
  EXPECT_THAT(tracks.at("processes of web/0: process 0"), ElementsAre("runnable 3-5"));
}

TEST(Perfetto, counts_who_waits_for_a_processor) {
  std::vector<std::pair<double, int>> counts;
  for (const Json& event : events_of(write_trace(two_vcpus()))) {
    if (event["ph"] == "C") counts.emplace_back(event["ts"].get<double>() / 1000, event["args"]["vCPUs"]);
  }
  // From its wake at 2 ms vCPU 1 waits, from 3 ms vCPU 0, until 6 ms.
  EXPECT_THAT(counts, ElementsAre(Pair(2, 1), Pair(6, 0)));
}

TEST(Perfetto, what_is_settled_does_not_wait_for_the_end) {
  const TemporaryDirectory directory;
  const auto trace = open_trace({"perfetto", directory.path() / "trace.json"});
  Time present{};
  trace->begin([&] { return present; }, {});
  // Another processor, whose clock is ahead, has reported first.
  trace->record(record(3ms, TraceKind::switch_to, 1, 1));
  trace->record(record(1ms, TraceKind::switch_to, 0, 0));
  present = 2ms;
  trace->record(record(2ms, TraceKind::switch_to, 0, nobody));
  present = 9ms;
  trace->record(record(9ms, TraceKind::switch_to, 1, nobody));
  EXPECT_TRUE(std::filesystem::is_empty(directory.path())) << "what waits on disk has no name";
  trace->finish();
  const Tracks tracks = tracks_in(*read_file(directory.path() / "trace.json"));
  EXPECT_THAT(tracks.at("processors: CPU 0"), ElementsAre("vCPU 0 1-2"));
  EXPECT_THAT(tracks.at("processors: CPU 1"), ElementsAre("vCPU 1 3-9"));
}

TEST(TraceRequest, names_a_kind_and_a_file) {
  const TraceRequest request = parse_trace_request("perfetto:out/a:b.json");
  EXPECT_EQ(request.kind, "perfetto");
  EXPECT_EQ(request.file, "out/a:b.json");
}

TEST(TraceRequest, suggests_the_nearest_kind) {
  EXPECT_THAT([] { (void)parse_trace_request("perfeto:x"); },
              testing::ThrowsMessage<InputError>(testing::HasSubstr("did you mean \"perfetto\"?")));
  EXPECT_THROW((void)parse_trace_request("perfetto"), InputError);
  EXPECT_THAT(
      [] { (void)parse_trace_request("perfetto@eth0:x"); },
      testing::ThrowsMessage<InputError>(testing::HasSubstr("names an interface; expected perfetto:FILE")));
  EXPECT_THROW((void)parse_trace_request("perfetto:"), InputError);
  EXPECT_THROW((void)parse_trace_request(""), InputError);
}

}  // namespace
}  // namespace xensim
