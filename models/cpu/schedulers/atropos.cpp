/// `atropos`: reservations by earliest deadline first, as in Xen 2.0.
///
/// A share reserves a slice in each period. Without one domain 0 (the first vCPU) has 15 ms in 20 ms and a
/// latency of 5 ms, any other 10 ms in 10 s.
/// Modelled, as coded:
/// - a vCPU that has some of its slice left runs by deadline; one that has none waits for its next period;
/// - when nobody runs by deadline those that wait may run all the same: first one that woke before its
///   deadline with some of its slice left, then those with extra time in turn, 5 ms each. Which is next is
///   one index into the waiting queue for all processors, though that queue changes in between;
/// - whatever runs is charged to the slice, extra time too, and a debt is carried into the next periods. So
///   who used much extra time has lost its reservation, until the debt is paid. A vCPU that blocks is not
///   charged for that turn;
/// - one that wakes after its deadline begins a period as short as its latency, with a part of its slice;
///   each further period is twice as long, until it has its own again;
/// - a wake-up asks for no pass: it is noticed when the slice ends, on an idle processor within 5 ms;
/// - no slice is shorter than 5 ms, whatever was reserved. Weights are ignored. A new share holds from the
///   next long sleep on, or from the next period if that is of another length.
/// With `as_coded` a vCPU that has waited for its next period goes on waiting, and lives on extra time: a
/// fault of Xen 2.0 as shipped, not of the scheduler's first version. Left out: Xen 2.0's ticks. Domains have
/// the timer events of the platform, which wake all that are blocked; Xen 2.0 sends them to the running
/// domain only. Choice where the description is silent: an idle processor is looked at every 5 ms, and a
/// search that finds nobody begins anew at the next pass. Source: Xen 2.0's scheduler (November 2004) and its
/// first version (March 2004), from a description.
#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "models/cpu/schedulers/scheduler.hpp"
#include "models/cpu/schedulers/vcpu_table.hpp"

namespace xensim {
namespace {

struct AtroposParameters {
  Time quantum = 5ms;
  bool as_coded = false;
};
const auto parameters =
    ParameterTable<AtroposParameters>{}
        .add("quantum", &AtroposParameters::quantum, "shortest slice, and turn in extra time", "Xen 2.0",
             {.minimum = 10us, .maximum = Time{1s}})
        .add("as_coded", &AtroposParameters::as_coded,
             "one that waits for its period has only extra time from then on", "Xen 2.0 as shipped");

class Atropos final : public Scheduler {
 public:
  Atropos(const AtroposParameters& chosen, std::size_t cpus) : chosen_(chosen), processors_(cpus) {}

  void add(VcpuId vcpu, CpuId cpu, const SchedulingShare& share, Time now) override {
    Vcpu& v = vcpus_.add(vcpu);
    v = Vcpu{};
    v.id = vcpu;
    v.cpu = cpu;
    v.deadline = now;
    take_share(v, share);
    v.period = v.own_period;
    v.slice = v.own_slice;
    if (vcpu.value == 0) v.left = v.slice;
  }

  void remove(VcpuId vcpu, Time) override {
    leave(vcpus_[vcpu]);
    vcpus_[vcpu].id = {};
  }

  void adjust(VcpuId vcpu, const SchedulingShare& share, Time) override { take_share(vcpus_[vcpu], share); }

  [[nodiscard]] Time wake(VcpuId vcpu, Time now) override {
    Vcpu& v = vcpus_[vcpu];
    if (v.deadline < now) {
      v.deadline = now + v.latency;
      v.slice = v.own_slice / (v.own_period / v.latency);
      v.period = v.latency;
      v.left = v.slice;
      v.state = v.left > Time{} || chosen_.as_coded ? State::ready : State::waiting;
    } else {
      v.state = v.left > Time{} ? State::woken : State::waiting;
    }
    enter(v);
    return processors_[v.cpu.value].next_pass;
  }

  void sleep(VcpuId vcpu, Time) override { leave(vcpus_[vcpu]); }

  [[nodiscard]] Decision schedule(CpuId cpu, bool current_runnable, Time now) override {
    Processor& p = processors_[cpu.value];
    scanned_ = 0;
    if (Vcpu* const v = p.current) {
      leave(*v);
      if (current_runnable) {
        v->left -= now - p.since;
        if (v->left <= Time{}) v->state = State::waiting;
        enter(*v);
      }
    }
    while (!p.waiting.empty() && p.waiting.front()->deadline <= now) begin_period(*p.waiting.front());
    const Decision decision = choose(p, now);
    p.since = now;
    p.next_pass = now + decision.slice;
    return decision;
  }

  [[nodiscard]] bool work_conserving() const override { return false; }
  [[nodiscard]] std::string audit() const override;

 private:
  enum class State : std::uint8_t { ready, woken, waiting };
  static constexpr Time domain0_period = 20ms, domain0_slice = 15ms, domain0_latency = 5ms;
  static constexpr Time default_period = 10s, default_slice = 10ms;

