/// A trace of a part of the run's time shows there what a trace of the whole shows.
#include "results/traces/trace_window.hpp"

#include <gmock/gmock.h>
#include <rapidcheck.h>

#include <algorithm>
#include <optional>

#include "core/error.hpp"
#include "results/traces/trace_file.hpp"

namespace xensim {
namespace {

using testing::HasSubstr;

/// Keeps what comes.
struct Kept final : TraceSink {
  void domain(VcpuId vcpu, std::uint32_t) override { domains.push_back(vcpu); }
  void record(const TraceRecord& record) override { records.push_back(record); }
  void process(const ProcessRecord& record) override { processes.push_back(record); }
  void frame(const FrameRecord& record) override { frames.push_back(record.at); }
  void disk(const DiskRecord& record) override { commands.push_back(record.at); }
  void end(Time at) override { end_at = at; }

  std::vector<VcpuId> domains;
  std::vector<TraceRecord> records;
  std::vector<ProcessRecord> processes;
  std::vector<Time> frames, commands;
  Time end_at{};
};

TraceRecord record(Time at, TraceKind kind, std::uint32_t cpu, VcpuId vcpu) {
  return {.at = at, .argument = cpu, .cpu = CpuId{cpu}, .vcpu = vcpu, .kind = kind};
}

/// What vCPUs do on two processors. `steps`: what happens to which of three vCPUs a processor, and when.
std::vector<TraceRecord> history_of(const std::vector<std::pair<std::uint8_t, std::uint8_t>>& steps) {
  std::vector<TraceRecord> records;
  std::array<std::optional<std::uint32_t>, 2> running;
  for (std::uint32_t v = 0; v < 6; ++v) {
    records.push_back(record(0us, TraceKind::domain_created, v % 2, VcpuId{v}));
  }
  Time now{};
  for (const auto& [choice, length] : steps) {
    now += Time{1us} * length;
    const std::uint32_t cpu = choice % 2, vcpu = choice / 2 % 3 * 2 + cpu;
    if (choice & 64U) {
      records.push_back(record(now, TraceKind::wake, cpu, VcpuId{vcpu}));
    } else if (choice & 32U) {
      if (running[cpu]) records.push_back(record(now, TraceKind::block, cpu, VcpuId{*running[cpu]}));
      records.push_back(record(now, TraceKind::switch_to, cpu, {}));
      running[cpu].reset();
    } else {
      records.push_back(record(now, TraceKind::switch_to, cpu, VcpuId{vcpu}));
      running[cpu] = vcpu;
    }
  }
  return records;
}

using Stays = std::vector<std::tuple<VcpuId, VcpuState, CpuId, Time, Time>>;
Stays stays_in(const std::vector<Slice>& slices, TraceWindow window) {
  Stays stays;
  for (const Slice& slice : slices) {
    const Time begin = std::max(slice.begin, window.begin), end = std::min(slice.end, window.end);
    if (begin < end) stays.emplace_back(slice.vcpu, slice.state, slice.cpu, begin, end);
  }
  std::ranges::sort(stays);
  return stays;
}

TEST(TraceWindow, VirtualProcessorsDoInItWhatTheyDoInTheWhole) {
  EXPECT_TRUE(
      rc::check("states are the same", [](const std::vector<std::pair<std::uint8_t, std::uint8_t>>& steps) {
        const std::vector<TraceRecord> whole = history_of(steps);
        const Time last = whole.back().at;
        const Time a = Time{*rc::gen::inRange<std::int64_t>(0, last.count() + 2)};
        const TraceWindow window{a, a + Time{*rc::gen::inRange<std::int64_t>(1, last.count() + 2)}};
        Kept kept;
        WindowedTrace trace(kept, window);
        Time present{};
        trace.begin([&] { return present; }, {});
        for (const TraceRecord& one : whole) {
          present = one.at;
          trace.record(one);
        }
        trace.end(last);
        for (const TraceRecord& one : kept.records) RC_ASSERT(window.contains(one.at));
        RC_ASSERT(std::ranges::is_sorted(kept.records, {}, &TraceRecord::at));
        RC_ASSERT(kept.end_at == std::min(last, window.end));
        RC_ASSERT(stays_in(slices_of(kept.records, kept.end_at), window) ==
                  stays_in(slices_of(whole), window));
      }));
}

TEST(TraceWindow, ShowsAtItsBeginningWhatProcessesDo) {
  Kept kept;
  WindowedTrace trace(kept, {5ms, 9ms});
  using enum ProcessState;
  const auto process = [&](Time at, std::uint32_t number, ProcessState state) {
    trace.process({.at = at,
                   .process = {number},
                   .group = 7,
                   .cpu = state == running ? CpuId{1} : CpuId{},
                   .state = state,
                   .name = "kswapd",
                   .awaited = "disk"});
  };
  process(1ms, 0, runnable);
  process(2ms, 0, running);
  process(2ms, 1, runnable);
  process(3ms, 2, runnable);
  process(3ms, 2, gone);
  process(6ms, 0, asleep);
  process(9ms, 0, runnable);
  trace.end(10ms);
  struct Shown {
    Time at;
    std::uint32_t process;
    ProcessState state;
    bool operator==(const Shown&) const = default;
  };
  std::vector<Shown> shown;
  for (const ProcessRecord& one : kept.processes) {
    shown.push_back({one.at, one.process.value, one.state});
    EXPECT_EQ(one.name, "kswapd");
    EXPECT_EQ(one.group, 7U);
    EXPECT_EQ(one.cpu.valid(), one.state == running);
  }
  EXPECT_EQ(shown, (std::vector<Shown>{
                       {5ms, 0, runnable}, {5ms, 0, running}, {5ms, 1, runnable}, {6ms, 0, asleep}}));
}

TEST(TraceWindow, FramesAndCommandsOfDisksAreThoseWithin) {
  Kept kept;
  WindowedTrace trace(kept, {5ms, 9ms});
  for (const Time at : {Time{4ms}, Time{5ms}, Time{8ms}, Time{9ms}}) {
    trace.frame({.at = at, .interface = "eth0", .bytes = {}, .length = 60});
    trace.disk({.at = at});
  }
  trace.domain(VcpuId{3}, 1);
  EXPECT_EQ(kept.frames, (std::vector<Time>{5ms, 8ms}));
  EXPECT_EQ(kept.commands, kept.frames);
  EXPECT_EQ(kept.domains, std::vector{VcpuId{3}}) << "whose it is matters whenever it was said";
}

TEST(TraceRequest, may_name_a_part_of_the_time) {
  const TraceRequest both = parse_trace_request("pcap@dom1/vif0@2 s..2.5s:a/b..c:d@e");
  EXPECT_EQ(both.kind, "pcap");
  EXPECT_EQ(both.interface, "dom1/vif0");
  EXPECT_EQ(both.file, "a/b..c:d@e");
  EXPECT_EQ(both.window.begin, 2s);
  EXPECT_EQ(both.window.end, 2500ms);
  EXPECT_EQ(parse_trace_request("perfetto@..3 ms:x").window.begin, Time{});
  EXPECT_EQ(parse_trace_request("perfetto@3 ms..:x").window.end, never);
  EXPECT_EQ(parse_trace_request("perfetto:x").window.end, never);
  EXPECT_THAT([] { (void)parse_trace_request("perfetto@3..4:x"); },
              testing::ThrowsMessage<InputError>(HasSubstr("\"5 ms\"")));
  for (const char* empty : {"perfetto@3 s..3 s:x", "perfetto@3 s..2 s:x", "perfetto@-1 s..2 s:x"}) {
    EXPECT_THAT([&] { (void)parse_trace_request(empty); },
                testing::ThrowsMessage<InputError>(HasSubstr("the first before the second")));
  }
}

}  // namespace
}  // namespace xensim
