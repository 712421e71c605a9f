/// `credit2`: Xen's second credit scheduler.
///
/// Modelled, as of Xen 4.17:
/// - a run queue for each socket, by credit, equals in the order queued. Who runs pays real time times the
///   greatest weight over its own, the remainder carried, to a floor of -10 ms. Once nobody of those next in
///   line has any left, all of the queue get 10 ms more, up to 10.5;
/// - a vCPU that wakes calls an idle processor, its own first; else the one whose current has least, if that
///   is less than its own by more than what a move is worth, and has run for the rate limit;
/// - a processor takes the first of the queue with more than its current has, and one that is at home on
///   another only if it has 0.5 ms more (who moves is given 0.05 for it). It runs until it has as much as
///   the next, 0.5 ms (or the rate limit) to 10 ms;
/// - who is displaced by another joins the queue when that one's turn is set (as its state is saved by then),
///   and calls another processor as one that wakes does. So the turn of the next is not cut by it;
///   `displaced_first` has it counted, as if it had joined before;
/// - caps: a budget for each 10 ms; who has used it up is parked until the next.
/// Where a rule would have a processor idle rather than take a vCPU whose credit lies at the floor, it takes
/// it. Left out: affinities; siblings of a processor; balancing of load between run queues, which have the
/// same vCPUs always (by default there is one only). Source: Xen 4.17, from a description.
#include <fmt/format.h>

#include <algorithm>
#include <boost/intrusive/list.hpp>
#include <utility>
#include <vector>

#include "models/cpu/schedulers/due_passes.hpp"
#include "models/cpu/schedulers/indexed_heap.hpp"
#include "models/cpu/schedulers/scheduler.hpp"
#include "models/cpu/schedulers/vcpu_table.hpp"

namespace xensim {
namespace {

struct Credit2Parameters {
  Time ratelimit = 1ms;
  std::int64_t processors_per_queue = 16;
  bool displaced_first = false;
};
const auto parameters =
    ParameterTable<Credit2Parameters>{}
        .add("ratelimit", &Credit2Parameters::ratelimit, "shortest turn; 0 s: 0.5 ms",
             "default and range of Xen 4.17", {.minimum = Time{}, .maximum = 500ms})
        .add("processors_per_queue", &Credit2Parameters::processors_per_queue,
             "that share a run queue: a socket's", "at most 16 in Xen 4.17", {.minimum = 1, .maximum = 16})
        .add("displaced_first", &Credit2Parameters::displaced_first,
             "a displaced vCPU stands in the queue before the next one's turn is set", "Xen 4.17: false");

class Credit2 final : public Scheduler {
 public:
  Credit2(const Credit2Parameters& chosen, std::size_t cpus)
      : parameters_(chosen),
        processors_(cpus),
        queues_((cpus - 1) / static_cast<std::size_t>(chosen.processors_per_queue) + 1) {
    for (std::size_t cpu = 0; cpu < cpus; ++cpu) {
      Queue& q = queues_[cpu / static_cast<std::size_t>(chosen.processors_per_queue)];
      q.first = std::min(q.first, cpu);
      q.last = cpu;
      processors_[cpu].queue = &q;
    }
  }

  void add(VcpuId vcpu, CpuId cpu, const SchedulingShare& share, Time now) override {
    Vcpu& v = vcpus_.add(vcpu);
    v.id = vcpu;
    v.cpu = cpu;
    queue_of(v).all.push_back(v);
    adjust(vcpu, share, now);
  }
  void remove(VcpuId vcpu, Time now) override {
    Vcpu& v = vcpus_[vcpu];
    Credit2::sleep(vcpu, now);
    v.Member::unlink();
    find_greatest_weight(queue_of(v));
  }
  void adjust(VcpuId vcpu, const SchedulingShare& share, Time now) override;
  [[nodiscard]] bool migrates() const override { return true; }
  [[nodiscard]] std::span<const CpuId> also_due() const override { return due_.others(); }

  [[nodiscard]] Time wake(VcpuId vcpu, Time now) override {
    due_.clear();
    Vcpu& v = vcpus_[vcpu];
    v.runnable = true;
    return_to_queue(v, now);
    // That the timer is set which ends its parking takes a pass here; in Xen it runs always.
    return parked(v) ? now : due_.answer(v.cpu, now);
  }
  void sleep(VcpuId vcpu, Time) override {
    Vcpu& v = vcpus_[vcpu];
    v.runnable = false;
    v.Queued::unlink();
    unpark(v);
  }
  void yield(VcpuId vcpu, Time) override { on(vcpus_[vcpu]).yields = true; }

