/// The binary that Xen's own tools read: `xenalyze --cpu-hz=1G -s FILE` (Xen 4.17).
///
/// Of all records only changes of state are written, one cycle a nanosecond; vCPU n is vCPU 0 of guest n.
/// The tool knows nothing of a vCPU that it has not seen running, so all are shown to it at the beginning,
/// in no time, and none before it is woken for the first time is online.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/error.hpp"
#include "results/traces/spool.hpp"
#include "results/traces/time_order.hpp"
#include "results/traces/trace_file.hpp"
#include "results/traces/xentrace_windows.hpp"

namespace xensim {
namespace {

using enum XentraceState;

struct XentraceParameters {};

constexpr std::uint32_t most_cpus = 256;

/// The first cycle is the tool's introduction to the vCPUs.
std::uint64_t cycle_of(Time at) { return static_cast<std::uint64_t>(at.count() / 1000) + 2; }

/// Turns what happened into the changes of state that the tool takes for sane.
class StateChanges {
 public:
  StateChanges(const std::filesystem::path& file, std::uint32_t cpus, std::uint32_t vcpus)
      : windows_(file, cpus), vcpus_(vcpus), current_(cpus) {
    for (std::uint32_t c = 0; c < cpus; ++c) windows_.change({c}, 1, idle({c}), runnable, running);
    if (cpus == 0) return;
    constexpr CpuId first{0};
    windows_.change(first, 1, idle(first), running, runnable);
    for (std::uint32_t v = 0; v < vcpus; ++v) {
      windows_.change(first, 1, {v, 0}, runnable, running);
      windows_.change(first, 1, {v, 0}, running, offline);
    }
    windows_.change(first, 1, idle(first), runnable, running);
  }

  /// Does such a record change a state?
  static bool changes(TraceKind kind) {
    using enum TraceKind;
    return kind == wake || kind == block || kind == suspend || kind == domain_gone || kind == switch_to;
  }

  void apply(const TraceRecord& record) {
    switch (record.kind) {
      case TraceKind::wake:
        return wake(record);
      case TraceKind::block:
        return stop(record, blocked);
      case TraceKind::suspend:
      case TraceKind::domain_gone:
        return stop(record, offline);
      case TraceKind::switch_to:
        return switch_to(record);
      case TraceKind::domain_created:
      case TraceKind::guest_event:
      case TraceKind::timer_tick:
      case TraceKind::schedule_pass:
        return;
    }
  }

  /// Writes the file. What still goes on at the end would not be counted.
  void finish(Time end) {
    const std::uint64_t at = cycle_of(end);
    for (std::uint32_t v = 0; v < vcpus_.size(); ++v) {
      if (vcpus_[v].state != offline) enter({v}, vcpus_[v].cpu, at, offline);
    }
    for (std::uint32_t c = 0; c < current_.size(); ++c) {
      if (!current_[c].valid()) windows_.change({c}, at, idle({c}), running, runnable);
    }
    windows_.finish();
  }

 private:
  struct Vcpu {
    XentraceState state = offline;
    CpuId cpu{0};             ///< of its last record
    std::uint64_t cycle = 1;  ///< at which it was
    bool woken_early = false;
  };

  [[nodiscard]] static XentraceVcpu idle(CpuId cpu) { return {XentraceVcpu::idle_guest, cpu.value}; }

  void enter(VcpuId id, CpuId cpu, std::uint64_t at, XentraceState state) {
    Vcpu& vcpu = vcpus_[id.value];
    // Across processors the tool orders by time alone.
    if (cpu != vcpu.cpu) at = std::max(at, vcpu.cycle + 1);
    vcpu.cycle = windows_.change(cpu, at, {id.value, 0}, vcpu.state, state);
    vcpu.cpu = cpu;
    vcpu.state = state;
  }

  /// A processor that has decided to block a vCPU says so when that is done; another may have woken it by
  /// then.
  void wake(const TraceRecord& record) {
    Vcpu& vcpu = vcpus_[record.vcpu.value];
    if (vcpu.state == running) vcpu.woken_early = true;
    if (vcpu.state == blocked || vcpu.state == offline) {
      enter(record.vcpu, record.cpu, cycle_of(record.at), runnable);
    }
  }

