/// `sedf`: simple earliest deadline first, the default scheduler of Xen 3.0.
///
/// A share reserves a slice of processor time in each period; time that no reservation needs is extra time.
/// Modelled, as coded and not as intended where the two differ:
/// - reservations run by deadline, each with its slice until the period ends. Without a period domain 0 (the
///   first vCPU) has 15 ms in 20 ms; any other has a period of 100 ms and no slice, so it lives on extra
///   time;
/// - extra time is given in quanta, first to vCPUs that lost some of their slice by blocking, then to the one
///   of the lowest score. A quantum sets the score to period/slice, or, of a vCPU without slice, to 128 at
///   weight 10 and in inverse proportion to the weight (there: to its `extraweight`, 1); the score that it
///   had is taken from all others';
/// - so domain 0, with a score of 1.33, has 96 quanta for each of another's that has the default weight;
/// - before the next period begins, less than a quantum is left idle;
/// - one that wakes before its deadline waits for the next period but may have what it lost as extra time;
///   one that wakes later begins a period at once.
/// The weight of a vCPU with a reservation has no effect. That of one with neither period nor extra time is a
/// share of what the reservations on its processor leave of 95 ms in each 100 ms; if that is nothing, it
/// never runs. Reservations of more than a processor are accepted, and then missed. Left out: `latency`,
/// which has no effect in Xen 3.0 as built; what becomes of queues whose order a change of shares upsets
/// (here it is restored); the timer events of Xen 3.0 (here the platform's, which wake all that are blocked).
/// Source: Xen 3.0's scheduler (December 2005), from a description.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <utility>
#include <vector>

#include "models/cpu/schedulers/scheduler.hpp"
#include "models/cpu/schedulers/vcpu_table.hpp"

namespace xensim {
namespace {

struct SedfParameters {
  Time extra_quantum = 500us;
};
const auto parameters = ParameterTable<SedfParameters>{}.add(
    "extra_quantum", &SedfParameters::extra_quantum, "turn of a vCPU that runs in extra time", "Xen 3.0",
    {.minimum = 10us, .maximum = Time{1s}});

class Sedf final : public Scheduler {
 public:
  Sedf(const SedfParameters& chosen, std::size_t cpus) : quantum_(chosen.extra_quantum), processors_(cpus) {}

  void add(VcpuId vcpu, CpuId cpu, const SchedulingShare& share, Time) override {
    Vcpu& v = vcpus_.add(vcpu);
    v = Vcpu{};
    v.id = vcpu;
    v.cpu = cpu;
    take_share(v, share);
  }

  void remove(VcpuId vcpu, Time) override {
    Vcpu& v = vcpus_[vcpu];
    leave_all(v);
    weigh(v, 0);
    v.id = {};
    divide_by_weight(v.cpu);
  }

  void adjust(VcpuId vcpu, const SchedulingShare& share, Time) override {
    Vcpu& v = vcpus_[vcpu];
    take_share(v, share);
    if (v.queue == Queue::none) return;
    enter(v, v.queue);
    if (!v.extra_time) leave_extra(v, utilisation);
    if (v.extra_time && !v.in_extra[utilisation]) enter_extra(v, utilisation, 0);
  }

  [[nodiscard]] Time wake(VcpuId vcpu, Time now) override {
    Vcpu& v = vcpus_[vcpu];
    if (v.deadline == Time{}) v.deadline = now + v.slice;
    if (now < v.begin()) {
      if (v.compensated) enter_extra(v, penalty, 0);
    } else if (now < v.deadline) {
      v.deadline += v.period;
      if (v.blocked) compensate(v);
      v.used = {};
    } else {
      v.deadline = now + v.period;
      v.used = {};
    }
    if (v.extra_time) enter_extra(v, utilisation, 0);
    enter(v, v.begin() > now ? Queue::waiting : Queue::ready);
    return preempts(on(v.cpu), v) ? now : never;
  }

  void sleep(VcpuId vcpu, Time) override { leave_all(vcpus_[vcpu]); }

