/// What the borrowed-virtual-time schedulers shipped with Xen 1.0 and Xen 2.0 have in common.
///
/// Modelled, as coded and not as intended where the two differ:
/// - virtual time in MCUs of 100 us, every run rounded up to whole ones, `mcu_advance` units each: 100/weight
///   rounded down, so that only weights that divide 100 are in proportion, and none above 100 is accepted;
/// - the run queue is a list that holds the idle task too; the scan prefers the earlier of equals, a
///   waking vCPU goes to the head and a preempted one to the tail;
/// - the slice is the lead of the next but one in MCUs *added as if these were nanoseconds* to the
///   context-switch allowance: about 5 ms with company, 50 ms alone;
/// - unsigned 32-bit virtual times, brought down together when the scheduler's reaches 0xf0000000 (after
///   11 hours at weight 10). A vCPU asleep since before has its own wrapped round, and so gets ahead.
/// Left out: the unsigned wrap of an effective virtual time that a warp would take below zero, which a
/// real host leaves behind within its first second.
/// Source: Xen's scheduler as of 1.0 (October 2003) and 2.0 (November 2004), from a description.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "core/parameter.hpp"
#include "models/cpu/schedulers/bvt_queue.hpp"
#include "models/cpu/schedulers/scheduler.hpp"

namespace xensim {

struct BvtXenParameters {
  Time ctx_allow = 5ms;

  [[nodiscard]] static ParameterTable<BvtXenParameters> table();
};

class BvtXen : public Scheduler {
 public:
  BvtXen(const BvtXenParameters& parameters, std::size_t cpus);

  void add(VcpuId vcpu, CpuId cpu, const SchedulingShare& share, Time now) override;
  void remove(VcpuId vcpu, Time now) override;
  [[nodiscard]] bool set_slice(Time slice) override {
    parameters_.ctx_allow = slice;
    return true;
  }
  void sleep(VcpuId vcpu, Time now) override;
  [[nodiscard]] Decision schedule(CpuId cpu, bool current_runnable, Time now) override;
  [[nodiscard]] std::string audit() const override;
  [[nodiscard]] static std::string share_limit(const SchedulingShare& share) {
    return share.weight > 100 ? "a weight of at most 100: virtual time has steps of 1/100" : "";
  }
  [[nodiscard]] static std::string share_remark(const SchedulingShare& share) {
    const std::int64_t advance = 100 / share.weight;
    return advance * share.weight == 100
               ? ""
               : fmt::format("a weight of {} counts as {:.4g}, since 100/weight is rounded down",
                             share.weight, 100.0 / static_cast<double>(advance));
  }

 protected:
  static constexpr Time mcu = 100us;

  struct Vcpu : BvtQueued {
    VcpuId id;  ///< invalid: there is no such vCPU
    CpuId cpu;
    std::uint32_t mcu_advance = 10;
    std::uint32_t avt = 0;
    std::uint32_t warp_value = 0;  ///< virtual time
    bool warpback = false;         ///< warping is enabled
    bool warp = false;             ///< and in force
    Time warpl{}, warpu{};
    std::uint32_t unwarp_slot = UINT32_MAX;
  };
  struct Processor {
    BvtQueue<Vcpu> queue;                                      ///< runnable, but for the current
    IndexedHeap<Time, Vcpu, &Vcpu::unwarp_slot> unwarp_timer;  ///< those that will warp again
    Time warp_timer = never;                                   ///< the end of the current's warp
    Vcpu* current = nullptr;                                   ///< null: idle
    Time since{};                                              ///< when it was chosen (lastschd)
    Time slice_end = never;                                    ///< s_timer
    std::uint32_t svt = 0;
  };

  [[nodiscard]] Vcpu& at(VcpuId vcpu) { return vcpus_[vcpu.value]; }
  [[nodiscard]] Processor& on(CpuId cpu) { return processors_[cpu.value]; }
  [[nodiscard]] const Processor& on(CpuId cpu) const { return processors_[cpu.value]; }
  [[nodiscard]] Time ctx_allow() const { return parameters_.ctx_allow; }

  [[nodiscard]] static std::uint32_t mcu_advance(const SchedulingShare& share);
  /// The actual virtual time of the current vCPU, its run so far rounded up.
  [[nodiscard]] static std::uint32_t avt_at(const Processor& processor, Time now);

  /// Of a vCPU whose actual virtual time is `avt`.
  [[nodiscard]] static VirtualTime evt(const Vcpu& vcpu, std::uint32_t avt) {
    return vcpu.warp ? VirtualTime{avt} - vcpu.warp_value : avt;
  }

 private:
  void bring_down(Processor& processor);

  BvtXenParameters parameters_;
  std::vector<Processor> processors_;
  std::deque<Vcpu> vcpus_;  // addresses must stay
};

}  // namespace xensim
