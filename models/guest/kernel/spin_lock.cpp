#include "models/guest/kernel/spin_lock.hpp"

#include <algorithm>

namespace xensim {

void SpinLock::take(Processor& processor) {
  if (depth_++ > 0) return;
  // No step will begin before this one.
  std::erase_if(holds_, [&](const Hold& hold) { return hold.until <= processor.clock.step_began(); });
  Time free = processor.clock.local();
  const auto taken = [&](const Hold& hold) {
    return hold.by != processor.id() && hold.from <= free && free < hold.until;
  };
  for (auto found = holds_.begin(); (found = std::ranges::find_if(holds_, taken)) != holds_.end();) {
    free = found->until;
  }
  wait(processor, free);
  from_ = free;
}

void SpinLock::release(Processor& processor) {
  if (--depth_ > 0) return;
  const Time until = processor.clock.local();
  if (until == from_) return;
  held_ += until - from_;
  Time met = until;
  for (const Hold& hold : holds_) {
    if (hold.by != processor.id() && hold.from > from_) met = std::min(met, hold.from);
  }
  const Time free = until + (until - met);
  holds_.push_back({processor.id(), from_, free});
  wait(processor, free);
}

void SpinLock::wait(Processor& processor, Time until) {
  waited_ += until - processor.clock.local();
  processor.wait_until(Activity::kernel, until);
}

}  // namespace xensim
