/// `credit`: Xen's credit scheduler, in the form of four of its versions.
///
/// Modelled, of each version what `credit_versions` names, by one and the same code:
/// - a run queue for each processor, in which a vCPU goes behind all of its priority or above it, and is
///   found again by a scan from the head. Priorities only change at ticks, so the queue is out of order from
///   an accounting to its processor's next tick, which puts UNDER before OVER;
/// - credits: who runs at a tick, three to a slice, pays for the whole of it (3.0.3, 3.0.4), or everybody
///   pays for the time it had (4.0 on). Who ran at a tick is active; each third tick of processor 0 hands
///   out credits among the active by weight, none more than a processor's worth or its cap; who has less than
///   nothing is OVER. Who has saved more than a slice is active no longer, and has nothing (before 4.17).
///   That, and what is handed out more when the active owe together, lets shares of weights far apart (4 to
///   1) come near each other before 4.17;
/// - BOOST (3.0.4 on): who is UNDER when it wakes goes before all others until a tick finds it running;
/// - caps: who owes more than its cap's worth is parked, until it owes nothing;
/// - stealing: a processor whose best is OVER, or nobody, takes a better one that is first in another's
///   queue; one that is woken behind somebody calls all idle processors;
/// - from 4.17, no turn shorter than the rate limit, and a yield that lets one of lower priority go first.
/// Default: 3.0.4, the first with BOOST and with it what is known as "the credit scheduler".
///
/// Chosen where the source leaves it open: who becomes active stands last; the accounting takes place in the
/// third tick, before the queue is sorted; a thief looks at the head of a queue only; what a vCPU has not
/// paid for yet (less than a credit) it takes along. A parked vCPU stands in no queue; in 3.0.3 that means,
/// as there, that it goes on to the end of its slice, and that nobody is told when it is back. Left out:
/// affinities, and what would move vCPUs among processors with siblings (cores, threads) by them: none have
/// any here; the check for a hot cache, which is off by default; timers of idle processors that stop. Source:
/// Xen 3.0.3 to 4.17, from a description.
#include <fmt/format.h>

#include <algorithm>
#include <boost/intrusive/list.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "models/cpu/schedulers/credit_rules.hpp"
#include "models/cpu/schedulers/due_passes.hpp"
#include "models/cpu/schedulers/scheduler.hpp"
#include "models/cpu/schedulers/vcpu_table.hpp"

