/// `bvt-xen2`: the scheduler of Xen 2.0.
///
/// Modelled: see bvt_xen.hpp; warping with its two timers; and a waking vCPU that preempts at once
/// unless the current one is due first by effective virtual time. As coded: the limit on a warp starts
/// anew with every pass, so it binds only if shorter than a slice; a vCPU in the queue keeps its place
/// when its warp starts or ends; and a warp that must not be followed by a pause is not followed by
/// another warp at all.
/// A warp in time is worth the virtual time that running so long costs the vCPU, in whole MCUs; Xen's own
/// knob is that virtual time.
/// Left out: migration between processors; Xen 2.0's ticks. Domains have the timer events of the platform,
/// which wake all that are blocked; Xen 2.0 sends them to the running domain only.
/// Source: Xen 2.0's scheduler, from a description.
#include <algorithm>

#include "models/cpu/schedulers/bvt_xen.hpp"

namespace xensim {
namespace {

class BvtXen2 final : public BvtXen {
 public:
  using BvtXen::BvtXen;

  void adjust(VcpuId vcpu, const SchedulingShare& share, Time) override {
    Vcpu& v = at(vcpu);
    Processor& p = on(v.cpu);
    v.mcu_advance = mcu_advance(share);
    v.warpback = v.warp = share.warp > Time{};
    v.warp_value = static_cast<std::uint32_t>(
        std::min<std::int64_t>(share.warp / mcu, INT32_MAX / v.mcu_advance) * v.mcu_advance);
    v.warpl = std::min(share.warp_limit, never / 4);  // so that sums do not overflow
    v.warpu = std::min(share.unwarp_requirement, never / 4);
    if (p.unwarp_timer.contains(v)) p.unwarp_timer.erase(v);
    if (!v.warpback && p.current == &v) p.warp_timer = never;
  }

  [[nodiscard]] Time wake(VcpuId vcpu, Time now) override {
    Vcpu& v = at(vcpu);
    Processor& p = on(v.cpu);
    v.avt = std::max(v.avt, p.svt);
    const VirtualTime woken = evt(v, v.avt);
    p.queue.push_front(v, woken, v.avt);
    if (!p.current) return now;
    const VirtualTime lead = woken - evt(*p.current, avt_at(p, now));
    if (lead <= 0) return now;
    const Time due = p.since + std::chrono::nanoseconds{lead / p.current->mcu_advance} + ctx_allow();
    if (p.slice_end <= due) return never;
    return p.slice_end = due;
  }

  [[nodiscard]] Time deadline(CpuId cpu) const override {
    const Processor& p = on(cpu);
    return p.unwarp_timer.empty() ? p.warp_timer
                                  : std::min(p.warp_timer, p.unwarp_timer.key(*p.unwarp_timer.first()));
  }

  [[nodiscard]] Time expire(CpuId cpu, Time now) override {
    Processor& p = on(cpu);
    Time pass = never;
    if (p.warp_timer <= now) {
      p.warp_timer = never;
      Vcpu& v = *p.current;
      v.warp = false;
      if (v.warpu == Time{}) {
        v.warpback = false;
        pass = now;
      } else {
        p.unwarp_timer.push(v, now + v.warpu);
      }
    }
    while (!p.unwarp_timer.empty() && p.unwarp_timer.key(*p.unwarp_timer.first()) <= now) {
      Vcpu& v = *p.unwarp_timer.first();
      p.unwarp_timer.erase(v);
      v.warp = true;
      pass = now;
    }
    return pass;
  }
};

const RegisterScheduler<BvtXen2, BvtXenParameters> registered{
    "bvt-xen2",
    "borrowed virtual time as coded in Xen 2.0 (2004); weights to 100, as 100/weight rounded down",
    BvtXenParameters::table()};

}  // namespace
}  // namespace xensim