  [[nodiscard]] Decision schedule(CpuId cpu, bool current_runnable, Time now) override {
    Processor& p = on(cpu);
    scanned_ = 0;
    if (Vcpu* const v = p.current) {
      if (!current_runnable) v->blocked = true;
      if (p.turn == Turn::reserved) {
        end_reserved(*v, now - p.since, current_runnable);
      } else {
        end_extra(*v, p.turn == Turn::penalty ? penalty : utilisation, now - p.since, current_runnable);
      }
    }
    begin_periods(p, now);
    Decision decision = choose(p, now);
    decision.slice = std::max(decision.slice, Time{1ns});
    decision.scanned = scanned_ + 1;
    p.since = now;
    p.slice_end = now + decision.slice;
    return decision;
  }

  [[nodiscard]] bool work_conserving() const override { return false; }
  [[nodiscard]] std::string audit() const override;

 private:
  enum class Queue : std::uint8_t { none, ready, waiting };
  enum class Turn : std::uint8_t { reserved, penalty, utilisation };
  static constexpr std::size_t penalty = 0, utilisation = 1;  ///< the queues for extra time

  static constexpr Time domain0_period = 20ms, domain0_slice = 15ms;
  static constexpr Time weight_period = 100ms, weight_safety = 5ms;
  static constexpr std::int64_t score_of_weight_1 = 10 << 17;  ///< the default weight, 10, is extraweight 1

  struct Vcpu {
    VcpuId id;  ///< invalid: there is no such vCPU
    CpuId cpu;
    Time period{}, slice{};
    bool extra_time = false;
    std::int64_t extra_weight = 0;  ///< 0: its score goes by its reservation
    std::int64_t weight = 0;        ///< 0: its slice is given
    Time deadline{};                ///< the end of its period
    Time used{};                    ///< of its slice
    Time lost{};                    ///< of slices by blocking
    bool compensated = false;       ///< for that
    bool blocked = false;           ///< has ever
    std::array<std::int64_t, 2> score{};
    Queue queue = Queue::none;
    std::array<bool, 2> in_extra{};

    [[nodiscard]] Time begin() const { return deadline - period; }
  };
  /// A running vCPU stays in its queues.
  struct Processor {
    std::vector<Vcpu*> ready;                     ///< their periods have begun; by deadline
    std::vector<Vcpu*> waiting;                   ///< for their periods to begin; by that
    std::array<std::vector<Vcpu*>, 2> for_extra;  ///< by score
    Vcpu* current = nullptr;                      ///< null: idle
    Turn turn = Turn::reserved;
    Time since{}, slice_end{};
    std::int64_t weights = 0;  ///< of those whose slices go by it
  };

  [[nodiscard]] Processor& on(CpuId cpu) { return processors_[cpu.value]; }
  [[nodiscard]] static std::int64_t relative(Time period, Time part) {
    return (period.count() << 10) / std::max<std::int64_t>(part.count(), 1);
  }
  /// `from` or later, by whole periods and not before `now`.
  [[nodiscard]] static Time not_before(Time now, Time from, Time period) {
    return from < now ? from + (now - from + period - Time{1}) / period * period : from;
  }

  void take_share(Vcpu& v, const SchedulingShare& share) {
    v.extra_time = share.extra_time;
    v.extra_weight = 0;
    weigh(v, 0);
    if (share.period > Time{}) {
      v.period = share.period;
      v.slice = std::min(share.slice, share.period);
    } else if (v.id.value == 0) {
      v.period = domain0_period;
      v.slice = domain0_slice;
    } else {
      v.period = weight_period;
      v.slice = {};
      if (v.extra_time) {
        v.extra_weight = share.weight;
      } else {
        weigh(v, share.weight);
      }
    }
    divide_by_weight(v.cpu);
  }
  void weigh(Vcpu& v, std::int64_t weight) {
    on(v.cpu).weights += weight - v.weight;
    v.weight = weight;
  }

