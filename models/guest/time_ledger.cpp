#include "models/guest/time_ledger.hpp"

#include <algorithm>

namespace xensim {
namespace {

using enum Statistic::Kind;

const std::array<Statistic, life_parts> statistics{
    {{"life/user", "s", counter, "processes executed their programs, as if with warm caches"},
     {"life/refill", "s", counter, "they missed lines and translations after others had run"},
     {"life/kernel", "s", counter, "they were in their kernel, interrupts included"},
     {"life/monitor", "s", counter, "the monitor worked in their time"},
     {"life/stolen", "s", counter, "they ran as their kernel saw it, while others had the processor"},
     {"life/runnable", "s", counter, "they waited for a processor of their kernel"},
     {"life/disk", "s", counter, "they slept until the disk's interrupt"},
     {"life/network", "s", counter, "they slept until a packet"},
     {"life/timer", "s", counter, "they slept until a time"},
     {"life/process", "s", counter, "they slept until another process woke them"}}};

Time& at(LifeTimes& times, LifePart part) { return times[static_cast<std::size_t>(part)]; }

}  // namespace

void TimeLedger::begin(ProcessId process, Group group, Time now) {
  if (lives_.size() <= process.value) lives_.resize(process.value + 1);
  if (totals_.size() <= group) totals_.resize(group + 1);
  lives_[process.value] = {.group = group, .state = State::runnable, .since = now};
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

void TimeLedger::ready(ProcessId process, Time now, LifePart awaited) {
  if (lives_[process.value].state == State::asleep) change(process, State::runnable, now, awaited);
}

void TimeLedger::change(ProcessId process, State next, Time now, LifePart awaited) {
  Life& life = lives_[process.value];
  add(totals_[life.group], life, now, awaited);
  life.state = next;
  life.since = std::max(life.since, now);
}

void TimeLedger::add(LifeTimes& times, const Life& life, Time now, LifePart awaited) {
  const Time passed = std::max(Time{}, now - life.since);
  switch (life.state) {
    case State::none:
      return;
    case State::runnable:
      at(times, LifePart::runnable) += passed;
      return;
    case State::asleep:
      at(times, awaited) += passed;
      return;
    case State::running:
      break;
  }
  const auto spent = [&](Activity activity) {
    const auto i = static_cast<std::size_t>(activity);
    return (*life.account)[i] - life.before[i];
  };
  const Time worked =
      spent(Activity::user) + spent(Activity::refill) + spent(Activity::kernel) + spent(Activity::monitor);
  at(times, LifePart::user) += spent(Activity::user);
  at(times, LifePart::refill) += spent(Activity::refill);
  at(times, LifePart::kernel) += spent(Activity::kernel);
  at(times, LifePart::monitor) += spent(Activity::monitor);
  at(times, LifePart::stolen) += std::max(Time{}, passed - worked);
}

void report(const LifeTimes& times, StatisticSink& sink, const std::string& prefix) {
  for (std::size_t i = 0; i < life_parts; ++i) sink.value(prefix, statistics[i], to_seconds(times[i]));
}

LifeTimes TimeLedger::total(Group group, Time now) const {
  LifeTimes sum = group < totals_.size() ? totals_[group] : LifeTimes{};
  for (const Life& life : lives_) {
    if (life.group == group) add(sum, life, now, LifePart::process);
  }
  return sum;
}

}  // namespace xensim
