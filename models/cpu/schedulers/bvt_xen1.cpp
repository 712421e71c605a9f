/// `bvt-xen1`: the scheduler of Xen 1.0, with which the 2003 evaluation was made.
///
/// Modelled: see bvt_xen.hpp; and that a wake-up, or an event for a vCPU that waits, does not compare
/// virtual times. It grants the current vCPU its allowance since it was chosen, then forces a pass.
/// A slice that ends within 50 us of that is left alone.
/// Left out: warping. The code has it, but its limits stay zero whatever is asked for, and a warp that
/// may last no time is never in force; so effective and actual virtual time are one.
/// Source: Xen 1.0's scheduler, from a description.
#include <algorithm>

#include "models/cpu/schedulers/bvt_xen.hpp"

namespace xensim {
namespace {

class BvtXen1 final : public BvtXen {
 public:
  using BvtXen::BvtXen;

  void adjust(VcpuId vcpu, const SchedulingShare& share, Time) override {
    at(vcpu).mcu_advance = mcu_advance(share);
  }

  [[nodiscard]] Time wake(VcpuId vcpu, Time now) override {
    Vcpu& v = at(vcpu);
    Processor& p = on(v.cpu);
    v.avt = std::max(v.avt, p.svt);
    p.queue.push_front(v, v.avt, v.avt);
    return reschedule(p, now);
  }

  [[nodiscard]] Time event_marked(VcpuId vcpu, Time now) override {
    return reschedule(on(at(vcpu).cpu), now);
  }

 private:
  static constexpr Time time_slop = 50us;

  [[nodiscard]] Time reschedule(Processor& p, Time now) const {
    const Time allowed = p.since + ctx_allow();
    if (!p.current || allowed <= now) return now;
    if (p.slice_end <= allowed + time_slop) return never;
    return p.slice_end = allowed;
  }
};

const RegisterScheduler<BvtXen1, BvtXenParameters> registered{
    "bvt-xen1",
    "borrowed virtual time as coded in Xen 1.0 (2003); weights to 100, as 100/weight rounded down",
    BvtXenParameters::table()};

}  // namespace
}  // namespace xensim
