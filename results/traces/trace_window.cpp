#include "results/traces/trace_window.hpp"

#include <algorithm>

namespace xensim {

void WindowedTrace::apply(const TraceRecord& record) {
  if (record.at < window_.begin) {
    vcpus_.apply(record);
    if (record.kind == TraceKind::domain_gone) processes_.end_kernel(record.vcpu, record.at);
    if (!record.vcpu.valid()) return;
    const bool created = record.kind == TraceKind::domain_created;
    const CpuId cpu = created ? CpuId{static_cast<std::uint32_t>(record.argument)} : record.cpu;
    if (cpu.valid()) processor_of_[record.vcpu] = cpu;
    return;
  }
  open();
  if (record.at < window_.end) sink_.record(record);
}

void WindowedTrace::apply(const ProcessRecord& record) {
  if (record.at < window_.begin) return processes_.apply(record);
  open();
  if (record.at < window_.end) sink_.process(record);
}

void WindowedTrace::open() {
  if (open_) return;
  open_ = true;
  for (const auto& [vcpu, slice] : vcpus_.current()) show(slice);
  for (const auto& [names, process] : processes_.current()) show(process);
}

void WindowedTrace::show(const Slice& slice) {
  const auto last = processor_of_.find(slice.vcpu);
  const CpuId cpu = slice.cpu.valid() ? slice.cpu : last != processor_of_.end() ? last->second : CpuId{0};
  TraceRecord record{.at = window_.begin, .cpu = cpu, .vcpu = slice.vcpu};
  const auto tell = [&](TraceKind kind, std::int64_t argument = 0) {
    record.kind = kind;
    record.argument = argument;
    sink_.record(record);
  };
  tell(TraceKind::domain_created, cpu.value);
  tell(slice.state == VcpuState::blocked ? TraceKind::block : TraceKind::wake);
  if (slice.state == VcpuState::running) tell(TraceKind::switch_to);
}

void WindowedTrace::show(ProcessRecord process) {
  const ProcessRecord now = process;
  process.at = window_.begin;
  process.awaited = {};
  process.state = ProcessState::runnable;
  process.cpu = {};
  sink_.process(process);
  if (now.state == ProcessState::runnable) return;
  process.state = now.state;
  process.cpu = now.cpu;
  sink_.process(process);
}

void WindowedTrace::end(Time at) {
  order_.take_all([this](const Record& record) { apply(record); });
  if (at >= window_.begin) open();
  sink_.end(std::min(at, window_.end));
}

}  // namespace xensim
