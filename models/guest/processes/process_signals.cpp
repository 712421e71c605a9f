/// Signals of processes: who sends them, whose sleep they end, and what becomes of the process.
#include <utility>

#include "models/guest/processes/process_kernel.hpp"

namespace xensim {

ProcessKernel::Fate ProcessKernel::deliver(unsigned vcpu, ProcessId id) {
  GuestProcess& caller = process(id);
  if (caller.in_call) return Fate::in_call;
  if (caller.stopped) return Fate::stops;
  if (!caller.signals.pending()) return Fate::goes_on;
  run_on(vcpu);
  caller.processor = vcpu;
  // An interrupt has brought it here, and takes it back.
  const bool was_in_kernel = std::exchange(caller.in_kernel, true);
  use_stack(caller);
  std::optional<SignalDelivery> handled;
  if (!deliver_signals(caller, handled)) return Fate::dies;
  caller.in_kernel = was_in_kernel;
  return caller.stopped ? Fate::stops : Fate::goes_on;
}

CallResult ProcessKernel::kill(GuestProcess& caller, std::int64_t number, SignalNumber signal) {
  const bool is_number = number >= 0 && number < static_cast<std::int64_t>(processes_.size());
  GuestProcess* target = is_number ? processes_[static_cast<std::size_t>(number)].get() : nullptr;
  if (target == nullptr || target->kernel_thread || target->dead_now) {
    context_.did(KernelPath::system_call);
    return target == nullptr ? CallResult::failed(CallError::no_process) : CallResult{};
  }
  bool wakes = false;
  CallResult result = calls_.kill(target->signals, signal, wakes);
  signalled(caller.processor, *target, signal, wakes);
  return result;
}

CallResult ProcessKernel::set_alarm(GuestProcess& caller, std::uint32_t seconds) {
  constexpr std::uint64_t second = GuestKernel::ticks_per_second;
  context_.did(KernelPath::system_call);
  context_.did(KernelPath::copy_user, 2);  // the new time and the old one
  context_.did(KernelPath::sleep_timer);
  const std::uint64_t now = scheduler_.ticks();
  const std::uint64_t left = caller.alarm > now ? caller.alarm - now : 0;
  caller.alarm = seconds > 0 ? now + seconds * second : 0;
  if (caller.alarm > 0 && !scheduler_.timers().is_set(alarm_clock_, caller.alarm)) {
    scheduler_.timers().set(alarm_clock_, caller.alarm);
  }
  return {.value = static_cast<std::int64_t>((left + second - 1) / second)};
}

void ProcessKernel::ring(unsigned vcpu) {
  run_on(vcpu);
  std::uint64_t first = 0;
  for (const auto& process : processes_) {
    if (!process || process->alarm == 0) continue;
    if (process->alarm <= scheduler_.ticks()) {
      process->alarm = 0;
      if (!process->dead_now) {
        signalled(vcpu, *process, signal_number::alarm, process->signals.send(signal_number::alarm));
      }
    } else if (first == 0 || process->alarm < first) {
      first = process->alarm;
    }
  }
  if (first > 0) scheduler_.timers().set(alarm_clock_, first);
}

void ProcessKernel::signalled(unsigned vcpu, GuestProcess& target, SignalNumber signal, bool wakes) {
  if (target.stopped) {
    wakes = signal == signal_number::kill || signal == signal_number::resume;
    target.stopped = !wakes;
    target.interruptible = wakes;
  }
  if (wakes) interrupt(vcpu, target);
}

void ProcessKernel::tell_of_child(unsigned vcpu, const GuestProcess& child) {
  GuestProcess* parent = find(child.parent);
  if (parent == nullptr) return;
  signalled(vcpu, *parent, signal_number::child, parent->signals.send(signal_number::child));
}

void ProcessKernel::interrupt(unsigned vcpu, const GuestProcess& target) {
  if (target.interruptible) {
    context_.did(KernelPath::wake_process);
    use_stack(target);
  }
  scheduler_.interrupt(vcpu, target.id, target.interruptible);
}

bool ProcessKernel::deliver_signals(GuestProcess& caller, std::optional<SignalDelivery>& handled) {
  while (!caller.stopped && caller.signals.pending()) {
    const std::optional<SignalDelivery> delivery = caller.signals.deliver(caller.uses_fpu);
    if (!delivery) break;
    if (delivery->kind == SignalDelivery::Kind::terminate) return false;
    if (delivery->kind == SignalDelivery::Kind::stop) {
      caller.stopped = true;
      tell_of_child(caller.processor, caller);
      continue;
    }
    if (!handled) handled = delivery;
    // The handler runs and returns.
    leave(caller);
    machine_.enter_by_call(caller.processor);
    caller.in_kernel = true;
    (void)calls_.sigreturn(caller.signals);
  }
  return true;
}

}  // namespace xensim
