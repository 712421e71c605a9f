#include "models/guest/kernel/wait_queue.hpp"

#include <algorithm>

namespace xensim {

void WaitQueue::add(ProcessId process, Waits how, std::uint8_t purpose) {
  waiters_.insert(how == Waits::with_others ? waiters_.begin() : waiters_.end(), {process, how, purpose});
}

void WaitQueue::remove(ProcessId process) {
  std::erase_if(waiters_, [&](const Waiter& waiter) { return waiter.process == process; });
}

void WaitQueue::sleep_again(ProcessId process) {
  for (Waiter& waiter : waiters_) {
    if (waiter.process == process) waiter.woken = false;
  }
}

void WaitQueue::wake(const KernelContext& context, Wakes& wakes, bool synchronous) {
  context.did(KernelPath::wake_up);
  context.locked(1);
  for (Waiter& waiter : waiters_) {
    if (waiter.woken) continue;
    waiter.woken = true;
    context.did(KernelPath::wake_process);
    context.locked(1);
    wakes.push_back({waiter.process, synchronous});
    if (waiter.how == Waits::exclusively) break;
  }
}

bool WaitQueue::sleeps(ProcessId process) const {
  return std::any_of(waiters_.begin(), waiters_.end(),
                     [&](const Waiter& waiter) { return waiter.process == process && !waiter.woken; });
}

bool WaitQueue::sleeps(ProcessId process, std::uint8_t purpose) const {
  return std::any_of(waiters_.begin(), waiters_.end(), [&](const Waiter& waiter) {
    return waiter.process == process && waiter.purpose == purpose && !waiter.woken;
  });
}

}  // namespace xensim
