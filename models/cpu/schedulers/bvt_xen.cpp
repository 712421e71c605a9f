#include "models/cpu/schedulers/bvt_xen.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace xensim {
namespace {
constexpr std::uint32_t avt_overflow = 0xf0000000;
constexpr std::uint32_t avt_reduction = 0xe0000000;
}  // namespace

ParameterTable<BvtXenParameters> BvtXenParameters::table() {
  return ParameterTable<BvtXenParameters>{}.add(
      "ctx_allow", &BvtXenParameters::ctx_allow, "time a vCPU may run before another that is due preempts it",
      "context-switch allowance of Xen 1.0 and 2.0; least value from Xen 3.0", {.minimum = 10us});
}

BvtXen::BvtXen(const BvtXenParameters& parameters, std::size_t cpus)
    : parameters_(parameters), processors_(cpus) {}

void BvtXen::add(VcpuId vcpu, CpuId cpu, const SchedulingShare& share, Time now) {
  if (vcpu.value >= vcpus_.size()) vcpus_.resize(vcpu.value + 1);
  Vcpu& v = at(vcpu);
  v = Vcpu{};
  v.id = vcpu;
  v.cpu = cpu;
  v.avt = on(cpu).svt;
  adjust(vcpu, share, now);
}

void BvtXen::remove(VcpuId vcpu, Time) {
  Vcpu& v = at(vcpu);
  Processor& p = on(v.cpu);
  if (p.queue.contains(v)) p.queue.erase(v);
  if (p.unwarp_timer.contains(v)) p.unwarp_timer.erase(v);
  v.id = {};
}

void BvtXen::sleep(VcpuId vcpu, Time) {
  Vcpu& v = at(vcpu);
  on(v.cpu).queue.erase(v);
}

Decision BvtXen::schedule(CpuId cpu, bool current_runnable, Time now) {
  Processor& p = on(cpu);
  Decision decision;
  decision.slice = ctx_allow();
  if (Vcpu* const previous = p.current) {
    previous->avt = avt_at(p, now);
    p.warp_timer = never;
    if (current_runnable) p.queue.push_back(*previous, evt(*previous, previous->avt), previous->avt);
  }
  const auto next = p.queue.pop_front();
  p.current = next.vcpu;
  p.since = now;
  decision.scanned = static_cast<std::uint32_t>(p.queue.size()) + 1;  // the idle task
  if (next.vcpu != nullptr) {
    ++decision.scanned;
    p.svt = next.vcpu->avt;
    if (const Vcpu* const second = p.queue.first()) {
      p.svt = std::min(p.svt, static_cast<std::uint32_t>(p.queue.least_avt()));
      const VirtualTime lead = p.queue.evt(*second) - next.evt;
      decision.slice += std::chrono::nanoseconds{lead / next.vcpu->mcu_advance};  // the unit slip
    } else {
      decision.slice *= 10;
    }
    if (p.svt >= avt_overflow) bring_down(p);
    decision.next = next.vcpu->id;
    if (next.vcpu->warp && next.vcpu->warpl > Time{}) p.warp_timer = now + next.vcpu->warpl;
  }
  p.slice_end = now + decision.slice;
  return decision;
}

std::uint32_t BvtXen::mcu_advance(const SchedulingShare& share) {
  return static_cast<std::uint32_t>(100 / std::clamp<std::int64_t>(share.weight, 1, 100));
}

std::uint32_t BvtXen::avt_at(const Processor& processor, Time now) {
  const std::int64_t mcus = (now - processor.since + mcu - Time{1}) / mcu;
  return processor.current->avt + static_cast<std::uint32_t>(mcus) * processor.current->mcu_advance;
}

void BvtXen::bring_down(Processor& processor) {
  for (Vcpu& v : vcpus_) {
    if (v.id.valid() && &on(v.cpu) == &processor) v.avt -= avt_reduction;
  }
  processor.queue.subtract(avt_reduction);
  processor.svt -= avt_reduction;
}

std::string BvtXen::audit() const {
  std::vector<std::size_t> queued(processors_.size());
  for (const Vcpu& v : vcpus_) {
    if (!v.id.valid()) continue;
    const Processor& p = on(v.cpu);
    if (!p.queue.contains(v)) continue;
    ++queued[v.cpu.value];
    if (&v == p.current) return fmt::format("vCPU {} is current and queued", v.id.value);
    if (p.queue.avt(v) != v.avt) {
      return fmt::format("vCPU {}: avt {} in its record, {} in the queue", v.id.value, v.avt, p.queue.avt(v));
    }
    if (p.queue.evt(v) > v.avt) {
      return fmt::format("vCPU {}: evt {} above avt {}", v.id.value, p.queue.evt(v), v.avt);
    }
    if (v.avt < p.svt) return fmt::format("vCPU {}: avt {} below svt {}", v.id.value, v.avt, p.svt);
  }
  for (std::size_t cpu = 0; cpu < processors_.size(); ++cpu) {
    const Processor& p = processors_[cpu];
    if (!p.queue.consistent()) return fmt::format("processor {}: heap out of order", cpu);
    if (p.queue.size() != queued[cpu]) {
      return fmt::format("processor {}: {} queued, but {} records say so", cpu, p.queue.size(), queued[cpu]);
    }
    if (p.svt >= avt_overflow) return fmt::format("processor {}: svt {} not brought down", cpu, p.svt);
    if (!p.unwarp_timer.consistent()) return fmt::format("processor {}: unwarp timers out of order", cpu);
  }
  return {};
}

}  // namespace xensim
