/// The obvious implementation of Xen's two BVT schedulers: a list, scanned from end to end. Slow, with
/// nothing in common with the policies, and as close to the description of the code as it gets.
#pragma once

#include <list>
#include <map>

#include "models/cpu/schedulers/scheduler.hpp"

namespace xensim::test {

class ListScanBvt final : public Scheduler {
 public:
  enum class Version { xen1, xen2 };
  ListScanBvt(Version version, Time ctx_allow, std::size_t cpus)
      : version_(version), ctx_allow_(ctx_allow), cpus_(cpus) {
    for (Cpu& cpu : cpus_) cpu.list.push_back(&cpu.idle), cpu.curr = &cpu.idle;
  }

  void add(VcpuId id, CpuId cpu, const SchedulingShare& share, Time now) override {
    Task& task = tasks_[id.value];
    task = {.id = id, .cpu = cpu.value, .avt = cpus_[cpu.value].svt};
    adjust(id, share, now);
  }
  void remove(VcpuId id, Time) override {
    Task& task = tasks_.at(id.value);
    cpus_[task.cpu].list.remove(&task);
    if (cpus_[task.cpu].curr == &task) cpus_[task.cpu].curr = nullptr;
    tasks_.erase(id.value);
  }
  void adjust(VcpuId id, const SchedulingShare& share, Time) override {
    Task& task = tasks_.at(id.value);
    task.mcu_advance = static_cast<std::uint32_t>(100 / std::clamp<std::int64_t>(share.weight, 1, 100));
    if (version_ == Version::xen1) return;
    task.warpback = task.warp = share.warp.count() > 0;
    task.warp_value = share.warp / 100us * task.mcu_advance;
    task.warpl = share.warp_limit;
    task.warpu = share.unwarp_requirement;
    task.unwarp_timer = never;
    if (!task.warpback) task.warp_timer = never;
  }

  Time wake(VcpuId id, Time now) override {
    Task& task = tasks_.at(id.value);
    Cpu& cpu = cpus_[task.cpu];
    cpu.list.push_front(&task);
    if (task.avt < cpu.svt) task.avt = cpu.svt;
    task.evt = calc_evt(task, task.avt);
    if (version_ == Version::xen1) return reschedule(cpu, now);
    if (cpu.curr == &cpu.idle) return now;
    const std::int64_t curr_evt = calc_evt(*cpu.curr, calc_avt(*cpu.curr, now));
    if (task.evt <= curr_evt) return now;
    const Time r = cpu.curr->lastschd +
                   std::chrono::nanoseconds{(task.evt - curr_evt) / cpu.curr->mcu_advance} + ctx_allow_;
    if (cpu.s_timer > r) return cpu.s_timer = r;
    return never;
  }
  Time event_marked(VcpuId id, Time now) override {
    return version_ == Version::xen1 ? reschedule(cpus_[tasks_.at(id.value).cpu], now) : never;
  }
  void sleep(VcpuId id, Time) override {
    Task& task = tasks_.at(id.value);
    cpus_[task.cpu].list.remove(&task);
  }

  Decision schedule(CpuId id, bool current_runnable, Time now) override {
    Cpu& cpu = cpus_[id.value];
    Task* const prev = cpu.curr;
    if (prev != &cpu.idle) {
      prev->avt = calc_avt(*prev, now);
      prev->evt = calc_evt(*prev, prev->avt);
      prev->warp_timer = never;
      cpu.list.remove(prev);
      if (current_runnable) cpu.list.push_back(prev);
    }

    constexpr std::int64_t all_ones = 0xffffffff;
    Task *next = &cpu.idle, *next_prime = nullptr;
    std::int64_t next_evt = all_ones, next_prime_evt = all_ones, min_avt = all_ones;
    std::uint32_t scanned = 0;
    for (Task* p : cpu.list) {
      ++scanned;
      if (p->evt < next_evt) {
        next_prime = next, next_prime_evt = next_evt;
        next = p, next_evt = p->evt;
      } else if (next_prime_evt == all_ones) {
        next_prime = p, next_prime_evt = p->evt;
      } else if (p->evt < next_prime_evt) {
        next_prime = p, next_prime_evt = p->evt;
      }
      min_avt = std::min<std::int64_t>(min_avt, p->avt);
    }
    if (min_avt != all_ones) cpu.svt = static_cast<std::uint32_t>(min_avt);
    if (cpu.svt >= 0xf0000000) {
      for (auto& [key, task] : tasks_) {
        if (task.cpu == id.value) task.avt -= 0xe0000000, task.evt -= 0xe0000000;
      }
      cpu.svt -= 0xe0000000;
    }

    Time r_time = ctx_allow_;
    if (next != &cpu.idle) {
      if (!next_prime || next_prime == &cpu.idle) {
        r_time = 10 * ctx_allow_;
      } else {
        r_time = std::chrono::nanoseconds{(next_prime->evt - next->evt) / next->mcu_advance} + ctx_allow_;
      }
      if (next->warp && next->warpl.count() > 0) next->warp_timer = now + next->warpl;
    }
    cpu.curr = next;
    next->lastschd = now;
    cpu.s_timer = now + r_time;
    return {.next = next->id, .slice = r_time, .scanned = scanned};
  }

  [[nodiscard]] Time deadline(CpuId id) const override {
    Time first = never;
    for (const auto& [key, task] : tasks_) {
      if (task.cpu == id.value) first = std::min({first, task.warp_timer, task.unwarp_timer});
    }
    return first;
  }
  Time expire(CpuId id, Time now) override {
    Time softirq = never;
    for (auto& [key, task] : tasks_) {
      if (task.cpu == id.value && task.warp_timer <= now) {
        task.warp_timer = never;
        task.warp = false;
        if (task.warpu.count() == 0) task.warpback = false, softirq = now;
        task.unwarp_timer = now + task.warpu;
      }
      if (task.cpu == id.value && task.unwarp_timer <= now) {
        task.unwarp_timer = never;
        if (task.warpback) task.warp = true, softirq = now;
      }
    }
    return softirq;
  }

 private:
  struct Task {
    VcpuId id;
    std::uint32_t cpu = 0;
    std::uint32_t mcu_advance = 10;
    std::uint32_t avt = 0xffffffff;
    std::int64_t evt = 0xffffffff;
    bool warpback = false, warp = false;
    std::int64_t warp_value = 0;
    Time warpl{}, warpu{}, warp_timer = never, unwarp_timer = never, lastschd{};
  };
  struct Cpu {
    std::list<Task*> list;
    Task idle, *curr = nullptr;
    std::uint32_t svt = 0;
    Time s_timer = never;
  };

  static std::int64_t calc_evt(const Task& task, std::uint32_t avt) {
    return task.warp ? avt - task.warp_value : avt;
  }
  static std::uint32_t calc_avt(const Task& task, Time now) {
    std::int64_t mcus = (now - task.lastschd) / Time{100us};
    if ((now - task.lastschd) % Time{100us} != Time{}) ++mcus;
    return task.avt + static_cast<std::uint32_t>(mcus) * task.mcu_advance;
  }
  Time reschedule(Cpu& cpu, Time now) const {
    if (cpu.curr == &cpu.idle || cpu.curr->lastschd + ctx_allow_ <= now) return now;
    if (cpu.s_timer > cpu.curr->lastschd + ctx_allow_ + 50us) {
      return cpu.s_timer = cpu.curr->lastschd + ctx_allow_;
    }
    return never;
  }

  Version version_;
  Time ctx_allow_;
  std::vector<Cpu> cpus_;
  std::map<std::uint32_t, Task> tasks_;
};

}  // namespace xensim::test