  [[nodiscard]] Decision schedule(CpuId cpu, bool current_runnable, Time now) override;

  [[nodiscard]] Time deadline(CpuId cpu) const override {
    const auto& parked = processors_[cpu.value].parked;
    return parked.empty() ? never : parked.key(*parked.first());
  }
  [[nodiscard]] Time expire(CpuId cpu, Time now) override {
    due_.clear();
    Processor& p = processors_[cpu.value];
    while (!p.parked.empty() && p.parked.key(*p.parked.first()) <= now) {
      Vcpu& v = *p.parked.first();
      unpark(v);
      return_to_queue(v, now);
    }
    return due_.answer(cpu, now);
  }

  [[nodiscard]] std::string audit() const override;

 private:
  /// Credits are ns at the greatest weight.
  using Credits = std::int64_t;
  static constexpr Credits initial = 10'000'000, least = -10'000'000, idle_credit = least - 1,
                           most_carried = 500'000, move_resistance = 500'000, move_compensation = 50'000;
  static constexpr Time least_turn = 500us, longest_turn = 10ms, preemption_tolerance = 50us,
                        cap_period = 10ms;
  static constexpr std::int64_t max_weight = 65535;
  static constexpr Time longest_charge = 1h;  // so that products do not overflow

  using Mode = boost::intrusive::link_mode<boost::intrusive::auto_unlink>;
  using Queued = boost::intrusive::list_base_hook<boost::intrusive::tag<struct QueuedTag>, Mode>;
  using Member = boost::intrusive::list_base_hook<boost::intrusive::tag<struct MemberTag>, Mode>;
  struct Vcpu : Queued, Member {
    VcpuId id;
    CpuId cpu;
    std::int64_t weight = 1;
    Credits credit = initial;
    std::int64_t remainder = 0;  ///< of the last division, in ns times the greatest weight
    Time paid_until{};           ///< while it runs
    bool runnable = false;       ///< running or waiting
    CpuId called;                ///< the processor that it called, as long as that has not come
    Time allowance{};            ///< of each period; 0: no cap
    Time budget{};               ///< left of this period's
    Time period{};               ///< beginning of the next
    std::uint32_t parked_slot = UINT32_MAX;
  };
  template <class Hook>
  using List = boost::intrusive::list<Vcpu, boost::intrusive::base_hook<Hook>,
                                      boost::intrusive::constant_time_size<false>>;
  struct Queue {
    List<Queued> waiting;  ///< by credit; not the current ones and the parked
    List<Member> all;
    std::int64_t greatest_weight = 1;
    std::size_t first = SIZE_MAX, last = 0;  ///< processors
  };
  struct Processor {
    Queue* queue = nullptr;
    Vcpu* current = nullptr;                             ///< null: idle
    Time since{};                                        ///< when the current began to run
    bool called = false;                                 ///< for somebody in the queue
    bool yields = false;                                 ///< the current does
    IndexedHeap<Time, Vcpu, &Vcpu::parked_slot> parked;  ///< by when they have a budget again
    std::uint32_t scanned = 0;                           ///< queue entries looked at since the last pass
  };

  [[nodiscard]] Processor& on(const Vcpu& v) { return processors_[v.cpu.value]; }
  [[nodiscard]] Queue& queue_of(const Vcpu& v) { return *on(v).queue; }
  [[nodiscard]] bool running(const Vcpu& v) { return on(v).current == &v; }
  [[nodiscard]] static Credits credit(const Vcpu* v) { return v != nullptr ? v->credit : idle_credit; }

  static void find_greatest_weight(Queue& q) {
    q.greatest_weight = 1;
    for (const Vcpu& v : q.all) q.greatest_weight = std::max(q.greatest_weight, v.weight);
  }
  void enqueue(Vcpu& v) {
    auto& waiting = queue_of(v).waiting;
    auto place = waiting.begin();
    for (; place != waiting.end() && place->credit >= v.credit; ++place) ++on(v).scanned;
    waiting.insert(place, v);
  }
  /// If it has a budget.
  void return_to_queue(Vcpu& v, Time now) {
    if (!has_budget(v, now)) return park(v);
    enqueue(v);
    tickle(v, now);
  }
  void burn(Vcpu& v, Time now);
  void tickle(Vcpu& v, Time now, const Processor* chooser = nullptr);
  void call(Vcpu& v, std::size_t cpu) {
    processors_[cpu].called = true;
    v.called = CpuId{static_cast<std::uint32_t>(cpu)};
    due_.ask(v.called);
  }
  [[nodiscard]] Vcpu* candidate(std::size_t cpu, bool current_runnable, Time now);
  void reset_credit(Queue& q, const Vcpu& next, Time now);
  [[nodiscard]] Time turn(const Processor& p, Time now) const;

