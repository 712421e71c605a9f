#include "models/guest/processes/standstill.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/machine_graph.hpp"
#include "models/guest/files/pipe.hpp"
#include "models/guest/processes/process_kernel.hpp"

namespace xensim {
namespace {

std::string name_of(ProcessId process) { return fmt::format("process {}", process.value); }

/// Calls `visit` for each end of a pipe that a process has open, until one returns true.
template <class Visit>
bool any_pipe(const GuestProcess& process, const Visit& visit) {
  const FileTable& table = process.files.table;
  for (unsigned descriptor = 0; descriptor < table.size(); ++descriptor) {
    const auto end = std::dynamic_pointer_cast<const PipeEnd>(table.peek(descriptor));
    if (end && visit(*end)) return true;
  }
  return false;
}

}  // namespace

Standstill::Standstill(std::span<const GuestProcess* const> processes, const GuestKernel& scheduler,
                       const Semaphores& semaphores, bool others_act)
    : processes_(processes), scheduler_(scheduler), semaphores_(semaphores), others_act_(others_act) {
  std::vector<ProcessId> acting;  // those that may
  for (const GuestProcess* process : processes) {
    if (process->dead_now) continue;
    Sleeper sleeper{.id = process->id, .what = {}};
    if (find_wait(*process, sleeper)) {
      sleepers_.push_back(std::move(sleeper));
    } else {
      acting.push_back(process->id);
    }
  }
  // Whoever one of these can wake may act, too.
  for (std::size_t i = 0; i < acting.size(); ++i) {
    std::erase_if(sleepers_, [&](const Sleeper& sleeper) {
      if (std::ranges::find(sleeper.whom, acting[i]) == sleeper.whom.end()) return false;
      acting.push_back(sleeper.id);
      return true;
    });
  }
}

bool Standstill::find_wait(const GuestProcess& process, Sleeper& sleeper) const {
  if (scheduler_.may_act(process.id)) return false;
  return in_wait(process, sleeper) || in_pipe(process, sleeper) || in_semop(process, sleeper);
}

bool Standstill::in_wait(const GuestProcess& process, Sleeper& sleeper) const {
  if (!process.waits_for_child) return false;
  for (const GuestProcess* child : processes_) {
    if (child->parent != process.id) continue;
    if (child->dead_now) return false;  // it is about to be told
    sleeper.whom.push_back(child->id);
  }
  sleeper.what = "its end";
  return true;
}

bool Standstill::in_pipe(const GuestProcess& process, Sleeper& sleeper) const {
  const PipeEnd* mine = nullptr;
  const auto sleeps_there = [&](const PipeEnd& end) {
    if (end.pipe().sleeps(process.id, end.end())) mine = &end;
    return mine != nullptr;
  };
  if (!any_pipe(process, sleeps_there)) return false;
  for (const GuestProcess* other : processes_) {
    const auto is_other_end = [&](const PipeEnd& end) {
      return &end.pipe() == &mine->pipe() && end.end() != mine->end();
    };
    if (any_pipe(*other, is_other_end)) sleeper.whom.push_back(other->id);
  }
  sleeper.what = mine->end() == Pipe::End::read ? "data in a pipe" : "room in a pipe";
  return true;
}

bool Standstill::in_semop(const GuestProcess& process, Sleeper& sleeper) const {
  const auto set = semaphores_.waits_on(process.id);
  if (!set || others_act_) return false;
  for (const GuestProcess* other : processes_) {
    if (other->id != process.id && !other->dead_now) sleeper.whom.push_back(other->id);
  }
  sleeper.what = fmt::format("semaphore set {}", *set);
  return true;
}

const Standstill::Sleeper* Standstill::find(ProcessId process) const {
  const auto found = std::ranges::find(sleepers_, process, &Sleeper::id);
  return found == sleepers_.end() ? nullptr : &*found;
}

bool Standstill::holds(ProcessId process) const { return find(process) != nullptr; }

std::string Standstill::explain(ProcessId process) const {
  std::vector<ProcessId> reached{process};
  std::vector<Wait> waits;
  for (std::size_t i = 0; i < reached.size(); ++i) {
    const Sleeper& sleeper = *find(reached[i]);
    if (sleeper.whom.empty()) {
      return fmt::format("{} waits for {}, and there is nobody to give it", name_of(sleeper.id),
                         sleeper.what);
    }
    for (const ProcessId whom : sleeper.whom) {
      waits.push_back({name_of(sleeper.id), name_of(whom), sleeper.what});
      if (std::ranges::find(reached, whom) == reached.end()) reached.push_back(whom);
    }
  }
  return explain_deadlock(waits);
}

std::string ProcessKernel::deadlock(TimeLedger::Group group) const {
  const auto is_program = [&](const auto& process) {
    return process && !process->parent.valid() && !process->orphan && !process->kernel_thread &&
           !process->dead_now && !process->rests && scheduler_.group(process->id) == group &&
           !scheduler_.may_act(process->id);
  };
  if (std::ranges::none_of(processes_, is_program)) return {};
  std::vector<const GuestProcess*> all;
  bool others_act = false;
  for (std::uint32_t i = 0; i < scheduler_.process_slots(); ++i) {
    const ProcessId id{i};
    const bool known = i < processes_.size() && processes_[i];
    if (is_kernel_thread(id) || (known && processes_[i]->kernel_thread)) continue;
    if (known) {
      all.push_back(processes_[i].get());
    } else {
      others_act = others_act || scheduler_.may_act(id);
    }
  }
  const Standstill standstill(all, scheduler_, semaphores_, others_act);
  for (const auto& process : processes_) {
    if (is_program(process) && standstill.holds(process->id)) return standstill.explain(process->id);
  }
  return {};
}

}  // namespace xensim
