/// Chrome JSON for the Perfetto UI.
///
/// One track per processor with a slice per stay of a vCPU or, where one kernel has the machine, of a
/// process; one track per vCPU and per process with its states; events, ticks and passes as instants on the
/// track they concern; how many wait for a processor as a counter. The format has no scheduling view of its
/// own: tracks are threads of made-up processes, which are the processors, the vCPUs, and one for each
/// instance.
#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "results/traces/chrome_json.hpp"
#include "results/traces/instance_names.hpp"
#include "results/traces/process_states.hpp"
#include "results/traces/slices.hpp"
#include "results/traces/time_order.hpp"
#include "results/traces/trace_file.hpp"

namespace xensim {
namespace {

struct PerfettoParameters {};

constexpr int processors_pid = 1, vcpus_pid = 2, first_kernel_pid = 3;

ChromeTrack track_of(CpuId cpu) { return {processors_pid, cpu.value + 1}; }
ChromeTrack track_of(VcpuId vcpu) { return {vcpus_pid, vcpu.value + 1}; }
/// Of one kernel, the processes of an instance are together; else those of a kernel.
ChromeTrack track_of(const ProcessRecord& process) {
  const std::uint32_t group = process.vcpu.valid() ? process.vcpu.value : process.group;
  return {first_kernel_pid + static_cast<int>(group), process.process.value + 1};
}

std::string_view word_for(VcpuState state) {
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

class Perfetto final : public TraceFile {
 public:
  Perfetto(const PerfettoParameters&, const std::filesystem::path& file)
      : out_(file),
        vcpus_([this](const Slice& slice) { draw(slice); }),
        processes_([this](const ProcessSlice& slice) { draw(slice); }) {
    out_.name_group(processors_pid, "processors");
  }

  /// Measured, where all compute and none has to share: each tick of 20 ms is an event of every domain, and
  /// wakes the control domain.
  [[nodiscard]] Bytes size_per_second(const TracedHost& host) const override {
    return {host.vcpus == 0 ? 0 : 55'000 + 8'000 * static_cast<std::int64_t>(host.vcpus)};
  }

  void begin(std::function<Time()> present, const std::vector<std::string>& instances) override {
    TraceFile::begin(std::move(present), instances);
    names_.are(instances);
  }
  void domain(VcpuId vcpu, std::uint32_t instance) override { names_.own(vcpu, instance); }
  void record(const TraceRecord& record) override { add(record); }
  void process(const ProcessRecord& record) override { add(record); }
  void end(Time at) override { end_ = std::max(end_, at); }

  void finish() override {
    order_.take_all([this](const Record& record) { apply(record); });
    vcpus_.finish(end_);
    processes_.finish(end_);
    count(end_, 0);
    out_.finish();
  }

 private:
  using Record = std::variant<TraceRecord, ProcessRecord>;

  template <class AnyRecord>
  void add(const AnyRecord& record) {
    order_.add(record.at, record);
    order_.take_before(settled(), [this](const Record& settled) { apply(settled); });
  }

  void apply(const Record& record) {
    std::visit([this](const auto& its) { apply(its); }, record);
  }
  void apply(const TraceRecord& record) {
    end_ = std::max(end_, record.at);
    vcpus_.apply(record);
    count(record.at, vcpus_.waiting());
    if (record.kind == TraceKind::domain_gone) processes_.end_kernel(record.vcpu, record.at);
    const auto [name, argument] = names_of(record.kind);
    if (name.empty()) return;
    const bool on_vcpu = record.vcpu.valid() && record.kind != TraceKind::schedule_pass;
    if (!on_vcpu && !record.cpu.valid()) return;
    out_.instant(on_vcpu ? named_track(record.vcpu) : named_track(record.cpu), record.at, name,
                 {argument, record.argument});
  }
  void apply(const ProcessRecord& record) {
    end_ = std::max(end_, record.at);
    processes_.apply(record);
    if (!record.vcpu.valid()) count(record.at, processes_.waiting());
    one_kernel_ = !record.vcpu.valid();
  }

  void draw(const Slice& slice) {
    const bool runs = slice.state == VcpuState::running;
    out_.slice(named_track(slice.vcpu), slice.begin, slice.end, word_for(slice.state),
               runs ? ChromeArgument{"processor", slice.cpu.value} : ChromeArgument{});
    if (runs) out_.slice(named_track(slice.cpu), slice.begin, slice.end, names_.of(slice.vcpu));
  }
  void draw(const ProcessSlice& slice) {
    const ProcessRecord& process = slice.record;
    const ChromeTrack track = named_track(process);
    if (process.state == ProcessState::runnable) {
      out_.slice(track, process.at, slice.end, "runnable");
    } else if (process.state == ProcessState::asleep) {
      const std::string awaited =
          slice.awaited.empty() ? "asleep" : fmt::format("waits for {}", slice.awaited);
      out_.slice(track, process.at, slice.end, awaited);
    } else {
      out_.slice(track, process.at, slice.end, "running", {"processor", process.cpu.value});
      if (process.vcpu.valid() || !process.cpu.valid()) return;
      const std::string whose = process.group == 0 ? "" : name_of_group(process) + ' ';
      out_.slice(named_track(process.cpu), process.at, slice.end, whose + name_of(process));
    }
  }

  /// What the counter holds is written when time has gone on, and only if it has changed.
  void count(Time at, std::size_t waiting) {
    if (at > counted_at_ && waiting_ != written_) {
      out_.counter(processors_pid, counted_at_, "waiting for a processor",
                   {one_kernel_ ? "processes" : "vCPUs", static_cast<std::int64_t>(waiting_)});
      written_ = waiting_;
    }
    counted_at_ = at;
    waiting_ = waiting;
  }

  ChromeTrack named_track(CpuId cpu) {
    const ChromeTrack track = track_of(cpu);
    if (!out_.is_named(track)) out_.name_track(track, fmt::format("CPU {}", cpu.value));
    return track;
  }
  ChromeTrack named_track(VcpuId vcpu) {
    const ChromeTrack track = track_of(vcpu);
    if (out_.is_named(track)) return track;
    out_.name_group(vcpus_pid, "vCPUs");
    const std::string name = names_.of(vcpu), number = fmt::format("vCPU {}", vcpu.value);
    out_.name_track(track, name == number ? name : fmt::format("{} ({})", name, number));
    return track;
  }
  ChromeTrack named_track(const ProcessRecord& process) {
    const ChromeTrack track = track_of(process);
    if (out_.is_named(track)) return track;
    out_.name_group(track.pid, name_of_group(process));
    out_.name_track(track, name_of(process));
    return track;
  }
  [[nodiscard]] std::string name_of_group(const ProcessRecord& process) const {
    return process.vcpu.valid() ? "processes of " + names_.of(process.vcpu) : names_.of_group(process.group);
  }
  [[nodiscard]] static std::string name_of(const ProcessRecord& process) {
    return process.name.empty() ? fmt::format("process {}", process.process.value)
                                : std::string(process.name);
  }

  ChromeJson out_;
  InstanceNames names_;
  TimeOrder<Record> order_;
  VcpuStates vcpus_;
  ProcessStates processes_;
  bool one_kernel_ = false;  ///< which has the machine
  std::size_t waiting_ = 0, written_ = 0;
  Time counted_at_{};
  Time end_{};
};

const RegisterTraceFile<Perfetto, PerfettoParameters> registered{
    "perfetto", "Chrome JSON for the Perfetto UI", ParameterTable<PerfettoParameters>{}};

}  // namespace
}  // namespace xensim