  /// What reservations leave is divided among those whose slices go by weight. O(vCPUs) if there are such.
  void divide_by_weight(CpuId cpu) {
    const std::int64_t weights = on(cpu).weights;
    if (weights == 0) return;
    const auto here = [cpu](const Vcpu& v) { return v.id.valid() && v.cpu == cpu; };
    double reserved = 0;
    for (const Vcpu& v : vcpus_) {
      if (here(v) && v.weight == 0) reserved += to_seconds(v.slice) / to_seconds(v.period);
    }
    const Time needed{static_cast<std::int64_t>(reserved * static_cast<double>(weight_period.count()))};
    const Time left = std::max(Time{}, weight_period - weight_safety - needed);
    for (Vcpu& v : vcpus_) {
      if (here(v) && v.weight > 0) v.slice = left * v.weight / weights;
    }
  }

  // --- The queues. Equals are served in the order in which they came.

  /// How many others stand before it.
  template <class Key>
  static std::uint32_t insert(std::vector<Vcpu*>& queue, Vcpu& v, Key key) {
    const auto later = [&](const Vcpu* other) { return std::invoke(key, *other) > std::invoke(key, v); };
    const auto place = std::ranges::find_if(queue, later);
    const auto before = static_cast<std::uint32_t>(place - queue.begin());
    queue.insert(place, &v);
    return before;
  }
  void enter(Vcpu& v, Queue queue) {
    leave(v);
    v.queue = queue;
    if (queue == Queue::ready) {
      scanned_ += insert(on(v.cpu).ready, v, &Vcpu::deadline) + 1;
    } else {
      scanned_ += insert(on(v.cpu).waiting, v, &Vcpu::begin) + 1;
    }
  }
  void leave(Vcpu& v) {
    if (v.queue == Queue::none) return;
    std::erase(v.queue == Queue::ready ? on(v.cpu).ready : on(v.cpu).waiting, &v);
    v.queue = Queue::none;
  }
  /// The scores of the others there fall by `less`.
  void enter_extra(Vcpu& v, std::size_t which, std::int64_t less) {
    leave_extra(v, which);
    std::vector<Vcpu*>& queue = on(v.cpu).for_extra[which];
    for (Vcpu* const other : queue) other->score[which] -= less;
    scanned_ += static_cast<std::uint32_t>(queue.size()) + 1;
    insert(queue, v, [which](const Vcpu& other) { return other.score[which]; });
    v.in_extra[which] = true;
  }
  void leave_extra(Vcpu& v, std::size_t which) {
    if (std::exchange(v.in_extra[which], false)) std::erase(on(v.cpu).for_extra[which], &v);
  }
  void leave_all(Vcpu& v) {
    leave(v);
    leave_extra(v, penalty);
    leave_extra(v, utilisation);
  }

  // --- The ends of turns.

  void end_reserved(Vcpu& v, Time ran, bool runnable) {
    v.used += ran;
    if (v.used < v.slice && runnable) return;
    if (v.used >= v.slice) {
      v.used -= v.slice;
      v.deadline += v.period;
    }
    if (runnable) {
      enter(v, Queue::waiting);
    } else {
      leave_all(v);
    }
  }

  void end_extra(Vcpu& v, std::size_t which, Time ran, bool runnable) {
    v.used = {};
    leave_extra(v, which);
    const std::int64_t old = v.score[which];
    if (which == penalty) {
      v.lost = std::max(Time{}, v.lost - ran);
      v.compensated = v.lost > Time{};
      if (v.compensated) v.score[penalty] = relative(v.period, v.lost);
    } else {
      v.score[utilisation] =
          v.extra_weight > 0 ? score_of_weight_1 / v.extra_weight : relative(v.period, v.slice);
    }
    if (!runnable) {
      leave_all(v);
    } else if (which == penalty && v.compensated) {
      enter_extra(v, penalty, 0);
    } else if (which == utilisation && v.extra_time) {
      enter_extra(v, utilisation, old);
    }
  }

  void compensate(Vcpu& v) {
    v.lost = std::max(Time{}, v.slice - v.used);
    if (v.lost == Time{}) return;
    v.score[penalty] = relative(v.period, v.lost);
    v.compensated = true;
    enter_extra(v, penalty, 0);
  }

  // --- The beginnings.