  struct Vcpu {
    VcpuId id;  ///< invalid: there is no such vCPU
    CpuId cpu;
    Time own_period{}, own_slice{}, latency{};  ///< of its share
    bool extra_time = false;
    Time period{}, slice{};  ///< at present
    Time deadline{};
    Time left{};  ///< of the slice; negative: a debt
    State state = State::ready;
    bool queued = false;
  };
  /// A running vCPU stays in its queue.
  struct Processor {
    std::vector<Vcpu*> ready, waiting;  ///< by deadline
    Vcpu* current = nullptr;            ///< null: idle
    Time since{}, next_pass{};
  };

  [[nodiscard]] std::vector<Vcpu*>& queue_of(const Vcpu& v) {
    Processor& p = processors_[v.cpu.value];
    return v.state == State::ready ? p.ready : p.waiting;
  }

  static void take_share(Vcpu& v, const SchedulingShare& share) {
    v.extra_time = share.extra_time;
    if (share.period > Time{}) {
      v.own_period = share.period;
      v.own_slice = std::min(share.slice, share.period);
      v.latency = share.latency > Time{} ? std::min(share.latency, share.period) : share.period;
    } else if (v.id.value == 0) {
      v.own_period = domain0_period;
      v.own_slice = domain0_slice;
      v.latency = domain0_latency;
    } else {
      v.own_period = v.latency = default_period;
      v.own_slice = default_slice;
    }
  }

  /// Equals stand in the order in which they came.
  void enter(Vcpu& v) {
    std::vector<Vcpu*>& queue = queue_of(v);
    const auto later = [&v](const Vcpu* other) { return other->deadline > v.deadline; };
    const auto place = std::ranges::find_if(queue, later);
    scanned_ += static_cast<std::uint32_t>(place - queue.begin()) + 1;
    queue.insert(place, &v);
    v.queued = true;
  }
  void leave(Vcpu& v) {
    if (!std::exchange(v.queued, false)) return;
    std::erase(queue_of(v), &v);
  }

  /// Of one that waits.
  void begin_period(Vcpu& v) {
    leave(v);
    if (v.period != v.own_period) {
      v.slice *= 2;
      v.period *= 2;
      if (v.period > v.own_period) {
        v.slice = v.own_slice;
        v.period = v.own_period;
      }
    }
    v.left = v.left > Time{} ? v.slice : v.left + v.slice;
    v.deadline += v.period;
    if (v.left <= Time{}) {
      v.state = State::waiting;
    } else if (!chosen_.as_coded) {
      v.state = State::ready;
    }
    enter(v);
  }

  [[nodiscard]] Decision choose(Processor& p, Time now) {
    Time until = now;
    p.current = nullptr;
    if (!p.ready.empty()) {
      p.current = p.ready.front();
      until += p.current->left;
    } else if (const auto woken = std::ranges::find(p.waiting, State::woken, &Vcpu::state);
               woken != p.waiting.end()) {
      p.current = *woken;
      until += p.current->left;
    } else if (!p.waiting.empty()) {
      p.current = next_in_turn(p.waiting);
      until += chosen_.quantum;
    }
    if (!p.waiting.empty()) until = std::min(until, p.waiting.front()->deadline);
    Decision decision;
    if (p.current != nullptr) decision.next = p.current->id;
    decision.slice = std::max(until - now, chosen_.quantum);
    decision.scanned = scanned_ + 1;
    return decision;
  }

  /// Null: nobody from the index on.
  [[nodiscard]] Vcpu* next_in_turn(const std::vector<Vcpu*>& waiting) {
    if (turn_ >= waiting.size()) turn_ = 0;
    while (turn_ < waiting.size()) {
      Vcpu* const candidate = waiting[turn_++];
      ++scanned_;
      if (candidate->extra_time) return candidate;
    }
    return nullptr;
  }

  AtroposParameters chosen_;
  std::vector<Processor> processors_;
  VcpuTable<Vcpu> vcpus_;
  std::size_t turn_ = 0;
  std::uint32_t scanned_ = 0;
};

std::string Atropos::audit() const {
  std::vector<std::size_t> ready(processors_.size()), waiting(processors_.size());
  for (const Vcpu& v : vcpus_) {
    if (!v.id.valid() || !v.queued) continue;
    ++(v.state == State::ready ? ready : waiting)[v.cpu.value];
  }
  for (std::size_t cpu = 0; cpu < processors_.size(); ++cpu) {
    const Processor& p = processors_[cpu];
    if (!std::ranges::is_sorted(p.ready, {}, &Vcpu::deadline) ||
        !std::ranges::is_sorted(p.waiting, {}, &Vcpu::deadline)) {
      return fmt::format("processor {}: a queue out of order", cpu);
    }
    if (p.ready.size() != ready[cpu] || p.waiting.size() != waiting[cpu]) {
      return fmt::format("processor {}: queues and records differ", cpu);
    }
  }
  return {};
}

const RegisterScheduler<Atropos, AtroposParameters> registered{
    "atropos", "earliest deadline first with reservations and extra time, as in Xen 2.0 (2004)", parameters};

}  // namespace
}  // namespace xensim
