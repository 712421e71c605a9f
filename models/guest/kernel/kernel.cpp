#include "models/guest/kernel/kernel.hpp"

#include <algorithm>
#include <cassert>

#include "models/guest/processes/process_kernel.hpp"

namespace xensim {
namespace {

ProcessState state_of(TimeLedger::State state) {
  switch (state) {
    case TimeLedger::State::running:
      return ProcessState::running;
    case TimeLedger::State::runnable:
      return ProcessState::runnable;
    case TimeLedger::State::asleep:
      return ProcessState::asleep;
    case TimeLedger::State::none:
      break;
  }
  return ProcessState::gone;
}

std::string_view name_of(LifePart awaited) {
  switch (awaited) {
    case LifePart::disk:
      return "the disk";
    case LifePart::paging:
      return "a page from the disk";
    case LifePart::network:
      return "a packet";
    case LifePart::timer:
      return "a time";
    default:
      return "another process";
  }
}

}  // namespace

GuestKernel::GuestKernel(VirtualMachine& machine, unsigned processors, const GuestCosts& costs,
                         FootprintId footprint, std::function<FootprintId()> new_footprint, Time boot)
    : machine_(machine),
      costs_(costs),
      footprint_(footprint),
      process_table_(new_footprint()),
      new_footprint_(std::move(new_footprint)),
      queue_(processors),
      reschedule_(processors),
      boot_(boot) {}

GuestKernel::Started GuestKernel::start(Program program, Time now, TimeLedger::Group group, int nice,
                                        RunQueue::Memory memory, std::optional<unsigned> only_on,
                                        std::string_view name) {
  const ProcessId id{static_cast<std::uint32_t>(processes_.size())};
  processes_.push_back({.program = std::move(program),
                        .footprint = new_footprint_(),
                        .busy = false,
                        .has_state = false,
                        .computing = {},
                        .call = nullptr,
                        .name = name});
  queue_.add(id, nice, memory, only_on);
  ledger_.begin(id, group, now);
  const std::optional<unsigned> target = queue_.wake(id);
  if (target) reschedule_[*target] = true;
  return {id, target};
}

void GuestKernel::timer(unsigned vcpu, Time now, TimerDuty duty) {
  Processor& processor = machine_.processor(vcpu);
  processor.touch(Activity::kernel, footprint_, costs_.interrupt_lines);
  std::uint64_t elapsed = 1;
  if (duty != TimerDuty::charge) {
    const auto due = static_cast<std::uint64_t>((now - boot_) / tick_length);
    elapsed = due - std::min(due, jiffies_);
    jiffies_ += elapsed;
  }
  processor.charge(Activity::kernel,
                   costs_.timer_interrupt + costs_.tick * static_cast<std::int64_t>(elapsed));
  if (duty != TimerDuty::keep_time && queue_.tick(vcpu, elapsed)) reschedule_[vcpu] = true;
  if (duty != TimerDuty::charge && elapsed > 0) {
    processor.charge(Activity::kernel, costs_.bottom_half);
    wake_sleepers(vcpu);
    timers_.run(vcpu, jiffies_);
  }
}

void GuestKernel::wake_sleepers(unsigned vcpu) {
  const WakingFor awaited(*this, LifePart::timer);
  while (!sleepers_.empty() && sleepers_.top().jiffy <= jiffies_) {
    const Sleeper sleeper = sleepers_.top();
    sleepers_.pop();
    std::uint64_t& timer = processes_[sleeper.process.value].timer;
    if (timer != sleeper.order) continue;
    timer = 0;
    wake(vcpu, sleeper.process);
  }
}

void GuestKernel::wake(unsigned vcpu, ProcessId process, bool synchronous) {
  const std::optional<unsigned> target = make_runnable(vcpu, process, synchronous);
  if (!target || synchronous) return;
  reschedule_[*target] = true;
  if (*target == vcpu) return;
  ++kicks_;
  machine_.kick(vcpu, *target);
}

std::optional<unsigned> GuestKernel::make_runnable(unsigned vcpu, ProcessId process, bool synchronous) {
  ledger_.ready(process, now(vcpu), awaited_, machine_.waits(vcpu));
  if (!lines_) return queue_.wake(process);
  SchedulerLines::Locked lines(*lines_, machine_.processor(vcpu), vcpu);
  if (queue_.is_runnable(process)) return {};
  lines.put(process);
  const std::optional<unsigned> target = queue_.wake(process);
  if (target && !synchronous) lines.ask(*target, queue_.current(*target));
  return target;
}

void GuestKernel::share_lines() {
  if (reschedule_.size() > 1) lines_.emplace(static_cast<unsigned>(reschedule_.size()));
}

ProcessId GuestKernel::start_thread(unsigned vcpu, std::string_view name, Program program, int nice,
                                    std::optional<unsigned> only_on) {
  const Started started =
      start(std::move(program), now(vcpu), 0, nice, RunQueue::Memory::borrowed, only_on, name);
  if (started.reschedule && *started.reschedule != vcpu) machine_.kick(vcpu, *started.reschedule);
  return started.process;
}

void GuestKernel::yield(unsigned vcpu) {
  if (queue_.yield(vcpu)) reschedule_[vcpu] = true;
}

void GuestKernel::end_step(unsigned vcpu) {
  std::erase_if(after_step_, [&](const AfterStep& late) {
    if (late.vcpu != vcpu) return false;
    if (machine_.processes().after_step(vcpu, late.process)) forget(late.process);
    return true;
  });
}

GuestKernel::Next GuestKernel::return_to_user(unsigned vcpu) {
  if (!after_step_.empty()) end_step(vcpu);
  for (;;) {
    // Where programs only compute, an idle processor also looks for work after each interrupt.
    const std::optional<ProcessId> before = queue_.current(vcpu);
    const bool may_switch = !before || !processes_[before->value].pausing;
    if ((reschedule_[vcpu] && may_switch) || (!lines_ && !before)) schedule(vcpu);
    const std::optional<ProcessId> current = queue_.current(vcpu);
    if (!current) return Next::idle;
    if (processes_[current->value].signalled) {
      const std::optional<Next> next = deliver_signals(vcpu, *current);
      if (next == Next::idle) continue;
      if (next) return *next;
    }
    if (processes_[current->value].busy) return Next::user;
    if (const Next next = next_operation(vcpu, *current); next != Next::idle) return next;
  }
}

void GuestKernel::schedule(unsigned vcpu) {
  Processor& processor = machine_.processor(vcpu);
  const std::optional<ProcessId> previous = queue_.current(vcpu);
  const bool asked = reschedule_[vcpu];
  reschedule_[vcpu] = false;
  if (!asked && queue_.runnable() == 0 && !previous) return;
  const RunQueue::Selection selection = select(vcpu);
  if (previous && previous != selection.next) ledger_.preempt(*previous, now(vcpu));
  if (selection.next) ledger_.run(*selection.next, now(vcpu), machine_.time(vcpu));
  if (selection.next && selection.next != previous) {
    ++switches_;
    processor.touch(Activity::kernel, footprint_, costs_.process_lines);
    machine_.switch_address_space(vcpu);
  }
  if (!selection.next && previous && processes_[previous->value].has_state) machine_.processes().idle(vcpu);
  if (selection.kick && *selection.kick != vcpu) {
    reschedule_[*selection.kick] = true;
    ++kicks_;
    machine_.kick(vcpu, *selection.kick);
  }
}

RunQueue::Selection GuestKernel::select(unsigned vcpu) {
  Processor& processor = machine_.processor(vcpu);
  const std::optional<ProcessId> previous = queue_.current(vcpu);
  std::optional<SchedulerLines::Locked> lines;
  if (lines_) {
    lines.emplace(*lines_, processor, vcpu);
    if (previous && !queue_.is_runnable(*previous)) lines->take_out();
    queue_.visit_runnable([&](ProcessId process) { lines->look(process); });
  }
  const RunQueue::Selection selection = queue_.select(vcpu);
  // The current process's own entry is among the lines of every interrupt.
  const auto others =
      static_cast<std::uint32_t>(queue_.runnable() - std::min<std::size_t>(queue_.runnable(), 1));
  if (others > 0) processor.scan(Activity::kernel, process_table_, others * costs_.scan_entry_lines);
  processor.charge(Activity::kernel, costs_.schedule_pass + costs_.schedule_scan_entry * selection.scanned);
  if (lines) lines->chose(previous, selection.next);
  lines.reset();
  if (selection.recalculated > 0) {  // without the lock
    processor.scan(Activity::kernel, process_table_, selection.recalculated);
    processor.charge(Activity::kernel, costs_.recalculate_entry * selection.recalculated);
  }
  return selection;
}

GuestKernel::Next GuestKernel::next_operation(unsigned vcpu, ProcessId id) {
  Process& process = processes_[id.value];
  if (process.call != nullptr) return make_call(vcpu, id);
  if (!process.program.advance()) return exit(vcpu, id);
  const Operation& operation = process.program.operation();
  if (const auto* compute = std::get_if<Compute>(&operation)) {
    // At least a nanosecond, so that a program that computes nothing for ever still moves time on.
    process.computing = {std::max(compute->work, Time{1ns}), compute->working_set};
    process.busy = true;
    return Next::user;
  }
  if (const auto* call = std::get_if<Call*>(&operation)) {
    process.call = *call;
    return make_call(vcpu, id);
  }
  const Time duration = std::get<Sleep>(operation).duration;
  machine_.processor(vcpu).charge(Activity::kernel, costs_.system_call);
  set_timer(id, ticks_of(duration) + 1);  // nanosleep lasts at least so long
  block(vcpu, id);
  return Next::idle;
}

void GuestKernel::set_timer(ProcessId process, std::uint64_t ticks) {
  processes_[process.value].timer = ++sleep_order_;
  sleepers_.push({jiffies_ + ticks, sleep_order_, process});
}

void GuestKernel::interrupt(unsigned vcpu, ProcessId process, bool interruptible) {
  Process& target = processes_[process.value];
  target.signalled = true;
  const bool naps = target.call == nullptr && target.timer != 0;
  if (naps) target.timer = 0;
  if (interruptible || naps) return wake(vcpu, process);
  for (unsigned other = 0; other < reschedule_.size(); ++other) {
    if (other == vcpu || queue_.current(other) != process) continue;
    ++kicks_;
    machine_.kick(vcpu, other);
  }
}

std::optional<GuestKernel::Next> GuestKernel::deliver_signals(unsigned vcpu, ProcessId id) {
  using enum ProcessKernel::Fate;
  switch (machine_.processes().deliver(vcpu, id)) {
    case in_call:
      break;
    case goes_on:
      processes_[id.value].signalled = false;
      break;
    case stops:
      block(vcpu, id);
      return Next::idle;
    case dies:
      return exit(vcpu, id);
  }
  return {};
}

GuestKernel::Next GuestKernel::make_call(unsigned vcpu, ProcessId id) {
  using enum ProcessKernel::Progress;
  Process& caller = processes_[id.value];
  caller.has_state = true;
  const ProcessKernel::Progress progress = machine_.processes().perform(vcpu, id, *caller.call);
  // A fork has moved the processes.
  processes_[id.value].pausing = progress == pauses;
  if (progress == done) processes_[id.value].call = nullptr;
  if (progress == killed) return exit(vcpu, id);
  if (progress == sleeps) block(vcpu, id);
  return progress == sleeps ? Next::idle : Next::kernel;
}

GuestKernel::Next GuestKernel::exit(unsigned vcpu, ProcessId id) {
  Process& process = processes_[id.value];
  Processor& processor = machine_.processor(vcpu);
  process.program = Program{};
  process.call = nullptr;
  process.timer = 0;
  process.busy = process.pausing = process.signalled = false;
  std::erase_if(after_step_, [&](const AfterStep& late) { return late.process == id; });
  if (process.has_state)
    machine_.processes().exit(vcpu, id);
  else
    processor.charge(Activity::kernel, costs_.system_call);
  processor.release(process.footprint);
  block(vcpu, id);
  ledger_.end(id, now(vcpu));
  return process.has_state ? Next::kernel : Next::idle;
}

void GuestKernel::block(unsigned vcpu, ProcessId id) {
  queue_.block(id);
  const Call* call = processes_[id.value].call;
  const bool faulted = call != nullptr && call->kind() == Call::Kind::instructions;
  ledger_.sleep(id, now(vcpu), faulted, machine_.waits(vcpu));
  reschedule_[vcpu] = true;
}

ProcessId GuestKernel::fork(unsigned vcpu, Program child, const std::function<void(ProcessId)>& prepare) {
  const ProcessId parent = *queue_.current(vcpu);
  ProcessId id{static_cast<std::uint32_t>(processes_.size())};
  if (unused_ids_.empty()) {
    processes_.emplace_back();
    processes_.back().footprint = new_footprint_();
  } else {
    id = unused_ids_.back();
    unused_ids_.pop_back();
  }
  processes_[id.value].program = std::move(child);
  processes_[id.value].has_state = true;
  processes_[id.value].name = {};
  ledger_.begin(id, ledger_.group(parent), now(vcpu));
  prepare(id);
  if (queue_.fork(parent, id)) reschedule_[vcpu] = true;
  wake(vcpu, id);
  return id;
}

void GuestKernel::reap(ProcessId parent, ProcessId child) {
  queue_.give_back(parent, child);
  forget(child);
}

void GuestKernel::forget(ProcessId dead) {
  queue_.remove(dead);
  processes_[dead.value].has_state = false;
  unused_ids_.push_back(dead);
}

GuestKernel::Computation GuestKernel::computation(unsigned vcpu) const {
  const Process& process = processes_[queue_.current(vcpu)->value];
  return {process.computing.working_set, process.footprint, process.computing.work};
}

void GuestKernel::computed(unsigned vcpu, Time work, bool complete) {
  Process& process = processes_[queue_.current(vcpu)->value];
  process.computing.work -= work;
  if (complete || process.computing.work <= Time{}) process.busy = false;
}

void GuestKernel::trace_to(TraceSink& sink, VcpuId of) {
  ledger_.observe([this, &sink, of](ProcessId process, TimeLedger::State state, Time at,
                                    std::optional<LifePart> awaited) {
    const std::string_view name = processes_[process.value].name;
    if (awaited == LifePart::paging && !name.empty())
      awaited = LifePart::disk;  // a daemon has no page faults
    CpuId cpu;
    for (unsigned vcpu = 0; state == TimeLedger::State::running && vcpu < reschedule_.size(); ++vcpu) {
      if (queue_.current(vcpu) == process) cpu = machine_.processor(vcpu).id();
    }
    sink.process({.at = at,
                  .process = process,
                  .group = ledger_.group(process),
                  .vcpu = of,
                  .cpu = cpu,
                  .state = state_of(state),
                  .name = name,
                  .awaited = awaited ? name_of(*awaited) : std::string_view{}});
  });
}

}  // namespace xensim