  void begin_periods(Processor& p, Time now) {
    while (!p.waiting.empty() && p.waiting.front()->begin() <= now) enter(*p.waiting.front(), Queue::ready);
    while (!p.ready.empty()) {
      Vcpu& v = *p.ready.front();
      if (v.slice == Time{}) {
        v.deadline = not_before(now, v.deadline, v.period) + v.period;
        enter(v, Queue::waiting);
      } else if (v.deadline < now || v.used > v.slice) {
        v.deadline = not_before(now, v.deadline + v.period, v.period);
        v.used = {};
        enter(v, v.begin() > now ? Queue::waiting : Queue::ready);
      } else {
        return;
      }
    }
  }

  [[nodiscard]] Decision choose(Processor& p, Time now) {
    p.current = nullptr;
    const Time period_begins = p.waiting.empty() ? never : p.waiting.front()->begin();
    if (!p.ready.empty()) {
      p.current = p.ready.front();
      p.turn = Turn::reserved;
      const Time left = p.current->slice - p.current->used;
      return {.next = p.current->id, .slice = std::min(left, period_begins - now)};
    }
    if (p.waiting.empty()) return {.next = {}, .slice = 1s};
    if (period_begins - now >= quantum_) {
      for (const std::size_t which : {penalty, utilisation}) {
        if (p.for_extra[which].empty()) continue;
        p.current = p.for_extra[which].front();
        p.turn = which == penalty ? Turn::penalty : Turn::utilisation;
        return {.next = p.current->id, .slice = quantum_};
      }
    }
    return {.next = {}, .slice = period_begins - now};
  }

  [[nodiscard]] static bool preempts(const Processor& p, const Vcpu& v) {
    if (p.current == nullptr || v.begin() < p.slice_end) return true;
    if (p.turn == Turn::reserved || !v.compensated) return false;
    return p.turn == Turn::utilisation || v.score[penalty] < p.current->score[penalty];
  }

  Time quantum_;
  std::vector<Processor> processors_;
  VcpuTable<Vcpu> vcpus_;
  std::uint32_t scanned_ = 0;
};

std::string Sedf::audit() const {
  std::vector<std::array<std::size_t, 4>> expected(processors_.size());
  for (const Vcpu& v : vcpus_) {
    if (!v.id.valid()) continue;
    auto& counts = expected[v.cpu.value];
    counts[0] += v.queue == Queue::ready ? 1 : 0;
    counts[1] += v.queue == Queue::waiting ? 1 : 0;
    for (const std::size_t which : {penalty, utilisation}) {
      if (!v.in_extra[which]) continue;
      ++counts[2 + which];
      if (v.queue == Queue::none) return fmt::format("vCPU {} is to have extra time asleep", v.id.value);
    }
    if (v.in_extra[penalty] && !v.compensated) return fmt::format("vCPU {} has lost nothing", v.id.value);
    if (v.slice > v.period) return fmt::format("vCPU {}: slice above period", v.id.value);
  }
  for (std::size_t cpu = 0; cpu < processors_.size(); ++cpu) {
    const Processor& p = processors_[cpu];
    const auto sorted = [](const std::vector<Vcpu*>& queue, auto key) {
      return std::ranges::is_sorted(queue, {}, [&](const Vcpu* v) { return std::invoke(key, *v); });
    };
    bool in_order = sorted(p.ready, &Vcpu::deadline) && sorted(p.waiting, &Vcpu::begin);
    for (const std::size_t which : {penalty, utilisation}) {
      in_order = in_order && sorted(p.for_extra[which], [which](const Vcpu& v) { return v.score[which]; });
    }
    if (!in_order) return fmt::format("processor {}: a queue out of order", cpu);
    const std::array<std::size_t, 4> found{p.ready.size(), p.waiting.size(), p.for_extra[penalty].size(),
                                           p.for_extra[utilisation].size()};
    if (found != expected[cpu]) return fmt::format("processor {}: queues and records differ", cpu);
  }
  return {};
}

const RegisterScheduler<Sedf, SedfParameters> registered{
    "sedf", "earliest deadline first with reservations and extra time, as coded in Xen 3.0 (2005)",
    parameters};

}  // namespace
}  // namespace xensim