  void stop(const TraceRecord& record, XentraceState state) {
    Vcpu& vcpu = vcpus_[record.vcpu.value];
    if (vcpu.state == state) return;
    enter(record.vcpu, vcpu.state == running ? vcpu.cpu : record.cpu, cycle_of(record.at), state);
    if (std::exchange(vcpu.woken_early, false)) enter(record.vcpu, vcpu.cpu, cycle_of(record.at), runnable);
  }

  void switch_to(const TraceRecord& record) {
    VcpuId& current = current_[record.cpu.value];
    if (current == record.vcpu) return;
    const std::uint64_t at = cycle_of(record.at);
    if (!current.valid()) {
      windows_.change(record.cpu, at, idle(record.cpu), running, runnable);
    } else if (const Vcpu& previous = vcpus_[current.value];
               previous.state == running && previous.cpu == record.cpu) {
      enter(current, record.cpu, at, runnable);
    }
    current = record.vcpu;
    if (!current.valid()) {
      windows_.change(record.cpu, at, idle(record.cpu), runnable, running);
      return;
    }
    vcpus_[current.value].woken_early = false;
    if (vcpus_[current.value].state != runnable) enter(current, record.cpu, at, runnable);
    enter(current, record.cpu, at, running);
  }

  XentraceWindows windows_;
  std::vector<Vcpu> vcpus_;
  std::vector<VcpuId> current_;  ///< by CpuId; invalid: idle
};

class Xentrace final : public TraceFile {
 public:
  Xentrace(const XentraceParameters&, const std::filesystem::path& file) : file_(file), settled_(file) {}

  void check(const TracedHost& host) const override {
    if (host.vcpus == 0) {
      throw InputError({.path = "--trace"},
                       "a host without virtual processors, whose states are all that is traced",
                       "a platform that has some, or another kind of trace");
    }
    check_size(host.cpus, host.vcpus);
  }

  /// Measured: each tick of 20 ms wakes the control domain, which blocks again. Others come on top of that.
  [[nodiscard]] Bytes size_per_second(const TracedHost& /*host*/) const override { return {4'000}; }

  void record(const TraceRecord& record) override {
    if (record.cpu.valid()) cpus_ = std::max(cpus_, record.cpu.value + 1);
    if (record.vcpu.valid()) vcpus_ = std::max(vcpus_, record.vcpu.value + 1);
    end_ = std::max(end_, record.at);
    if (!StateChanges::changes(record.kind)) return;
    order_.add(record.at, record);
    order_.take_before(settled(), [this](const TraceRecord& settled) { settled_.write_record(settled); });
  }

  void end(Time at) override { end_ = std::max(end_, at); }

  void finish() override {
    check_size(cpus_, vcpus_);
    order_.take_all([this](const TraceRecord& settled) { settled_.write_record(settled); });
    StateChanges changes(file_, cpus_, vcpus_);  // which must know how many there are, before all
    settled_.for_each<TraceRecord>([&](const TraceRecord& record) { changes.apply(record); });
    changes.finish(end_);
  }

 private:
  static void check_size(std::uint32_t cpus, std::size_t vcpus) {
    if (cpus <= most_cpus && vcpus <= XentraceVcpu::idle_guest) return;
    throw InputError(
        {.path = "--trace"}, fmt::format("{} processors and {} vCPUs", cpus, vcpus),
        fmt::format("at most {} and {} in an xentrace file", most_cpus, XentraceVcpu::idle_guest));
  }

  std::filesystem::path file_;
  TimeOrder<TraceRecord> order_;
  Spool settled_;
  std::uint32_t cpus_ = 0, vcpus_ = 0;
  Time end_{};
};

const RegisterTraceFile<Xentrace, XentraceParameters> registered{
    "xentrace", "binary for Xen's own tool, which must be told its clock: xenalyze --cpu-hz=1G -s FILE",
    ParameterTable<XentraceParameters>{}};

}  // namespace
}  // namespace xensim
