#include "models/guest/processes/signals.hpp"

#include <algorithm>
#include <bit>

namespace xensim {

namespace {
using namespace signal_number;
constexpr SignalNumber first_queuing = 32;
constexpr std::uint64_t action_bytes = 20;

/// Child, continue, urgent data, window size.
constexpr bool ignored_by_default(SignalNumber signal) {
  return signal == child || signal == resume || signal == 23 || signal == 28;
}
constexpr bool stops_by_default(SignalNumber signal) { return signal >= stop && signal <= stop + 3; }
constexpr bool can_be_caught(SignalNumber signal) { return signal != signal_number::kill && signal != stop; }
constexpr SignalSet without_uncatchable(SignalSet set) {
  return {set.bits & ~(SignalSet::of(signal_number::kill).bits | SignalSet::of(stop).bits)};
}
}  // namespace

CallResult Signals::install(SignalNumber signal, const SignalAction& action, SignalAction* previous) {
  if (signal < 1 || signal > last || !can_be_caught(signal)) return CallResult::failed(CallError::invalid);
  context_->copied(action_bytes);
  context_->did(KernelPath::sigaction);
  context_->locked(1);
  if (previous != nullptr) {
    *previous = actions_[signal - 1];
    context_->copied(action_bytes);
  }
  actions_[signal - 1] = action;
  actions_[signal - 1].also_blocked = without_uncatchable(action.also_blocked);
  if (ignored(signal)) {
    context_->locked(1);
    discard(signal);
  }
  return {};
}

bool Signals::ignored(SignalNumber signal) const {
  if (installed(signal).kind == SignalAction::Kind::handler) return false;
  return installed(signal).kind == SignalAction::Kind::ignore || ignored_by_default(signal);
}

void Signals::discard(SignalNumber signal) {
  pending_.bits &= ~SignalSet::of(signal).bits;
  std::erase(queue_, signal);
}

void Signals::set_blocked(SignalSet blocked) {
  context_->locked(1);
  blocked_ = without_uncatchable(blocked);
}

void Signals::block(SignalSet blocked) { set_blocked(blocked); }

Signals Signals::forked() const {
  Signals copy(*context_);
  copy.actions_ = actions_;
  copy.blocked_ = blocked_;
  copy.frames_ = frames_;
  return copy;
}

void Signals::reset_handlers() {
  for (SignalAction& action : actions_) {
    if (action.kind == SignalAction::Kind::handler) action = {};
  }
  frames_.clear();
}

bool Signals::send(SignalNumber signal) {
  context_->did(KernelPath::signal_send);
  context_->locked(2);  // the list of all processes, to find this one
  if (signal == 0) return false;
  context_->did(KernelPath::signal_queue);
  context_->locked(2);  // this process's signal lock; the number of queue entries in the system
  if (stops_by_default(signal)) discard(resume);
  if (signal == resume) {
    for (SignalNumber other = stop; stops_by_default(other); ++other) discard(other);
  }
  // One that is blocked is kept even if ignored: the action may change before it is unblocked.
  if (ignored(signal) && !blocked_.has(signal)) return false;
  if (pending_.has(signal) && signal < first_queuing) return false;
  pending_.bits |= SignalSet::of(signal).bits;
  queue_.push_back(signal);
  context_->locked(1);  // state of the process, to see if it sleeps
  return !blocked_.has(signal);
}

void Signals::force(SignalNumber signal) {
  context_->did(KernelPath::signal_force);
  context_->locked(2);
  if (installed(signal).kind == SignalAction::Kind::ignore)
    installed(signal).kind = SignalAction::Kind::standard;
  blocked_.bits &= ~SignalSet::of(signal).bits;
  if (pending_.has(signal) && signal < first_queuing) return;
  context_->did(KernelPath::signal_queue);
  context_->locked(1);
  pending_.bits |= SignalSet::of(signal).bits;
  queue_.push_back(signal);
}

void Signals::dequeue(SignalNumber signal) {
  context_->did(KernelPath::signal_deliver);
  context_->locked(2);  // signal lock; number of queue entries
  queue_.erase(std::find(queue_.begin(), queue_.end(), signal));
  if (std::find(queue_.begin(), queue_.end(), signal) == queue_.end()) {
    pending_.bits &= ~SignalSet::of(signal).bits;
  }
}

std::optional<SignalDelivery> Signals::deliver(bool uses_fpu) {
  while (deliverable() != 0) {
    const auto signal = static_cast<SignalNumber>(std::countr_zero(deliverable())) + 1;
    dequeue(signal);
    if (ignored(signal)) continue;
    if (installed(signal).kind == SignalAction::Kind::handler) {
      const bool restart = installed(signal).restart;
      enter_handler(signal, uses_fpu);
      return SignalDelivery{SignalDelivery::Kind::handler, signal, restart};
    }
    const bool stops = stops_by_default(signal);
    return SignalDelivery{stops ? SignalDelivery::Kind::stop : SignalDelivery::Kind::terminate, signal};
  }
  return std::nullopt;
}

void Signals::enter_handler(SignalNumber signal, bool uses_fpu) {
  // Native kernels reload DR7 before every handler, XenoLinux only for a process that is being debugged:
  // none.
  if (!context_->build.paravirtual) context_->did(KernelPath::debug_register_load);
  context_->did(KernelPath::signal_frame);
  context_->copied(frame_bytes + (uses_fpu ? fpu_bytes : 0));
  if (uses_fpu) context_->did(KernelPath::signal_fpu);
  frames_.push_back({blocked_, uses_fpu});
  SignalAction& handling = installed(signal);
  SignalSet blocked{blocked_.bits | handling.also_blocked.bits};
  if (!handling.nested) blocked.bits |= SignalSet::of(signal).bits;
  set_blocked(blocked);
  if (handling.one_shot) handling = {};
}

CallResult Signals::handler_returns() {
  if (frames_.empty()) return CallResult::failed(CallError::invalid);
  const Frame frame = frames_.back();
  frames_.pop_back();
  context_->did(KernelPath::signal_return);
  context_->copied(frame_bytes + (frame.fpu ? fpu_bytes : 0));
  if (frame.fpu) context_->did(KernelPath::signal_fpu);
  set_blocked(frame.blocked);
  return {};
}

std::string Signals::audit() const {
  for (SignalNumber signal = 1; signal <= last; ++signal) {
    const auto entries = std::count(queue_.begin(), queue_.end(), signal);
    if (pending_.has(signal) != (entries > 0))
      return "a signal is pending without an entry, or has one and is not";
    if (signal < first_queuing && entries > 1) return "an ordinary signal is queued twice";
  }
  if (without_uncatchable(blocked_) != blocked_) return "a signal that nobody can block is blocked";
  return {};
}

}  // namespace xensim
