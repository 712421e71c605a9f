/// `bvt`: borrowed virtual time as published.
///
/// Modelled: actual virtual time A advances by real time over weight, exactly: the remainder of each
/// division is carried. Effective virtual time E = A - (warped ? W : 0), least first; of equals those that
/// woke before those that had a turn. The current vCPU runs until E is C/weight beyond the next one's, at
/// which instant a pass is due. One that wakes with an E below the current's has a pass at once, and has the
/// processor unless another's E is less still. SVT is the least A of the runnable, whether warped or not, and
/// a waking vCPU's A (not E) is brought up to it. W is the virtual time of a run as long as the share's
/// `warp`: that over the weight, as under bvt-xen2. A warp ends when the vCPU has run in it for L since it
/// last woke, and is resumed U later (if U = 0, when it next wakes).
/// Left out: changing the share of the running vCPU does not move the end of its slice; threads that
/// warp for a while by a system call (here all with W > 0 are warped whenever L and U let them).
/// Source: Duda & Cheriton, "Borrowed-virtual-time (BVT) scheduling", SOSP 1999.
#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "models/cpu/schedulers/bvt_queue.hpp"
#include "models/cpu/schedulers/scheduler.hpp"
#include "models/cpu/schedulers/vcpu_table.hpp"

namespace xensim {
namespace {

struct BvtParameters {
  Time ctx_allow = 5ms;
};
const auto parameters = ParameterTable<BvtParameters>{}.add(
    "ctx_allow", &BvtParameters::ctx_allow, "context-switch allowance C, at weight 1",
    "default as in Xen 1.0; least value from Xen 3.0", {.minimum = 10us});

/// Virtual times are picoseconds at weight 1.
class Bvt final : public Scheduler {
 public:
  Bvt(const BvtParameters& chosen, std::size_t cpus) : ctx_allow_(chosen.ctx_allow), processors_(cpus) {}

  void add(VcpuId vcpu, CpuId cpu, const SchedulingShare& share, Time now) override {
    Vcpu& v = vcpus_.add(vcpu);
    v.id = vcpu;
    v.cpu = cpu;
    v.avt = on(v).svt;
    adjust(vcpu, share, now);
  }

  void remove(VcpuId vcpu, Time now) override {
    Vcpu& v = vcpus_[vcpu];
    if (on(v).queue.contains(v)) sleep(vcpu, now);
    if (on(v).unwarp_timer.contains(v)) on(v).unwarp_timer.erase(v);
    v.id = {};
  }

  void adjust(VcpuId vcpu, const SchedulingShare& share, Time now) override {
    Vcpu& v = vcpus_[vcpu];
    Processor& p = on(v);
    advance(p, now);
    const std::int64_t weight = std::clamp<std::int64_t>(share.weight, 1, max_weight);
    v.remainder = static_cast<std::uint32_t>(v.remainder * weight / v.weight);
    v.weight = static_cast<std::uint32_t>(weight);
    v.warp = std::min(share.warp, longest) / weight;
    v.warp_limit = std::min(share.warp_limit, longest);
    v.unwarp_requirement = std::min(share.unwarp_requirement, longest);
    if (p.unwarp_timer.contains(v)) p.unwarp_timer.erase(v);
    set_warped(p, v, v.warp > Time{}, now);
  }

  [[nodiscard]] bool set_slice(Time slice) override {
    ctx_allow_ = slice;
    return true;
  }

  [[nodiscard]] Time wake(VcpuId vcpu, Time now) override {
    Vcpu& v = vcpus_[vcpu];
    Processor& p = on(v);
    advance(p, now);
    if (v.avt < p.svt) {
      v.avt = p.svt;
      v.remainder = 0;
    }
    if (!p.unwarp_timer.contains(v)) set_warped(p, v, v.warp > Time{}, now);
    p.queue.push_front(v, evt(v), v.avt);
    return contend(p, v, now);
  }

