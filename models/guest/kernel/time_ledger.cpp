#include "models/guest/kernel/time_ledger.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <utility>

namespace xensim {
namespace {

using enum Statistic::Kind;
using Statistics = std::array<Statistic, life_parts>;

const Statistics life_statistics{
    {{"life/user", "s", counter, "processes executed their programs, as if with warm caches"},
     {"life/refill", "s", counter, "they missed cache lines after others had run"},
     {"life/translation", "s", counter, "they missed translations"},
     {"life/kernel", "s", counter, "they were in their kernel"},
     {"life/monitor", "s", counter, "the monitor worked for their domain"},
     {"life/interrupts", "s", counter, "their processor was interrupted, for whomever"},
     {"life/stolen", "s", counter, "they ran as their kernel saw it, while others had the processor"},
     {"life/runnable", "s", counter, "they waited for a processor of their kernel"},
     {"life/disk", "s", counter, "they slept while the disk executed their transfers"},
     {"life/disk_queue", "s", counter, "they slept while their transfers waited for the disk"},
     {"life/paging", "s", counter, "they slept in page faults until the disk's interrupt"},
     {"life/network", "s", counter, "they slept until a packet"},
     {"life/timer", "s", counter, "they slept until a time"},
     {"life/process", "s", counter, "they slept until another process woke them"}}};

const Statistics elapsed_statistics{
    {{"elapsed/user", "s", counter, "a process executed its program, as if with warm caches"},
     {"elapsed/refill", "s", counter, "it missed cache lines after others had run"},
     {"elapsed/translation", "s", counter, "it missed translations"},
     {"elapsed/kernel", "s", counter, "it was in its kernel"},
     {"elapsed/monitor", "s", counter, "the monitor worked for its domain"},
     {"elapsed/interrupts", "s", counter, "its processor was interrupted, for whomever"},
     {"elapsed/stolen", "s", counter, "others had the processor that its kernel could have used"},
     {"elapsed/runnable", "s", counter, "none ran, one waited for a processor of its kernel"},
     {"elapsed/disk", "s", counter, "all slept, and the disk executed a transfer that one waited for"},
     {"elapsed/disk_queue", "s", counter, "all slept, and such a transfer waited for the disk"},
     {"elapsed/paging", "s", counter, "all slept, and a page fault waited for the disk"},
     {"elapsed/network", "s", counter, "all slept until a packet"},
     {"elapsed/timer", "s", counter, "all slept until a time"},
     {"elapsed/process", "s", counter, "all slept until a process of another group woke one"}}};

void report(const Statistics& statistics, const LifeTimes& times, StatisticSink& sink,
            const std::string& prefix) {
  for (std::size_t i = 0; i < life_parts; ++i) sink.value(prefix, statistics[i], to_seconds(times[i]));
}

Time& at(LifeTimes& times, LifePart part) { return times[static_cast<std::size_t>(part)]; }

struct Origin {
  Activity activity;
  LifePart part;
};
constexpr std::array origins{Origin{Activity::user, LifePart::user},
                             Origin{Activity::refill, LifePart::refill},
                             Origin{Activity::translation, LifePart::translation},
                             Origin{Activity::kernel, LifePart::kernel},
                             Origin{Activity::monitor, LifePart::monitor},
                             Origin{Activity::interrupts, LifePart::interrupts}};

}  // namespace

void TimeLedger::begin(ProcessId process, Group group, Time now) {
  if (lives_.size() <= process.value) lives_.resize(process.value + 1);
  if (groups_.size() <= group) groups_.resize(group + 1);
  GroupState& its = groups_[group];
  if (!its.begun) its.since = now;
  its.begun = true;
  lives_[process.value] = {.group = group, .since = now};
  change(process, State::runnable, now);
}

void TimeLedger::run(ProcessId process, Time now, const TimeAccount& account) {
  Life& life = lives_[process.value];
  if (life.state == State::running) return;
  change(process, State::running, now);
  life.account = &account;
  life.before = account;
}

void TimeLedger::preempt(ProcessId process, Time now) {
  if (lives_[process.value].state == State::running) change(process, State::runnable, now);
}

void TimeLedger::sleep(ProcessId process, Time now, bool faulted, const ProcessorWaits& waits) {
  change(process, State::asleep, now);
  lives_[process.value].faulted = faulted;
  GroupState& group = groups_[lives_[process.value].group];
  if (group.running.empty() && group.runnable == 0) group.waited_before = waits.all;
}

void TimeLedger::ready(ProcessId process, Time now, Awaited awaited, const ProcessorWaits& waits) {
  const Life& life = lives_[process.value];
  if (life.state != State::asleep) return;
  if (life.faulted && awaited.part == LifePart::disk) awaited.part = LifePart::paging;
  change(process, State::runnable, now, awaited, waits);
}

void TimeLedger::divide(Group group, Time now) {
  if (group >= groups_.size()) return;
  GroupState& its = groups_[group];
  advance(its, now);
  end_sleep(its, {}, {});
  for (Life& life : lives_) {
    if (life.group != group || life.state == State::none) continue;
    LifeTimes until_now{};
    add(until_now, life, now, {});
    std::ranges::transform(its.lives, until_now, its.lives.begin(), std::plus<>{});
    if (life.state == State::running) {
      add_share(its.elapsed, life, std::exchange(life.share, Time{}), now);
      life.before = *life.account;
    }
    life.since += std::accumulate(until_now.begin(), until_now.end(), Time{});
  }
}

void TimeLedger::change(ProcessId process, State next, Time now, Awaited awaited,
                        const ProcessorWaits& waits) {
  Life& life = lives_[process.value];
  GroupState& group = groups_[life.group];
  advance(group, now);
  add(group.lives, life, now, awaited);
  if (life.state == State::running) {
    add_share(group.elapsed, life, life.share, now);
    std::erase(group.running, process);
  } else if (life.state == State::runnable) {
    --group.runnable;
  }
  const bool slept = life.state == State::asleep;
  life.state = next;
  life.since = std::max(life.since, now);
  life.share = {};
  if (next == State::running) group.running.push_back(process);
  if (next == State::runnable) ++group.runnable;
  if (observer_) observer_(process, next, life.since, slept ? std::optional(awaited.part) : std::nullopt);
  if ((next != State::runnable && next != State::running) || group.idle == Time{}) return;
  // What it waited for had come when its kernel was woken last; the rest was spent in the monitor's queue.
  // Wakes before that were for ticks or other events, and kept nobody waiting.
  const Time since_then = waits.all - group.waited_before;
  end_sleep(group, std::clamp(std::min(waits.last, since_then), Time{}, group.idle), awaited);
}

void TimeLedger::end_sleep(GroupState& group, Time late, Awaited awaited) {
  const GroupSleep sleep{std::exchange(group.idle, Time{}), late, awaited};
  add_sleep(group.elapsed, sleep.length, sleep);
  const Time begin = group.since - sleep.length;
  for (auto mark = group.marks.rbegin(); mark != group.marks.rend() && mark->at > begin; ++mark) {
    add_sleep(mark->elapsed, std::min(mark->at - begin, sleep.length), sleep);
  }
}

/// The first part of a sleep: first the disk's queue, then its transfer, or whatever else it was, then the
/// wait for a processor.
void TimeLedger::add_sleep(LifeTimes& times, Time until, const GroupSleep& sleep) {
  const Time waited = sleep.length - sleep.late, passed = std::min(until, waited);
  at(times, LifePart::stolen) += until - passed;
  const Time rest = waited - passed;
  const Time transfer = std::max(Time{}, std::min(waited, sleep.awaited.transfer) - rest);
  add_wait(times, passed, {sleep.awaited.part, transfer});
}

void TimeLedger::advance(GroupState& group, Time now) {
  if (now <= group.since) return;
  const Time passed = now - group.since;
  group.since = now;
  if (group.running.empty()) {
    (group.runnable > 0 ? at(group.elapsed, LifePart::runnable) : group.idle) += passed;
    return;
  }
  const auto count = static_cast<std::int64_t>(group.running.size());
  for (const ProcessId process : group.running) lives_[process.value].share += passed / count;
  lives_[group.running.front().value].share += passed % count;
}

void TimeLedger::add_wait(LifeTimes& times, Time passed, Awaited awaited) {
  if (awaited.part != LifePart::disk) {
    at(times, awaited.part) += passed;
    return;
  }
  const Time transfer = std::min(passed, awaited.transfer);
  at(times, LifePart::disk) += transfer;
  at(times, LifePart::disk_queue) += passed - transfer;
}

void TimeLedger::add(LifeTimes& times, const Life& life, Time now, Awaited awaited) {
  const Time passed = std::max(Time{}, now - life.since);
  switch (life.state) {
    case State::none:
      return;
    case State::runnable:
      at(times, LifePart::runnable) += passed;
      return;
    case State::asleep:
      add_wait(times, passed, awaited);
      return;
    case State::running:
      break;
  }
  Time worked{};
  for (const Origin& origin : origins) {
    const auto i = static_cast<std::size_t>(origin.activity);
    const Time spent = (*life.account)[i] - life.before[i];
    at(times, origin.part) += spent;
    worked += spent;
  }
  at(times, LifePart::stolen) += std::max(Time{}, passed - worked);
}

void TimeLedger::add_share(LifeTimes& times, const Life& life, Time share, Time now) {
  LifeTimes own{};
  add(own, life, now, {});
  const Time whole = std::accumulate(own.begin(), own.end(), Time{});
  Time left = share;
  const double scale =
      whole > Time{} ? static_cast<double>(share.count()) / static_cast<double>(whole.count()) : 0;
  for (std::size_t i = 0; i < life_parts; ++i) {
    const auto scaled = static_cast<std::int64_t>(static_cast<double>(own[i].count()) * scale);
    const Time given = share == whole ? own[i] : std::min(left, Time{scaled});
    times[i] += given;
    left -= given;
  }
  at(times, LifePart::kernel) += left;
}

void report_lives(const LifeTimes& times, StatisticSink& sink, const std::string& prefix) {
  report(life_statistics, times, sink, prefix);
}

void report_elapsed(const LifeTimes& times, StatisticSink& sink, const std::string& prefix) {
  report(elapsed_statistics, times, sink, prefix);
}

LifeTimes TimeLedger::total(Group group, Time now) const {
  LifeTimes sum = group < groups_.size() ? groups_[group].lives : LifeTimes{};
  for (const Life& life : lives_) {
    if (life.group == group) add(sum, life, now, {});
  }
  return sum;
}

LifeTimes TimeLedger::elapsed(Group group, Time now) const {
  if (group >= groups_.size() || !groups_[group].begun) return {};
  const GroupState& its = groups_[group];
  LifeTimes sum = elapsed_awake(its, now);
  if (its.running.empty() && its.runnable == 0) {
    at(sum, LifePart::process) += its.idle + std::max(Time{}, now - its.since);
  }
  return sum;
}

void TimeLedger::mark(Group group, Time now) {
  if (groups_.size() <= group) groups_.resize(group + 1);
  GroupState& its = groups_[group];
  its.marks.push_back({now, elapsed_awake(its, now)});
}

std::vector<LifeTimes> TimeLedger::elapsed_at_marks(Group group) const {
  std::vector<LifeTimes> all;
  if (group >= groups_.size()) return all;
  const GroupState& its = groups_[group];
  const bool asleep = its.begun && its.running.empty() && its.runnable == 0;
  const Time begin = asleep ? its.since - its.idle : never;
  for (const Mark& mark : its.marks) {
    LifeTimes times = mark.elapsed;
    at(times, LifePart::process) += std::max(Time{}, mark.at - begin);
    all.push_back(times);
  }
  return all;
}

LifeTimes TimeLedger::elapsed_awake(const GroupState& group, Time now) const {
  LifeTimes sum = group.elapsed;
  const Time passed = std::max(Time{}, now - group.since);
  if (group.running.empty()) {
    if (group.runnable > 0) at(sum, LifePart::runnable) += passed;
    return sum;
  }
  const auto count = static_cast<std::int64_t>(group.running.size());
  for (const ProcessId process : group.running) {
    const Life& life = lives_[process.value];
    const Time rest = process == group.running.front() ? passed % count : Time{};
    add_share(sum, life, life.share + passed / count + rest, now);
  }
  return sum;
}

}  // namespace xensim
