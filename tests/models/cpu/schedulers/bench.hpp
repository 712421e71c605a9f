/// A bench for scheduling policies: processors that obey a policy exactly and at no cost, vCPUs that run
/// whenever they may until told otherwise, and a referee.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/json.hpp"
#include "models/cpu/schedulers/scheduler.hpp"

namespace xensim::test {

/// `config` is a name or an object, as in an experiment.
inline std::unique_ptr<Scheduler> make_scheduler(const Json& config, std::size_t cpus = 1) {
  return SchedulerRegistry::instance().create("scheduler", Config(config), cpus);
}

class Bench {
 public:
  enum class State { blocked, waiting, running, gone };
  struct Pass {
    Time at;
    CpuId cpu;
    VcpuId next;
    Time slice;
    std::uint32_t scanned;
    bool operator==(const Pass&) const = default;
  };

  explicit Bench(std::unique_ptr<Scheduler> policy, std::size_t cpus = 1)
      : policy_(std::move(policy)), cpus_(cpus) {}
  explicit Bench(const Json& config, std::size_t cpus = 1) : Bench(make_scheduler(config, cpus), cpus) {}

  VcpuId add(const SchedulingShare& share = {}, std::uint32_t cpu = 0) {
    const VcpuId id{static_cast<std::uint32_t>(vcpus_.size())};
    vcpus_.push_back({.cpu = cpu, .changed = now_});
    policy_->add(id, CpuId{cpu}, share, now_);
    judge();
    return id;
  }
  /// A vCPU that never blocks.
  VcpuId add_hog(const SchedulingShare& share = {}, std::uint32_t cpu = 0) {
    const VcpuId id = add(share, cpu);
    wake(id);
    return id;
  }
  void wake(VcpuId id) {
    enter(id, State::waiting);
    answer(at(id).cpu, policy_->wake(id, now_));
  }
  void block(VcpuId id) {
    if (state(id) == State::running) {
      enter(id, State::blocked);
      pass(at(id).cpu, false);
      settle();
    } else {
      enter(id, State::blocked);
      policy_->sleep(id, now_);
      judge();
    }
  }
  void mark_event(VcpuId id) { answer(at(id).cpu, policy_->event_marked(id, now_)); }
  void yield(VcpuId id) {
    policy_->yield(id, now_);
    pass(at(id).cpu, true);
    settle();
  }
  void adjust(VcpuId id, const SchedulingShare& share) {
    policy_->adjust(id, share, now_);
    judge();
  }
  void remove(VcpuId id) {
    if (state(id) == State::running) block(id);
    enter(id, State::gone);
    policy_->remove(id, now_);
    judge();
  }

  void run_for(Time span) { run_until(now_ + span); }
  void run_until(Time end) {
    while (step(end)) {
    }
    now_ = std::max(now_, end);
  }
  /// Time passes, but the monitor does not get to act.
  void stall(Time span) { now_ += span; }

  [[nodiscard]] Time now() const { return now_; }
  [[nodiscard]] std::size_t size() const { return vcpus_.size(); }
  [[nodiscard]] State state(VcpuId id) const { return vcpus_[id.value].state; }
  [[nodiscard]] bool runnable(VcpuId id) const {
    return state(id) == State::waiting || state(id) == State::running;
  }
  [[nodiscard]] VcpuId running(std::uint32_t cpu = 0) const { return cpus_[cpu].current; }
  /// Processor time received.
  [[nodiscard]] Time service(VcpuId id) const {
    const Vcpu& v = vcpus_[id.value];
    return v.service + (v.state == State::running ? now_ - v.changed : Time{});
  }
  /// The longest that the vCPU has been runnable without running.
  [[nodiscard]] Time longest_wait(VcpuId id) const {
    const Vcpu& v = vcpus_[id.value];
    return std::max(v.longest_wait, v.state == State::waiting ? now_ - v.changed : Time{});
  }
  [[nodiscard]] const std::vector<Pass>& passes() const { return passes_; }
  [[nodiscard]] const Pass& last() const { return passes_.back(); }

  /// The first thing that no policy may do, or that the policy found wrong with itself; else empty.
  [[nodiscard]] const std::string& violation() const { return violation_; }

  std::function<void()> after_step = [] {};  ///< called after all that happens
  bool may_idle = false;                     ///< while somebody waits: shares have caps

