/// What a scheduling policy must do. One policy is one file that registers itself by name.
///
/// A policy is pure: it has no clock, charges no time and switches nothing. It is told what happened
/// and answers what to do; the monitor (models/host) does it and charges for it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "core/ids.hpp"
#include "core/random.hpp"
#include "core/registry.hpp"
#include "core/time.hpp"

namespace xensim {

/// A domain's claim on the processors, as the control plane sets it. Policies read what they know.
struct SchedulingShare {
  std::int64_t weight = 10;   ///< proportional share; BVT's mcu_advance is 100/weight
  Time period{};              ///< of a reservation: `slice` in each such time; 0 = the policy's default
  Time slice{};               ///< at most the period; 0 if that is
  Time latency{};             ///< first period after a long sleep: at most the period; 0 = the period
  bool extra_time = true;     ///< it may have what reservations leave over
  Time warp{};                ///< how much it may run on credit when warped; 0 = never. The virtual time
                              ///< that running so long costs it is Duda & Cheriton's W
  Time warp_limit{};          ///< longest real time at a stretch in warp (L); 0 = no limit
  Time unwarp_requirement{};  ///< least real time out of warp before the next (U)
  std::int64_t cap = 0;       ///< most of one processor, in percent; 0: no limit
};

/// The outcome of one scheduling pass on one processor.
struct Decision {
  VcpuId next;                ///< invalid: idle
  Time slice{};               ///< the pass repeats this long after `now`, unless asked for sooner
  std::uint32_t scanned = 0;  ///< queue entries that the modelled code looks at (their time is charged)
};

/// A scheduling policy over all processors of a host. A virtual processor is at home on the processor it was
/// added to; in a policy that `migrates`, on the one that chose it last.
///
/// The framework guarantees: `add` of a vCPU before anything else about it; `wake` only when not runnable;
/// `sleep` only when runnable and not running; a running vCPU that blocks is reported by `schedule` with
/// `current_runnable == false`; times never decrease; every pass that is asked for comes.
/// The policy guarantees: `schedule` chooses a vCPU that is runnable, is at home on this processor unless the
/// policy migrates, and runs on no other.
class Scheduler {
 public:
  Scheduler() = default;
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;
  virtual ~Scheduler() = default;

  /// First of all, on a host that runs: the numbers of a policy that draws lots. Each replication has others.
  virtual void draw_from(const RandomStream& random) { (void)random; }

  /// A new vCPU, not runnable yet. `vcpu.value` are dense and ascending, but may be skipped.
  virtual void add(VcpuId vcpu, CpuId cpu, const SchedulingShare& share, Time now) = 0;
  /// The vCPU is gone (it is not running).
  virtual void remove(VcpuId vcpu, Time now) = 0;
  virtual void adjust(VcpuId vcpu, const SchedulingShare& share, Time now) = 0;
  /// The operator sets the slice of all (of BVT: the context-switch allowance), from the next pass on.
  /// False: this policy has none.
  [[nodiscard]] virtual bool set_slice(Time slice) {
    (void)slice;
    return false;
  }

  /// `vcpu` became runnable. Returns when a pass is due on its processor because of it: a time <= now
  /// means at once, `never` means that what was due already suffices.
  [[nodiscard]] virtual Time wake(VcpuId vcpu, Time now) = 0;
  /// An event was marked for `vcpu`, runnable already (possibly waiting) and not running. As `wake`.
  [[nodiscard]] virtual Time event_marked(VcpuId vcpu, Time now) {
    (void)vcpu, (void)now;
    return never;
  }
  /// `vcpu`, runnable but not running, is no longer runnable.
  virtual void sleep(VcpuId vcpu, Time now) = 0;
  /// The running `vcpu` gives up its turn but stays runnable; `schedule` follows.
  virtual void yield(VcpuId vcpu, Time now) { (void)vcpu, (void)now; }

  /// One pass on `cpu`. `current_runnable` says whether the vCPU chosen last may go on.
  [[nodiscard]] virtual Decision schedule(CpuId cpu, bool current_runnable, Time now) = 0;

  /// Whether a vCPU may be chosen that is at home on another processor: it moves. Where it left its traces
  /// (caches, TLB, events, interfaces) is the framework's business.
  [[nodiscard]] virtual bool migrates() const { return false; }
  /// Processors, besides the one that it was about, on which a pass is due at once because of the last
  /// `wake`, `schedule` or `expire`. Holds until the next call.
  [[nodiscard]] virtual std::span<const CpuId> also_due() const { return {}; }

  /// The next timer of the policy itself on `cpu`, or `never`; at that time `expire` is called, which
  /// answers as `wake`.
  [[nodiscard]] virtual Time deadline(CpuId cpu) const {
    (void)cpu;
    return never;
  }
  [[nodiscard]] virtual Time expire(CpuId cpu, Time now) {
    (void)cpu, (void)now;
    return never;
  }

  /// Whether a processor is never idle while a vCPU waits for it. Policies with reservations may leave it so.
  [[nodiscard]] virtual bool work_conserving() const { return true; }

  /// Empty, or the first contradiction between the policy's own structures, naming both places.
  [[nodiscard]] virtual std::string audit() const { return {}; }
};

/// Policies by name; constructed for a number of processors.
extern template class Registry<Scheduler, std::size_t>;
using SchedulerRegistry = Registry<Scheduler, std::size_t>;

/// What a policy says of a share before a run, without being constructed; empty: nothing.
using ShareRule = std::string (*)(const SchedulingShare& share);
struct ShareRules {
  ShareRule limit = nullptr;   ///< what it could do, if it cannot do this
  ShareRule remark = nullptr;  ///< how what it does differs from what was asked for
};
void declare_shares(std::string_view policy, ShareRules of_policy);
[[nodiscard]] std::string share_limit(std::string_view policy, const SchedulingShare& share);
[[nodiscard]] std::string share_remark(std::string_view policy, const SchedulingShare& share);

/// As Register. A policy may have static functions `share_limit` and `share_remark` (see above).
template <class Policy, class Parameters>
struct RegisterScheduler : Register<Scheduler, Policy, Parameters, std::size_t> {
  RegisterScheduler(std::string_view name, std::string_view help, const ParameterTable<Parameters>& table)
      : Register<Scheduler, Policy, Parameters, std::size_t>(name, help, table) {
    ShareRules rules;
    if constexpr (requires(const SchedulingShare& share) { Policy::share_limit(share); }) {
      rules.limit = &Policy::share_limit;
    }
    if constexpr (requires(const SchedulingShare& share) { Policy::share_remark(share); }) {
      rules.remark = &Policy::share_remark;
    }
    declare_shares(name, rules);
  }
};

}  // namespace xensim