  // Caps. A domain has one vCPU here: what is in the domain's pool is what it may have.
  [[nodiscard]] static bool has_budget(Vcpu& v, Time now) {
    if (v.allowance == Time{}) return true;
    if (now >= v.period) {
      const std::int64_t missed = (now - v.period) / cap_period + 1;
      v.period += missed * cap_period;
      v.budget = std::min(v.budget + std::min<std::int64_t>(missed, 1'000'000) * v.allowance, v.allowance);
    }
    return v.budget > Time{};
  }
  [[nodiscard]] bool parked(const Vcpu& v) { return on(v).parked.contains(v); }
  void park(Vcpu& v) { on(v).parked.push(v, v.period); }
  void unpark(Vcpu& v) {
    if (parked(v)) on(v).parked.erase(v);
  }

  Credit2Parameters parameters_;
  std::vector<Processor> processors_;
  std::vector<Queue> queues_;
  DuePasses due_;
  VcpuTable<Vcpu> vcpus_;  // destroyed before the lists they are linked into
};

void Credit2::adjust(VcpuId vcpu, const SchedulingShare& share, Time now) {
  Vcpu& v = vcpus_[vcpu];
  if (running(v)) burn(v, now);
  v.weight = std::clamp<std::int64_t>(share.weight, 1, max_weight);
  v.remainder = std::min(v.remainder, v.weight - 1);
  find_greatest_weight(queue_of(v));
  const Time allowance = cap_period / 100 * std::clamp<std::int64_t>(share.cap, 0, 100);
  if (allowance == v.allowance) return;
  v.budget = v.allowance = allowance;
  v.period = now + cap_period;
}

/// The current pays for its time until `now`.
void Credit2::burn(Vcpu& v, Time now) {
  const Time ran = std::min(now - v.paid_until, longest_charge);
  if (ran <= Time{}) return;
  v.paid_until = now;
  const std::int64_t ns = ran / 1ns;
  const std::int64_t dividend = ns * queue_of(v).greatest_weight + v.remainder;
  v.remainder = dividend % v.weight;
  v.credit = std::max(v.credit - dividend / v.weight, least);
  if (v.allowance > Time{}) v.budget -= ran;
}

/// `v`, queued, calls a processor, if one would take it; not the `chooser`, which has just preferred another.
/// O(processors of the queue).
void Credit2::tickle(Vcpu& v, Time now, const Processor* chooser) {
  const Queue& q = queue_of(v);
  const auto idle = [this](std::size_t cpu) {
    return processors_[cpu].current == nullptr && !processors_[cpu].called;
  };
  if (idle(v.cpu.value)) return call(v, v.cpu.value);
  for (std::size_t cpu = q.first; cpu <= q.last; ++cpu) {
    if (idle(cpu)) return call(v, cpu);
  }
  Credits best = 0;
  std::size_t where = SIZE_MAX;
  for (std::size_t cpu = q.first; cpu <= q.last; ++cpu) {
    Processor& p = processors_[cpu];
    if (p.called || p.current == nullptr || &p == chooser) continue;
    if (parameters_.ratelimit > Time{} && now - p.since <= parameters_.ratelimit - preemption_tolerance) {
      continue;
    }
    burn(*p.current, now);
    const bool own = cpu == v.cpu.value;
    const Credits score = v.credit - p.current->credit - (own ? 0 : move_resistance);
    if (score > 0 && own) return call(v, cpu);
    if (score > best) best = score, where = cpu;
  }
  if (where != SIZE_MAX) call(v, where);
}

/// Who should run. The current, if it may, stands in no queue. O(entries passed), as the modelled code.
Credit2::Vcpu* Credit2::candidate(std::size_t cpu, bool current_runnable, Time now) {
  Processor& p = processors_[cpu];
  const bool yields = std::exchange(p.yields, false);
  Vcpu* next = current_runnable ? p.current : nullptr;
  if (next != nullptr && !yields && now - p.since < parameters_.ratelimit) return next;
  for (Vcpu& v : p.queue->waiting) {
    ++p.scanned;
    if (!yields && v.credit <= credit(next)) break;
    if (v.called.valid() && v.called.value != cpu && processors_[v.called.value].called) continue;
    if (next != nullptr && v.cpu.value != cpu && v.credit < next->credit + move_resistance) continue;
    return &v;
  }
  return next;
}

Decision Credit2::schedule(CpuId cpu, bool current_runnable, Time now) {
  due_.clear();
  Processor& p = processors_[cpu.value];
  Queue& q = *p.queue;
  p.called = false;
  Vcpu* const previous = p.current;
  bool may_run = current_runnable;
  if (previous != nullptr) {
    burn(*previous, now);
    previous->runnable = current_runnable;
    if (current_runnable && !has_budget(*previous, now)) {
      may_run = false;
      park(*previous);
    }
  }
  Vcpu* const next = candidate(cpu.value, may_run, now);
  const bool displaced = previous != nullptr && may_run && next != previous;
  p.current = next;
  if (displaced && parameters_.displaced_first) enqueue(*previous);
  Decision decision;
  decision.slice = never - now;
  if (next != nullptr) {
    next->Queued::unlink();
    next->called = {};
    const bool moves = next->cpu != cpu;
    next->cpu = cpu;
    if (next != previous) {
      p.since = next->paid_until = now;
      if (moves) next->credit += move_compensation;
    }
    const Credits top = std::max(next->credit, q.waiting.empty() ? idle_credit : q.waiting.front().credit);
    if (top <= 0) reset_credit(q, *next, now);
    decision.next = next->id;
    decision.slice = turn(p, now);
  }
  if (displaced) {
    if (!parameters_.displaced_first) enqueue(*previous);
    tickle(*previous, now, &p);
  }
  decision.scanned = std::exchange(p.scanned, 0) + 1;
  return decision;
}

/// A new round for all of the queue, who sleep too. Those that wait keep their order. O(vCPUs).
void Credit2::reset_credit(Queue& q, const Vcpu& next, Time now) {
  const Credits more = next.credit == least ? 2 * initial : initial;
  for (std::size_t cpu = q.first; cpu <= q.last; ++cpu) {
    if (Vcpu* const current = processors_[cpu].current) burn(*current, now);
  }
  for (Vcpu& v : q.all) v.credit = std::min(v.credit + more, initial + most_carried);
}

/// Until it has as much credit as the one who waits first, if that has any.
Time Credit2::turn(const Processor& p, Time now) const {
  const Vcpu& v = *p.current;
  const auto& waiting = p.queue->waiting;
  Time shortest = least_turn;
  if (parameters_.ratelimit > Time{}) shortest = std::max(shortest, parameters_.ratelimit - (now - p.since));
  Credits lead = v.credit;
  if (!waiting.empty() && waiting.front().credit > 0) lead -= waiting.front().credit;
  Time time = std::chrono::nanoseconds{std::max<Credits>(lead, 0) * v.weight / p.queue->greatest_weight};
  if (v.allowance > Time{}) time = std::min(time, v.budget);
  return std::clamp(time, std::min(shortest, longest_turn), longest_turn);
}

std::string Credit2::audit() const {
  for (std::size_t cpu = 0; cpu < processors_.size(); ++cpu) {
    const Processor& p = processors_[cpu];
    if (!p.parked.consistent()) return fmt::format("the parked of processor {} are out of order", cpu);
    if (p.current != nullptr && p.current->cpu.value != cpu) {
      return fmt::format("vCPU {} runs on processor {} and is at home on {}", p.current->id.value, cpu,
                         p.current->cpu.value);
    }
  }
  for (const Queue& q : queues_) {
    Credits before = INT64_MAX;
    for (const Vcpu& v : q.waiting) {
      const Processor& p = processors_[v.cpu.value];
      if (p.queue != &q || !v.runnable || p.current == &v || p.parked.contains(v)) {
        return fmt::format("vCPU {} is queued, but does not wait there", v.id.value);
      }
      if (v.credit > before) return fmt::format("vCPU {} has more credit than one before it", v.id.value);
      before = v.credit;
    }
    for (const Vcpu& v : q.all) {
      const Processor& p = processors_[v.cpu.value];
      if (v.credit < least) return fmt::format("vCPU {} has a credit of {}", v.id.value, v.credit);
      if (v.weight > q.greatest_weight)
        return fmt::format("vCPU {} is above the greatest weight", v.id.value);
      if (v.runnable && p.current != &v && !v.Queued::is_linked() && !p.parked.contains(v)) {
        return fmt::format("vCPU {} waits in no queue", v.id.value);
      }
    }
  }
  return {};
}

const RegisterScheduler<Credit2, Credit2Parameters> registered{
    "credit2", "the second credit scheduler of Xen, as coded in 4.17 (2022)", parameters};

}  // namespace
}  // namespace xensim
