#include "models/guest/kernel/kernel_locks.hpp"

namespace xensim {
namespace {

using enum Statistic::Kind;

struct OfLock {
  Statistic waited, held;
};
const std::array<OfLock, static_cast<std::size_t>(KernelLock::count_)> lock_statistics{
    {{{"locks/big_kernel/waited", "s", counter, "processors waited for the big kernel lock"},
      {"locks/big_kernel/held", "s", counter, "a processor had the big kernel lock"}},
     {{"locks/io_request/waited", "s", counter, "processors waited for the block layer's lock"},
      {"locks/io_request/held", "s", counter, "a processor had the block layer's lock"}},
     {{"locks/semaphores/waited", "s", counter, "processors waited for the lock of System V semaphores"},
      {"locks/semaphores/held", "s", counter, "a processor had the lock of System V semaphores"}}}};

}  // namespace

void KernelLocks::report(StatisticSink& sink, const std::string& prefix) const {
  for (std::size_t i = 0; i < locks_.size(); ++i) {
    sink.value(prefix, lock_statistics[i].waited, to_seconds(locks_[i].waited()));
    sink.value(prefix, lock_statistics[i].held, to_seconds(locks_[i].held()));
  }
}

}  // namespace xensim