 private:
  struct Vcpu {
    std::uint32_t cpu;
    State state = State::blocked;
    Time changed;
    Time service{}, longest_wait{};
  };
  struct Cpu {
    VcpuId current;
    Time due = never;
  };

  Vcpu& at(VcpuId id) { return vcpus_[id.value]; }

  void enter(VcpuId id, State state) {
    Vcpu& v = at(id);
    v.service = service(id);
    v.longest_wait = longest_wait(id);
    v.changed = now_;
    v.state = state;
  }

  void answer(std::uint32_t cpu, Time due) {
    note_others();
    if (due <= now_) {
      pass(cpu, true);
    } else {
      cpus_[cpu].due = std::min(cpus_[cpu].due, due);
    }
    settle();
  }
  void note_others() {
    for (const CpuId cpu : policy_->also_due()) others_.push_back(cpu.value);
  }
  /// Lets the passes happen that others have asked for.
  void settle() {
    for (std::size_t i = 0; i < others_.size(); ++i) {
      if (i > 10 * (size() + cpus_.size())) return complain("passes without end");
      pass(others_[i], true);
    }
    others_.clear();
    judge();
  }

  void pass(std::uint32_t cpu, bool current_runnable) {
    Cpu& c = cpus_[cpu];
    if (c.current.valid() && current_runnable) enter(c.current, State::waiting);
    const Decision d = policy_->schedule(CpuId{cpu}, c.current.valid() && current_runnable, now_);
    note_others();
    passes_.push_back({now_, CpuId{cpu}, d.next, d.slice, d.scanned});
    c.current = d.next;
    if (d.next.valid()) {
      const bool exists = d.next.value < size();
      if (exists && policy_->migrates()) at(d.next).cpu = cpu;
      if (!exists || at(d.next).cpu != cpu || state(d.next) != State::waiting) {
        complain(fmt::format("chose vCPU {}, which cannot run here", d.next.value));
        c.current = {};
        return;
      }
      enter(d.next, State::running);
    }
    if (d.slice <= Time{} || d.slice > never - now_) complain("impossible slice");
    c.due = now_ + std::clamp(d.slice, Time{1}, never - now_);
  }

  /// Lets the next thing that is due by `end` happen; timers before passes. False if there is none.
  bool step(Time end) {
    Time first = never;
    std::uint32_t cpu = 0;
    bool timer = false;
    for (std::uint32_t i = 0; i < cpus_.size(); ++i) {
      const Time deadline = policy_->deadline(CpuId{i});
      if (deadline < first) first = deadline, cpu = i, timer = true;
      if (cpus_[i].due < first) first = cpus_[i].due, cpu = i, timer = false;
    }
    if (first > end || first == never || !violation_.empty()) return false;
    at_this_instant_ = first > now_ ? 0 : at_this_instant_ + 1;
    if (at_this_instant_ > 10 * (size() + cpus_.size())) complain("time stands still");
    now_ = std::max(now_, first);
    if (timer) {
      answer(cpu, policy_->expire(CpuId{cpu}, now_));
    } else {
      pass(cpu, true);
      settle();
    }
    return true;
  }

  void judge() {
    for (std::uint32_t i = 0; i < size() && !may_idle && policy_->work_conserving(); ++i) {
      if (vcpus_[i].state != State::waiting) continue;
      for (std::uint32_t cpu = 0; cpu < cpus_.size(); ++cpu) {
        if ((policy_->migrates() || cpu == vcpus_[i].cpu) && !cpus_[cpu].current.valid()) {
          complain(fmt::format("processor {} idle while vCPU {} waits", cpu, i));
        }
      }
    }
    if (const std::string fault = policy_->audit(); !fault.empty()) complain(fault);
    after_step();
  }

  void complain(const std::string& what) {
    if (violation_.empty()) violation_ = fmt::format("at {} ps: {}", now_.count(), what);
  }

  std::unique_ptr<Scheduler> policy_;
  std::vector<Cpu> cpus_;
  std::vector<Vcpu> vcpus_;
  std::vector<Pass> passes_;
  std::vector<std::uint32_t> others_;  ///< processors whose pass was asked for by another's
  std::string violation_;
  Time now_{};
  std::size_t at_this_instant_ = 0;
};

}  // namespace xensim::test