  void sleep(VcpuId vcpu, Time now) override {
    Vcpu& v = vcpus_[vcpu];
    advance(on(v), now);
    on(v).queue.erase(v);
  }

  [[nodiscard]] Decision schedule(CpuId cpu, bool current_runnable, Time now) override {
    Processor& p = processors_[cpu.value];
    advance(p, now);
    if (p.current && current_runnable) p.queue.push_back(*p.current, evt(*p.current), p.current->avt);
    Decision decision;
    decision.scanned = static_cast<std::uint32_t>(p.queue.size()) + 1;
    p.current = p.queue.first();
    p.warp_timer = never;
    if (p.current) {
      p.queue.erase(*p.current);
      decision.next = p.current->id;
      start_warp_timer(p, now);
    }
    p.pass_due = allowance_end(p, now);
    decision.slice = p.pass_due - now;
    return decision;
  }

  [[nodiscard]] Time deadline(CpuId cpu) const override {
    const Processor& p = processors_[cpu.value];
    return std::min(p.warp_timer, next_unwarp_end(p));
  }

  [[nodiscard]] Time expire(CpuId cpu, Time now) override {
    Processor& p = processors_[cpu.value];
    advance(p, now);
    Time due = never;
    if (p.warp_timer <= now) {
      Vcpu& v = *p.current;
      set_warped(p, v, false, now);
      if (v.unwarp_requirement > Time{}) p.unwarp_timer.push(v, now + v.unwarp_requirement);
      due = ask(p, allowance_end(p, now));
    }
    while (next_unwarp_end(p) <= now) {
      Vcpu& v = *p.unwarp_timer.first();
      p.unwarp_timer.erase(v);
      set_warped(p, v, true, now);
      if (p.queue.contains(v)) due = std::min(due, contend(p, v, now));
    }
    return due;
  }

  [[nodiscard]] std::string audit() const override;

 private:
  static constexpr std::int64_t max_weight = 1'000'000;
  static constexpr Time longest = never / 4;  // so that sums and differences do not overflow

  struct Vcpu : BvtQueued {
    VcpuId id;  ///< invalid: there is no such vCPU
    CpuId cpu;
    VirtualTime avt = 0;  ///< A is avt + remainder/weight
    std::uint32_t remainder = 0;
    std::uint32_t weight = 1;
    Time warp{};  ///< virtual time
    Time warp_limit{}, unwarp_requirement{};
    Time warp_spent{};  ///< running in this warp
    bool warped = false;
    std::uint32_t unwarp_slot = UINT32_MAX;
  };
  struct Processor {
    BvtQueue<Vcpu> queue;                                      ///< runnable, but for the current
    IndexedHeap<Time, Vcpu, &Vcpu::unwarp_slot> unwarp_timer;  ///< those that will warp again
    Time warp_timer = never;                                   ///< the end of the current's warp
    Vcpu* current = nullptr;                                   ///< null: idle
    Time since{};                                              ///< how far the current is accounted for
    Time pass_due = never;
    VirtualTime svt = 0;
  };

  [[nodiscard]] Processor& on(const Vcpu& v) { return processors_[v.cpu.value]; }
  [[nodiscard]] static VirtualTime evt(const Vcpu& v) { return v.avt - (v.warped ? v.warp.count() : 0); }
  [[nodiscard]] static Time next_unwarp_end(const Processor& p) {
    return p.unwarp_timer.empty() ? never : p.unwarp_timer.key(*p.unwarp_timer.first());
  }

  /// Brings the current vCPU's A, and SVT, up to `now`. With nobody runnable SVT stays.
  static void advance(Processor& p, Time now) {
    const Time ran = now - p.since;
    p.since = now;
    if (p.current) {
      Vcpu& v = *p.current;
      const std::int64_t dividend = ran.count() + v.remainder;
      v.avt += dividend / v.weight;
      v.remainder = static_cast<std::uint32_t>(dividend % v.weight);
      if (v.warped) v.warp_spent += ran;
      p.svt = p.queue.empty() ? v.avt : std::min(v.avt, p.queue.least_avt());
    } else if (!p.queue.empty()) {
      p.svt = p.queue.least_avt();
    }
  }

