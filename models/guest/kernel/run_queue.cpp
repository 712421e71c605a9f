#include "models/guest/kernel/run_queue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <utility>

namespace xensim {
namespace {

constexpr int affinity_bonus = 15;  // PROC_CHANGE_PENALTY of SMP kernels
constexpr int idle_goodness = -1000;
constexpr int most_ticks_given_back = 20;  // MAX_COUNTER

/// Ticks of 10 ms per slice.
constexpr int slice_ticks(int nice) { return ((20 - nice) >> 2) + 1; }

}  // namespace

void RunQueue::add(ProcessId process, int nice, Memory memory, std::optional<unsigned> only_on) {
  if (process.value >= tasks_.size()) tasks_.resize(process.value + 1);
  tasks_[process.value] = Task{};
  tasks_[process.value].nice = nice;
  tasks_[process.value].counter = slice_ticks(nice);
  tasks_[process.value].exists = true;
  tasks_[process.value].memory = memory;
  tasks_[process.value].only_on = only_on;
  ++existing_;
}

bool RunQueue::fork(ProcessId parent, ProcessId child) {
  add(child, tasks_[parent.value].nice);
  tasks_[child.value].last_cpu = tasks_[parent.value].last_cpu;
  int& remaining = tasks_[parent.value].counter;
  tasks_[child.value].counter = (remaining + 1) / 2;
  remaining /= 2;
  return remaining == 0;
}

void RunQueue::give_back(ProcessId parent, ProcessId child) {
  int& remaining = tasks_[parent.value].counter;
  remaining = std::min(most_ticks_given_back, remaining + tasks_[child.value].counter);
}

void RunQueue::remove(ProcessId process) {
  assert(!tasks_[process.value].listed);
  tasks_[process.value].exists = false;
  --existing_;
  std::replace(active_.begin(), active_.end(), std::optional(process), std::optional<ProcessId>());
}

int RunQueue::goodness(std::uint32_t index, unsigned cpu) const {
  const Task& task = tasks_[index];
  if (task.yielded) return -1;
  if (task.counter == 0) return 0;
  int weight = task.counter + 20 - task.nice;
  if (current_.size() > 1 && task.last_cpu == cpu) weight += affinity_bonus;
  // Address spaces are not shared: what is loaded is one process's.
  if (task.memory == Memory::borrowed || active_[cpu] == ProcessId{index}) weight += 1;
  return weight;
}

std::optional<unsigned> RunQueue::place(std::uint32_t index) const {
  const auto processors = static_cast<unsigned>(current_.size());
  const auto idle_at = [&](unsigned cpu) { return !current_[cpu].has_value(); };
  const Task& task = tasks_[index];
  if (processors > 1) {
    const bool may_stay = task.last_cpu != nowhere && task.may_run_on(task.last_cpu);
    if (may_stay && idle_at(task.last_cpu)) return task.last_cpu;
    std::optional<unsigned> longest_idle;
    for (unsigned cpu = 0; cpu < processors; ++cpu) {
      if (task.may_run_on(cpu) && idle_at(cpu) &&
          (!longest_idle || last_switch_[cpu] < last_switch_[*longest_idle]))
        longest_idle = cpu;
    }
    if (longest_idle) return longest_idle;
  } else if (idle_at(0)) {
    return 0;
  }
  int best = 0;
  std::optional<unsigned> chosen;
  for (unsigned cpu = 0; cpu < processors; ++cpu) {
    if (!task.may_run_on(cpu)) continue;
    const std::uint32_t running = current_[cpu]->value;
    const int gain = goodness(index, cpu) - goodness(running, cpu);
    if (gain > best) {
      best = gain;
      chosen = cpu;
    }
  }
  return chosen;
}

std::optional<unsigned> RunQueue::wake(ProcessId process) {
  if (tasks_[process.value].listed) return std::nullopt;
  append(process.value);
  return place(process.value);
}

void RunQueue::block(ProcessId process) { unlink(process.value); }

bool RunQueue::tick(unsigned cpu, std::uint64_t ticks) {
  if (!current_[cpu]) return false;
  Task& task = tasks_[current_[cpu]->value];
  task.charged += ticks;
  task.counter -= static_cast<int>(std::min<std::uint64_t>(ticks, static_cast<std::uint64_t>(task.counter)));
  return task.counter == 0;
}

bool RunQueue::yield(unsigned cpu) {
  const auto running = static_cast<std::size_t>(std::count_if(
      current_.begin(), current_.end(), [](const std::optional<ProcessId>& id) { return id.has_value(); }));
  if (runnable_ <= running) return false;
  const std::uint32_t index = current_[cpu]->value;
  unlink(index);
  append(index);
  tasks_[index].yielded = true;
  return true;
}

RunQueue::Selection RunQueue::select(unsigned cpu) {
  Selection selection;
  const std::optional<ProcessId> previous = current_[cpu];
  for (;;) {
    int best = idle_goodness;
    std::uint32_t next = none;
    for (std::uint32_t i = head_; i != none; i = tasks_[i].following) {
      ++selection.scanned;
      if (tasks_[i].running_on != nowhere && tasks_[i].running_on != cpu) continue;
      if (!tasks_[i].may_run_on(cpu)) continue;
      const int weight = goodness(i, cpu);
      if (weight > best) {
        best = weight;
        next = i;
      }
    }
    selection.next = next == none ? std::nullopt : std::optional(ProcessId{next});
    if (best != 0) break;
    for (Task& task : tasks_) {
      if (task.exists) task.counter = task.counter / 2 + slice_ticks(task.nice);
    }
    selection.recalculated += existing_;
  }
  const bool yielded = previous && std::exchange(tasks_[previous->value].yielded, false);
  if (previous && previous != selection.next) tasks_[previous->value].running_on = nowhere;
  current_[cpu] = selection.next;
  if (selection.next) {
    tasks_[selection.next->value].running_on = cpu;
    tasks_[selection.next->value].last_cpu = cpu;
    if (tasks_[selection.next->value].memory == Memory::own) active_[cpu] = selection.next;
  }
  if (previous != selection.next) {
    last_switch_[cpu] = ++switches_;
    const bool preempted = previous && !yielded && tasks_[previous->value].listed;
    if (preempted && current_.size() > 1) selection.kick = place(previous->value);
  }
  return selection;
}

void RunQueue::append(std::uint32_t index) {
  Task& task = tasks_[index];
  task.listed = true;
  task.previous = tail_;
  task.following = none;
  (tail_ == none ? head_ : tasks_[tail_].following) = index;
  tail_ = index;
  ++runnable_;
}

void RunQueue::unlink(std::uint32_t index) {
  Task& task = tasks_[index];
  assert(task.listed);
  (task.previous == none ? head_ : tasks_[task.previous].following) = task.following;
  (task.following == none ? tail_ : tasks_[task.following].previous) = task.previous;
  task.listed = false;
  --runnable_;
}

std::string RunQueue::audit() const {
  std::size_t listed = 0;
  std::uint32_t before = none;
  for (std::uint32_t i = head_; i != none; i = tasks_[i].following) {
    if (!tasks_[i].listed) return fmt::format("process {} is in the list but not marked so", i);
    if (tasks_[i].previous != before) return fmt::format("process {} has a wrong predecessor", i);
    before = i;
    ++listed;
  }
  if (listed != runnable_) return fmt::format("{} processes in the list, {} counted", listed, runnable_);
  for (unsigned cpu = 0; cpu < current_.size(); ++cpu) {
    if (current_[cpu] && tasks_[current_[cpu]->value].running_on != cpu) {
      return fmt::format("processor {} runs process {}, which says otherwise", cpu, current_[cpu]->value);
    }
  }
  return {};
}

}  // namespace xensim
