#include "models/guest/processes/semaphores.hpp"

#include <algorithm>

namespace xensim {

SpinLock::Held Semaphores::enter(std::int64_t set) const {
  constexpr std::uint32_t set_lines = 3;
  context_.did(KernelPath::system_call);
  SpinLock::Held lock = context_.hold(KernelLock::semaphores);
  context_.did(KernelPath::semop);
  context_.locked(1);
  context_.uses(KernelObject::semaphores, static_cast<std::uint32_t>(set), set_lines);
  return lock;
}

CallResult Semaphores::create(unsigned count) {
  if (count == 0) return CallResult::failed(CallError::invalid);
  const SpinLock::Held lock = enter(made_);
  sets_[made_].values.resize(count);
  return {.value = made_++};
}

CallResult Semaphores::remove(std::int64_t set) {
  const auto found = sets_.find(set);
  if (found == sets_.end()) return CallResult::failed(CallError::invalid);
  const SpinLock::Held lock = enter(set);
  CallResult result;
  for (const auto& sleeper : found->second.sleepers) wake(*sleeper, Sleeper::State::removed, result.wakes);
  sets_.erase(found);
  return result;
}

CallResult Semaphores::set_value(std::int64_t set, unsigned semaphore, int value) {
  const auto found = sets_.find(set);
  if (found == sets_.end() || semaphore >= found->second.values.size() || value < 0) {
    return CallResult::failed(CallError::invalid);
  }
  const SpinLock::Held lock = enter(set);
  found->second.values[semaphore] = value;
  CallResult result;
  update_queue(found->second, result.wakes);
  return result;
}

CallResult Semaphores::operate(std::int64_t set, const std::shared_ptr<Sleeper>& call, bool interrupted) {
  using enum Sleeper::State;
  if (call->state == done) return {};
  if (call->state == removed) return CallResult::failed(CallError::removed);
  if (call->state == waiting && !interrupted) return {.sleeps = true};  // something else woke it
  const auto found = sets_.find(set);
  if (call->state == waiting) {
    const SpinLock::Held lock = context_.hold(KernelLock::semaphores);
    context_.locked(1);
    std::erase(found->second.sleepers, call);
    call->state = new_call;
    return CallResult::failed(CallError::interrupted);
  }
  if (found == sets_.end() || call->operations.empty()) return CallResult::failed(CallError::invalid);
  Set& wanted = found->second;
  for (const SemaphoreOperation& operation : call->operations) {
    if (operation.semaphore >= wanted.values.size()) return CallResult::failed(CallError::file_too_big);
  }
  const SpinLock::Held lock = enter(set);
  CallResult result;
  switch (attempt(wanted, call->operations)) {
    case Attempt::would_wait:
      return CallResult::failed(CallError::try_again);
    case Attempt::done:
      if (changes(*call)) update_queue(wanted, result.wakes);
      return result;
    case Attempt::must_wait:
      break;
  }
  context_.did(KernelPath::semop_sleep);
  context_.locked(3);  // the lock again before and after the sleep, task state
  call->state = waiting;
  wanted.sleepers.push_back(call);
  result.sleeps = true;
  return result;
}

bool Semaphores::changes(const Sleeper& call) {
  return std::ranges::any_of(call.operations,
                             [](const SemaphoreOperation& operation) { return operation.change != 0; });
}

Semaphores::Attempt Semaphores::attempt(Set& set, const std::vector<SemaphoreOperation>& operations) {
  std::vector<int> values = set.values;
  for (const SemaphoreOperation& operation : operations) {
    int& value = values[operation.semaphore];
    const bool possible = operation.change == 0 ? value == 0 : value + operation.change >= 0;
    if (!possible) return operation.no_wait ? Attempt::would_wait : Attempt::must_wait;
    value += operation.change;
  }
  set.values = std::move(values);
  return Attempt::done;
}

void Semaphores::wake(Sleeper& sleeper, Sleeper::State state, Wakes& wakes) {
  sleeper.state = state;
  context_.did(KernelPath::wake_process);
  context_.locked(1);
  wakes.push_back({sleeper.process});
}

void Semaphores::update_queue(Set& set, Wakes& wakes) {
  // Each success may make another possible that was looked at before.
  for (auto next = set.sleepers.begin(); next != set.sleepers.end();) {
    context_.did(KernelPath::semop_sleep);
    if (attempt(set, (*next)->operations) != Attempt::done) {
      ++next;
      continue;
    }
    const std::shared_ptr<Sleeper> sleeper = *next;
    next = set.sleepers.erase(next);
    wake(*sleeper, Sleeper::State::done, wakes);
    if (changes(*sleeper)) next = set.sleepers.begin();
  }
}

std::optional<std::int64_t> Semaphores::waits_on(ProcessId process) const {
  for (const auto& [number, set] : sets_) {
    const auto its = [&](const auto& sleeper) { return sleeper->process == process; };
    if (std::ranges::any_of(set.sleepers, its)) return number;
  }
  return std::nullopt;
}

std::string Semaphores::audit() const {
  for (const auto& [number, set] : sets_) {
    if (std::ranges::any_of(set.values, [](int value) { return value < 0; }))
      return "a semaphore is negative";
    for (const auto& sleeper : set.sleepers) {
      Set copy{.values = set.values, .sleepers = {}};
      if (attempt(copy, sleeper->operations) == Attempt::done) return "who could go on sleeps on a semaphore";
    }
  }
  return {};
}

}  // namespace xensim