  /// When the current vCPU will have used up its allowance over the next one. O(1).
  [[nodiscard]] Time allowance_end(const Processor& p, Time now) const {
    const Vcpu* const next = p.queue.first();
    if (!p.current || !next) return never;
    const std::int64_t weight = p.current->weight;
    const VirtualTime behind = p.queue.evt(*next) - evt(*p.current);
    const Time room = never - now - ctx_allow_;
    if (behind > room.count() / weight) return never;
    return now + std::max(Time{}, Time{behind * weight - p.current->remainder} + ctx_allow_);
  }

  /// The answer to the monitor: `due`, unless a pass is due before.
  [[nodiscard]] static Time ask(Processor& p, Time due) {
    if (p.pass_due <= due) return never;
    return p.pass_due = due;
  }

  /// `v`, queued, woke or warped.
  [[nodiscard]] Time contend(Processor& p, const Vcpu& v, Time now) const {
    const bool preempts = !p.current || evt(v) < evt(*p.current);
    return ask(p, preempts ? now : allowance_end(p, now));
  }

  static void set_warped(Processor& p, Vcpu& v, bool warped, Time now) {
    v.warped = warped;
    v.warp_spent = {};
    if (p.queue.contains(v)) p.queue.move(v, evt(v));
    if (p.current == &v) start_warp_timer(p, now);
  }
  static void start_warp_timer(Processor& p, Time now) {
    const Vcpu& v = *p.current;
    const bool limited = v.warped && v.warp_limit > Time{};
    p.warp_timer = limited ? now + std::max(Time{}, v.warp_limit - v.warp_spent) : never;
  }

  Time ctx_allow_;
  std::vector<Processor> processors_;
  VcpuTable<Vcpu> vcpus_;
};

std::string Bvt::audit() const {
  std::vector<std::size_t> queued(processors_.size());
  for (const Vcpu& v : vcpus_) {
    if (!v.id.valid()) continue;
    const Processor& p = processors_[v.cpu.value];
    if (v.remainder >= v.weight) return fmt::format("vCPU {}: remainder not below weight", v.id.value);
    if (v.warped && p.unwarp_timer.contains(v)) {
      return fmt::format("vCPU {} is warped and in the unwarp timers", v.id.value);
    }
    if (!p.queue.contains(v)) continue;
    ++queued[v.cpu.value];
    if (&v == p.current) return fmt::format("vCPU {} is current and queued", v.id.value);
    if (p.queue.avt(v) != v.avt || p.queue.evt(v) != evt(v)) {
      return fmt::format("vCPU {}: A {}, E {} in its record; {}, {} in the queue", v.id.value, v.avt, evt(v),
                         p.queue.avt(v), p.queue.evt(v));
    }
    if (v.avt < p.svt) return fmt::format("vCPU {}: A {} below SVT {}", v.id.value, v.avt, p.svt);
  }
  for (std::size_t cpu = 0; cpu < processors_.size(); ++cpu) {
    const Processor& p = processors_[cpu];
    if (!p.queue.consistent()) return fmt::format("processor {}: queue out of order", cpu);
    if (p.queue.size() != queued[cpu]) {
      return fmt::format("processor {}: {} queued, but {} records say so", cpu, p.queue.size(), queued[cpu]);
    }
    if (!p.unwarp_timer.consistent()) return fmt::format("processor {}: unwarp timers out of order", cpu);
  }
  return {};
}

const RegisterScheduler<Bvt, BvtParameters> registered{
    "bvt", "borrowed virtual time as published (Duda & Cheriton 1999)", parameters};

}  // namespace
}  // namespace xensim
