#include "results/traces/slices.hpp"

#include <algorithm>

namespace xensim {

void VcpuStates::apply(const TraceRecord& record) {
  switch (record.kind) {
    case TraceKind::domain_created:
      enter(record.vcpu, VcpuState::blocked, record.at);
      break;
    case TraceKind::wake:
      if (state(record.vcpu) != VcpuState::running) enter(record.vcpu, VcpuState::runnable, record.at);
      break;
    case TraceKind::block:
    case TraceKind::suspend:
      enter(record.vcpu, VcpuState::blocked, record.at);
      break;
    case TraceKind::domain_gone:
      leave(record.vcpu, record.at);
      break;
    case TraceKind::switch_to:
      switch_to(record);
      break;
    case TraceKind::guest_event:
    case TraceKind::timer_tick:
    case TraceKind::schedule_pass:
      break;
  }
}

void VcpuStates::finish(Time end) {
  for (const auto& [vcpu, slice] : open_) close(slice, end);
  open_.clear();
  waiting_ = 0;
}

Time VcpuStates::waiting_since(Time now) const {
  for (const auto& [vcpu, slice] : open_) {
    if (slice.state == VcpuState::runnable) now = std::min(now, slice.begin);
  }
  return now;
}

VcpuState VcpuStates::state(VcpuId vcpu) const {
  const auto found = open_.find(vcpu);
  return found == open_.end() ? VcpuState::blocked : found->second.state;
}

void VcpuStates::switch_to(const TraceRecord& record) {
  VcpuId& current = running_[record.cpu];
  if (current == record.vcpu && state(current) == VcpuState::running) return;
  if (current.valid() && current != record.vcpu) preempt(current, record);
  if (record.vcpu.valid()) enter(record.vcpu, VcpuState::running, record.at, record.cpu);
  current = record.vcpu;
}

/// The vCPU that was on this processor waits, unless it has blocked or runs elsewhere already.
void VcpuStates::preempt(VcpuId vcpu, const TraceRecord& by) {
  const auto found = open_.find(vcpu);
  if (found == open_.end() || found->second.state != VcpuState::running) return;
  if (found->second.cpu == by.cpu) enter(vcpu, VcpuState::runnable, by.at);
}

void VcpuStates::enter(VcpuId vcpu, VcpuState state, Time at, CpuId cpu) {
  const auto [found, is_new] = open_.try_emplace(vcpu);
  Slice& slice = found->second;
  if (!is_new && slice.state == state && slice.cpu == cpu) return;
  if (!is_new) close(slice, at);
  if (!is_new && slice.state == VcpuState::runnable) --waiting_;
  if (state == VcpuState::runnable) ++waiting_;
  slice = {vcpu, cpu, state, at, at};
}

void VcpuStates::leave(VcpuId vcpu, Time at) {
  const auto found = open_.find(vcpu);
  if (found == open_.end()) return;
  close(found->second, at);
  if (found->second.state == VcpuState::runnable) --waiting_;
  open_.erase(found);
}

void VcpuStates::close(Slice slice, Time at) {
  slice.end = at;
  if (slice.end > slice.begin) take_(slice);
}

std::vector<Slice> slices_of(std::span<const TraceRecord> records, Time end) {
  std::vector<Slice> slices;
  VcpuStates states([&](const Slice& slice) { slices.push_back(slice); });
  for (const TraceRecord& record : records) states.apply(record);
  states.finish(records.empty() ? end : std::max(end, records.back().at));
  return slices;
}

}  // namespace xensim
