#include "models/guest/kernel/scheduler_lines.hpp"

namespace xensim {

SchedulerLines::Locked::Locked(SchedulerLines& lines, Processor& processor, unsigned cpu)
    : lines_(lines), processor_(processor), cpu_(cpu), self_(1U << cpu % 32), held_(lines.lock_, processor) {
  write(lines.lock_line_);
}

void SchedulerLines::Locked::put(ProcessId task) {
  write(this->task(task));
  write(lines_.head_);
  for (OfProcessor& other : lines_.of_processor_) read(other.schedule_data);
}

void SchedulerLines::Locked::ask(unsigned target, std::optional<ProcessId> current) {
  write(current ? task(*current) : lines_.of_processor_[target].idle_task);
}

void SchedulerLines::Locked::look(ProcessId task) { read(this->task(task)); }

void SchedulerLines::Locked::take_out() { write(lines_.head_); }

void SchedulerLines::Locked::chose(std::optional<ProcessId> previous, std::optional<ProcessId> next) {
  OfProcessor& own = lines_.of_processor_[cpu_];
  read(lines_.head_);
  write(own.schedule_data);
  write(previous ? task(*previous) : own.idle_task);
  if (next) write(task(*next));
}

void SchedulerLines::Locked::read(std::uint32_t& holders) {
  if (holders != 0 && (holders & self_) == 0) processor_.fetch(Activity::kernel, 1);
  holders |= self_;
}

void SchedulerLines::Locked::write(std::uint32_t& holders) {
  read(holders);
  holders = self_;
}

std::uint32_t& SchedulerLines::Locked::task(ProcessId id) {
  if (id.value >= lines_.tasks_.size()) lines_.tasks_.resize(id.value + 1);
  return lines_.tasks_[id.value];
}

}  // namespace xensim
