#include "results/traces/slices.hpp"

#include <algorithm>

namespace xensim {
namespace {

class StateMachine {
 public:
  void apply(const TraceRecord& record) {
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
      case TraceKind::process_switch:
        break;
    }
  }

  std::vector<Slice> finish(Time end) {
    for (auto& [vcpu, slice] : open_) close(slice, end);
    return std::move(closed_);
  }

 private:
  [[nodiscard]] VcpuState state(VcpuId vcpu) const {
    const auto found = open_.find(vcpu);
    return found == open_.end() ? VcpuState::blocked : found->second.state;
  }

  void switch_to(const TraceRecord& record) {
    VcpuId& current = running_[record.cpu];
    if (current == record.vcpu && state(current) == VcpuState::running) return;
    if (current.valid() && current != record.vcpu) preempt(current, record);
    if (record.vcpu.valid()) enter(record.vcpu, VcpuState::running, record.at, record.cpu);
    current = record.vcpu;
  }

  /// The vCPU that was on this processor waits, unless it has blocked or runs elsewhere already.
  void preempt(VcpuId vcpu, const TraceRecord& by) {
    const auto found = open_.find(vcpu);
    if (found == open_.end() || found->second.state != VcpuState::running) return;
    if (found->second.cpu == by.cpu) enter(vcpu, VcpuState::runnable, by.at);
  }

  void enter(VcpuId vcpu, VcpuState state, Time at, CpuId cpu = {}) {
    const auto [found, is_new] = open_.try_emplace(vcpu);
    Slice& slice = found->second;
    if (!is_new && slice.state == state && slice.cpu == cpu) return;
    if (!is_new) close(slice, at);
    slice = {vcpu, cpu, state, at, at};
  }

  void leave(VcpuId vcpu, Time at) {
    if (const auto found = open_.find(vcpu); found != open_.end()) {
      close(found->second, at);
      open_.erase(found);
    }
  }

  void close(Slice slice, Time at) {
    slice.end = at;
    if (slice.end > slice.begin) closed_.push_back(slice);
  }

  std::map<VcpuId, Slice> open_;
  std::map<CpuId, VcpuId> running_;
  std::vector<Slice> closed_;
};

}  // namespace

std::vector<Slice> slices_of(std::span<const TraceRecord> records, Time end) {
  StateMachine machine;
  for (const TraceRecord& record : records) machine.apply(record);
  return machine.finish(records.empty() ? end : std::max(end, records.back().at));
}

}  // namespace xensim
