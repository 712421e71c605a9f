/// Processes that can never go on.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "models/guest/kernel/kernel.hpp"
#include "models/guest/processes/guest_process.hpp"

namespace xensim {

/// Which of a kernel's processes wait, each, for what only others among them could do. A process counts only
/// if it sleeps without a timer in wait, in semop, or in a read or write of a pipe: then only a child's end,
/// a semop of anybody, or a process with the pipe's other end can wake it. All others may act (they run, wait
/// for a device, a time, a socket, memory), and so may whoever one of them can wake. So nobody is named who
/// could go on, but not everybody who cannot: waits for file locks, sockets of the kernel's own and select
/// are taken for what may end. Out of account is that a process is killed for lack of memory.
class Standstill {
 public:
  /// The kernel's processes, but for its own threads. `others_act`: there are further ones that may act, and
  /// have made no call yet. O(processes^2 * descriptors) at worst.
  Standstill(std::span<const GuestProcess* const> processes, const GuestKernel& scheduler,
             const Semaphores& semaphores, bool others_act);

  /// It can never go on.
  [[nodiscard]] bool holds(ProcessId process) const;
  /// Who waits for whom, beginning with a circle among those that a process waits for, directly or not. It
  /// must be held.
  [[nodiscard]] std::string explain(ProcessId process) const;

 private:
  struct Sleeper {
    ProcessId id;
    std::string what;               ///< it waits for
    std::vector<ProcessId> whom{};  ///< that could give it
  };
  [[nodiscard]] bool find_wait(const GuestProcess& process, Sleeper& sleeper) const;
  [[nodiscard]] bool in_wait(const GuestProcess& process, Sleeper& sleeper) const;
  [[nodiscard]] bool in_pipe(const GuestProcess& process, Sleeper& sleeper) const;
  [[nodiscard]] bool in_semop(const GuestProcess& process, Sleeper& sleeper) const;
  [[nodiscard]] const Sleeper* find(ProcessId process) const;

  std::span<const GuestProcess* const> processes_;
  const GuestKernel& scheduler_;
  const Semaphores& semaphores_;
  bool others_act_;
  std::vector<Sleeper> sleepers_;  ///< those that can never go on
};

}  // namespace xensim