namespace xensim {
namespace {

std::vector<std::string> names_of(std::span<const CreditRules> all) {
  std::vector<std::string> names;
  for (const CreditRules& rules : all) names.emplace_back(rules.version);
  return names;
}

struct CreditParameters {
  std::string version = "3.0.4";
  Time slice = 30ms;
  Time ratelimit = 1ms;
};
const auto parameters =
    ParameterTable<CreditParameters>{}
        .add("version", &CreditParameters::version, "of Xen, whose rules hold", "choice",
             {.choices = names_of(credit_versions)})
        .add("slice", &CreditParameters::slice, "longest turn; three ticks",
             "Xen: 30 ms; 1 to 1000 ms from 4.x", {.minimum = 3ms, .maximum = 1s})
        .add("ratelimit", &CreditParameters::ratelimit, "shortest turn; 0 s: any. Of 4.17 only",
             "default and range of Xen 4.17", {.minimum = Time{}, .maximum = 500ms});

[[nodiscard]] constexpr std::int64_t ceil_divide(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

class Credit final : public Scheduler {
 public:
  Credit(const CreditParameters& chosen, std::size_t cpus)
      : rules_(*std::ranges::find(credit_versions, chosen.version, &CreditRules::version)),
        ratelimit_(rules_.limits_rate ? chosen.ratelimit : Time{}),
        processors_(cpus) {
    (void)set_slice(chosen.slice);
    for (Processor& p : processors_) p.tick = tick_;
  }

  void add(VcpuId vcpu, CpuId cpu, const SchedulingShare& share, Time now) override {
    Vcpu& v = vcpus_.add(vcpu);
    v.id = vcpu;
    v.cpu = cpu;
    adjust(vcpu, share, now);
  }
  void remove(VcpuId vcpu, Time) override {
    Vcpu& v = vcpus_[vcpu];
    v.Queued::unlink();
    v.Active::unlink();
    v.runnable = false;
  }
  void adjust(VcpuId vcpu, const SchedulingShare& share, Time) override {
    vcpus_[vcpu].weight = std::clamp<std::int64_t>(share.weight, 1, max_weight);
    vcpus_[vcpu].cap = std::clamp<std::int64_t>(share.cap, 0, 100);
  }
  [[nodiscard]] bool set_slice(Time slice) override {
    slice_ = slice;
    tick_ = slice / 3;
    per_slice_ = std::max<std::int64_t>(1, slice * rules_.credits_per_ms / 1ms);
    return true;
  }
  [[nodiscard]] bool migrates() const override { return true; }
  [[nodiscard]] std::span<const CpuId> also_due() const override { return due_.others(); }

  [[nodiscard]] Time wake(VcpuId vcpu, Time now) override {
    due_.clear();
    Vcpu& v = vcpus_[vcpu];
    v.runnable = true;
    if (v.parked) return never;
    if (rules_.boost && v.priority == Priority::under) v.priority = Priority::boost;
    enqueue(v);
    tickle(v);
    return due_.answer(v.cpu, now);
  }
  void sleep(VcpuId vcpu, Time) override {
    vcpus_[vcpu].Queued::unlink();
    vcpus_[vcpu].runnable = false;
  }
  void yield(VcpuId vcpu, Time) override { on(vcpus_[vcpu]).yields = true; }

  [[nodiscard]] Decision schedule(CpuId cpu, bool current_runnable, Time now) override;

  [[nodiscard]] Time deadline(CpuId cpu) const override { return processors_[cpu.value].tick; }
  [[nodiscard]] Time expire(CpuId cpu, Time now) override;

  [[nodiscard]] std::string audit() const override;

 private:
  static constexpr std::int64_t max_weight = 65535;
  static constexpr Time shortest_timer = 100us;

  enum class Priority : std::int8_t { idle = -64, over = -2, under = -1, boost = 0 };
  using Mode = boost::intrusive::link_mode<boost::intrusive::auto_unlink>;
  using Queued = boost::intrusive::list_base_hook<boost::intrusive::tag<struct QueuedTag>, Mode>;
  using Active = boost::intrusive::list_base_hook<boost::intrusive::tag<struct ActiveTag>, Mode>;
  struct Vcpu : Queued, Active {
    VcpuId id;
    CpuId cpu;
    std::int64_t weight = 1, cap = 0;
    std::int64_t credit = 0;
    Priority priority = Priority::under;
    bool runnable = false;  ///< running or waiting
    bool parked = false;
    Time paid_until{};  ///< running; else how much more it has paid for than it had (negative: less)
  };
  template <class Hook>
  using List = boost::intrusive::list<Vcpu, boost::intrusive::base_hook<Hook>,
                                      boost::intrusive::constant_time_size<false>>;
  struct Processor {
    List<Queued> queue;         ///< runnable, but for the current and the parked
    Vcpu* current = nullptr;    ///< null: idle
    Time since{};               ///< when the current began to run
    Time tick{};                ///< next
    bool yields = false;        ///< the current does
    bool unsorted = false;      ///< since the last accounting
    std::uint32_t scanned = 0;  ///< queue entries looked at since the last pass
  };

  [[nodiscard]] Processor& on(const Vcpu& v) { return processors_[v.cpu.value]; }
  [[nodiscard]] bool running(const Vcpu& v) { return on(v).current == &v; }
  [[nodiscard]] static Priority priority(const Vcpu* v) {
    return v != nullptr ? v->priority : Priority::idle;
  }

  /// Behind all of its priority, and in case of a yield one more. O(entries passed), as the modelled code.
  void enqueue(Vcpu& v, bool yields = false) {
    Processor& p = on(v);
    auto place = p.queue.begin();
    for (; place != p.queue.end() && place->priority >= v.priority; ++place) ++p.scanned;
    if (yields && place != p.queue.end()) ++place, ++p.scanned;
    p.queue.insert(place, v);
  }

  /// A pass is due there, and where `v`, just queued, could run at once.
  void tickle(const Vcpu& v) {
    const Processor& p = on(v);
    if (v.priority > priority(p.current)) due_.ask(v.cpu);
    if (p.current == nullptr) return;
    for (std::uint32_t i = 0; i < processors_.size(); ++i) {
      if (processors_[i].current == nullptr) due_.ask(CpuId{i});
    }
  }

  /// The current pays for what it had in whole credits, rounded to the nearest.
  void burn(Vcpu& v, Time now) const {
    const Time each = Time{1ms} / rules_.credits_per_ms;
    const std::int64_t credits = (now - v.paid_until + each / 2) / each;
    if (credits <= 0) return;
    v.credit -= credits;
    v.paid_until += each * credits;
  }

  /// Who would run here sooner than the own best, of `least` priority. Null: nobody.
  [[nodiscard]] Vcpu* steal(CpuId thief, Priority least) {
    const auto count = static_cast<std::uint32_t>(processors_.size());
    for (std::uint32_t i = 1; i < count; ++i) {
      Processor& peer = processors_[(thief.value + i) % count];
      if (peer.current == nullptr || peer.queue.empty()) continue;
      ++processors_[thief.value].scanned;
      if (peer.queue.front().priority > least) return &peer.queue.front();
    }
    return nullptr;
  }

  void run_tick(Processor& p, Time now);
  void account();
  void settle_priority(Vcpu& v);
  void park(Vcpu& v);
  void unpark(Vcpu& v);
  static void sort(Processor& p);

  const CreditRules& rules_;
  Time ratelimit_, slice_{}, tick_{};
  std::int64_t per_slice_ = 0;  ///< credits
  std::int64_t balance_ = 0;    ///< of all the active, at the last accounting
  std::uint32_t ticks_ = 0;     ///< of processor 0 since then
  std::vector<Processor> processors_;
  List<Active> active_;
  DuePasses due_;
  VcpuTable<Vcpu> vcpus_;  // destroyed before the lists they are linked into
};

Decision Credit::schedule(CpuId cpu, bool current_runnable, Time now) {
  due_.clear();
  Processor& p = processors_[cpu.value];
  Vcpu* const previous = p.current;
  const bool yields = std::exchange(p.yields, false);
  if (previous != nullptr) {
    Vcpu& v = *previous;
    if (rules_.burns) burn(v, now);
    v.runnable = current_runnable;
    const Time ran = now - p.since;
    if (current_runnable && !v.parked && !yields && ran < ratelimit_) {
      return {.next = v.id,
              .slice = std::max(ratelimit_ - ran, shortest_timer),
              .scanned = std::exchange(p.scanned, 0)};
    }
    v.paid_until -= now;
    p.current = nullptr;
    if (current_runnable && !v.parked) enqueue(v, yields && rules_.limits_rate);
  }
  Vcpu* next = p.queue.empty() ? nullptr : &p.queue.front();
  ++p.scanned;
  if (priority(next) <= Priority::over) {
    if (Vcpu* const better = steal(cpu, priority(next))) next = better;
  }
  p.current = next;
  if (next != nullptr) {
    next->Queued::unlink();
    next->cpu = cpu;
    next->paid_until += now;
    if (next != previous) p.since = now;
  }
  return {.next = next != nullptr ? next->id : VcpuId{},
          .slice = next == nullptr && rules_.idles_for_ever ? never - now : slice_,
          .scanned = std::exchange(p.scanned, 0)};
}

Time Credit::expire(CpuId cpu, Time now) {
  due_.clear();
  Processor& p = processors_[cpu.value];
  if (p.tick > now) return never;
  p.tick = now + tick_;
  run_tick(p, now);
  if (cpu == CpuId{0} && ++ticks_ == 3) {
    ticks_ = 0;
    account();
  }
  if (std::exchange(p.unsorted, false)) sort(p);
  return due_.answer(cpu, now);
}

void Credit::run_tick(Processor& p, Time now) {
  if (p.current == nullptr) return;
  Vcpu& v = *p.current;
  if (v.priority == Priority::boost) v.priority = Priority::under;
  if (rules_.burns) {
    burn(v, now);
  } else {
    v.credit -= std::max<std::int64_t>(1, per_slice_ / 3);
  }
  if (!v.Active::is_linked()) active_.push_back(v);
}

/// Hands out credits. Domains here have one vCPU. O(active), and what unparking takes.
void Credit::account() {
  std::int64_t weights = 0;
  for (const Vcpu& v : active_) weights += v.weight;
  const std::int64_t owed = std::max<std::int64_t>(0, -std::exchange(balance_, 0));
  std::int64_t total = per_slice_ * static_cast<std::int64_t>(processors_.size()) + owed;
  std::int64_t weights_left = weights;
  bool some_had_less = false;
  for (auto next = active_.begin(); next != active_.end();) {
    Vcpu& v = *next++;
    ++processors_.front().scanned;
    weights_left -= v.weight;
    std::int64_t peak = per_slice_ + ceil_divide(owed * v.weight, weights);
    if (v.cap > 0) peak = std::min(peak, ceil_divide(v.cap * per_slice_, 100));
    std::int64_t fair = ceil_divide(total * v.weight, weights);
    if (fair < peak) {
      some_had_less = true;
    } else {
      // What is too much for this one is for those that follow. More than enough for all need not grow.
      const std::int64_t enough = (per_slice_ + owed) * weights;
      if (weights_left > 0) {
        total = std::min(total + ceil_divide((fair - peak) * weights, weights_left), std::max(total, enough));
      }
      if (some_had_less) {  // who shares now is asked first the next time
        v.Active::unlink();
        active_.push_front(v);
      }
      fair = peak;
    }
    v.credit += fair;
    settle_priority(v);
  }
  for (Processor& p : processors_) p.unsorted = true;
}

void Credit::settle_priority(Vcpu& v) {
  if (v.credit < 0) {
    v.priority = Priority::over;
    const std::int64_t allowed = rules_.caps_pause ? ceil_divide(v.cap * per_slice_, 100) : 0;
    if (v.cap > 0 && !v.parked && v.credit < -allowed) park(v);
    v.credit = std::max(v.credit, -per_slice_);
    balance_ += v.credit;
    return;
  }
  v.priority = Priority::under;
  balance_ += v.credit;
  if (v.parked) unpark(v);
  if (v.credit > per_slice_) {
    v.Active::unlink();
    v.credit = rules_.keeps_half ? v.credit / 2 : 0;
  }
}

void Credit::park(Vcpu& v) {
  v.parked = true;
  v.Queued::unlink();
  if (rules_.caps_pause && running(v)) due_.ask(v.cpu);
}

void Credit::unpark(Vcpu& v) {
  v.parked = false;
  if (!v.runnable || running(v)) return;
  enqueue(v);
  if (rules_.caps_pause) tickle(v);
}

/// UNDER and BOOST before OVER, else as they stand. O(queue), as the modelled code.
void Credit::sort(Processor& p) {
  auto end_of_under = p.queue.begin();
  for (auto next = p.queue.begin(); next != p.queue.end();) {
    const auto here = next++;
    ++p.scanned;
    if (here->priority < Priority::under) continue;
    if (here == end_of_under) {
      ++end_of_under;
    } else {
      p.queue.splice(end_of_under, p.queue, here);
    }
  }
}

std::string Credit::audit() const {
  for (std::uint32_t cpu = 0; cpu < processors_.size(); ++cpu) {
    const Processor& p = processors_[cpu];
    for (const Vcpu& v : p.queue) {
      if (v.cpu.value != cpu) return fmt::format("vCPU {} queued by processor {}", v.id.value, cpu);
      if (!v.runnable || v.parked || &v == p.current) {
        return fmt::format("vCPU {} is queued by processor {}, but does not wait", v.id.value, cpu);
      }
    }
    if (p.current != nullptr && p.current->cpu.value != cpu) {
      return fmt::format("vCPU {} runs on processor {} and is at home on {}", p.current->id.value, cpu,
                         p.current->cpu.value);
    }
  }
  for (const Vcpu& v : vcpus_) {
    const bool runs = v.cpu.valid() && processors_[v.cpu.value].current == &v;
    if (v.runnable && !v.parked && !runs && !v.Queued::is_linked()) {
      return fmt::format("vCPU {} waits in no queue", v.id.value);
    }
  }
  return {};
}

const RegisterScheduler<Credit, CreditParameters> registered{
    "credit", "the credit scheduler of Xen 3.0.3 (2006) to 4.17, by version", parameters};

}  // namespace
}  // namespace xensim
