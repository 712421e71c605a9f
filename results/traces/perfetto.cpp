/// Chrome JSON (Trace Event Format), which the Perfetto UI, chrome://tracing and many scripts open.
///
/// One track per processor with a slice per stay of a vCPU; one track per vCPU with its states; events,
/// ticks and passes as instants on the track they concern. The format has no scheduling view of its own:
/// processors and vCPUs are imitated by the threads of two processes.

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "results/atomic_file.hpp"
#include "results/traces/slices.hpp"
#include "results/traces/trace_file.hpp"

namespace xensim {
namespace {

struct PerfettoParameters {};

constexpr int processors_pid = 1, vcpus_pid = 2;

/// A place to draw on: a thread of one of the two processes. Thread ids start at 1.
struct Track {
  int pid = 0;
  std::uint32_t tid = 0;
  auto operator<=>(const Track&) const = default;
};
Track track_of(CpuId cpu) { return {processors_pid, cpu.value + 1}; }
Track track_of(VcpuId vcpu) { return {vcpus_pid, vcpu.value + 1}; }

enum class Phase : char { begin = 'B', end = 'E', instant = 'i' };

struct Event {
  std::int64_t ns = 0;
  Track track;
  Phase phase{};
  TraceKind kind{};           ///< of an instant
  VcpuState state{};          ///< of a slice on a vCPU's track
  std::int64_t argument = 0;  ///< of an instant; on a processor's track, the vCPU
};

std::int64_t to_ns(Time time) { return time.count() / 1000; }

std::string_view name_of(VcpuState state) {
  switch (state) {
    case VcpuState::blocked:
      return "blocked";
    case VcpuState::runnable:
      return "runnable";
    case VcpuState::running:
      return "running";
  }
  return {};
}

/// The name of an instant and of its argument; empty for kinds that become slices.
std::pair<std::string_view, std::string_view> names_of(TraceKind kind) {
  switch (kind) {
    case TraceKind::guest_event:
      return {"event", "pending"};
    case TraceKind::timer_tick:
      return {"timer tick", {}};
    case TraceKind::schedule_pass:
      return {"schedule", "scanned"};
    case TraceKind::process_switch:
      return {"process switch", "process"};
    case TraceKind::domain_created:
      return {"created", "processor"};
    case TraceKind::suspend:
      return {"suspended", {}};
    case TraceKind::domain_gone:
      return {"gone", {}};
    case TraceKind::wake:
    case TraceKind::block:
    case TraceKind::switch_to:
      break;
  }
  return {};
}

void add_slice(std::vector<Event>& events, Track track, const Slice& slice, std::int64_t argument) {
  const std::int64_t begin = to_ns(slice.begin), end = to_ns(slice.end);
  if (begin == end) return;
  events.push_back({begin, track, Phase::begin, {}, slice.state, argument});
  events.push_back({end, track, Phase::end, {}, slice.state, argument});
}

std::vector<Event> events_of(const std::vector<TraceRecord>& records, Time end) {
  std::vector<Event> events;
  for (const Slice& slice : slices_of(records, end)) {
    add_slice(events, track_of(slice.vcpu), slice, slice.cpu.value);
    if (slice.state == VcpuState::running) add_slice(events, track_of(slice.cpu), slice, slice.vcpu.value);
  }
  for (const TraceRecord& record : records) {
    if (names_of(record.kind).first.empty()) continue;
    const bool on_vcpu = record.vcpu.valid() && record.kind != TraceKind::schedule_pass;
    if (!on_vcpu && !record.cpu.valid()) continue;
    events.push_back({to_ns(record.at),
                      on_vcpu ? track_of(record.vcpu) : track_of(record.cpu),
                      Phase::instant,
                      record.kind,
                      {},
                      record.argument});
  }
  // Stable: at equal times a track's slice ends before its next begins, as they were added.
  std::stable_sort(events.begin(), events.end(), [](const Event& a, const Event& b) { return a.ns < b.ns; });
  return events;
}

std::string to_text(const Event& event) {
  std::string text =
      fmt::format(R"({{"ph": "{}", "ts": {}.{:03}, "pid": {}, "tid": {})", static_cast<char>(event.phase),
                  event.ns / 1000, event.ns % 1000, event.track.pid, event.track.tid);
  const auto out = std::back_inserter(text);
  if (event.phase == Phase::instant) {
    const auto [name, argument] = names_of(event.kind);
    fmt::format_to(out, R"(, "s": "t", "name": "{}")", name);
    if (!argument.empty()) fmt::format_to(out, R"(, "args": {{"{}": {}}})", argument, event.argument);
  } else if (event.phase == Phase::begin && event.track.pid == processors_pid) {
    fmt::format_to(out, R"(, "name": "vCPU {}")", event.argument);
  } else if (event.phase == Phase::begin) {
    fmt::format_to(out, R"(, "name": "{}")", name_of(event.state));
    if (event.state == VcpuState::running)
      fmt::format_to(out, R"(, "args": {{"processor": {}}})", event.argument);
  }
  return text + '}';
}

std::string metadata(int pid, std::uint32_t tid, std::string_view what, std::string_view name) {
  return fmt::format(R"({{"ph": "M", "pid": {}, "tid": {}, "name": "{}", "args": {{"name": "{}"}}}})", pid,
                     tid, what, name);
}

class Perfetto final : public TraceFile {
 public:
  Perfetto(const PerfettoParameters&, std::filesystem::path file) : file_(std::move(file)) {}

  /// Measured, where all compute and none has to share: an event for each tick of 20 ms.
  [[nodiscard]] Bytes memory_per_second(const TracedHost& host) const override {
    return {8'500 * static_cast<std::int64_t>(host.vcpus)};
  }

  void record(const TraceRecord& record) override { records_.push_back(record); }
  void end(Time at) override { end_ = at; }

  void finish() override {
    // Each processor reports in order of its own time.
    std::stable_sort(records_.begin(), records_.end(),
                     [](const TraceRecord& a, const TraceRecord& b) { return a.at < b.at; });
    const std::vector<Event> events = events_of(records_, end_);
    std::set<Track> tracks;
    for (const Event& event : events) tracks.insert(event.track);

    AtomicFile file(file_);
    file.write("{\"displayTimeUnit\": \"ns\", \"traceEvents\": [\n");
    file.write(metadata(processors_pid, 0, "process_name", "processors") + ",\n");
    file.write(metadata(vcpus_pid, 0, "process_name", "vCPUs"));
    for (const Track& track : tracks) {
      const char* kind = track.pid == processors_pid ? "CPU" : "vCPU";
      file.write(",\n" +
                 metadata(track.pid, track.tid, "thread_name", fmt::format("{} {}", kind, track.tid - 1)));
    }
    for (const Event& event : events) file.write(",\n" + to_text(event));
    file.write("\n]}\n");
    file.commit();
  }

 private:
  std::filesystem::path file_;
  std::vector<TraceRecord> records_;
  Time end_{};
};

const RegisterTraceFile<Perfetto, PerfettoParameters> registered{
    "perfetto", "Chrome JSON for the Perfetto UI", ParameterTable<PerfettoParameters>{}};

}  // namespace
}  // namespace xensim
