/// A process as everything but the scheduler knows it.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "models/guest/kernel/operation_counts.hpp"
#include "models/guest/memory/address_space.hpp"
#include "models/guest/memory/reclaim.hpp"
#include "models/guest/processes/self.hpp"
#include "models/guest/processes/system_calls.hpp"

namespace xensim {

/// One process's memory, files, signals and family. Those that only compute and sleep have none.
struct GuestProcess {
  GuestProcess(const KernelContext& context, ProcessId its_id)
      : id(its_id), files(context), signals(context) {}

  ProcessId id;
  ProcessId parent{};                   ///< invalid: nobody waits for it
  bool orphan = false;                  ///< it had a parent
  std::unique_ptr<AddressSpace> space;  ///< null until the first exec, and while a child has it
  ProcessId lender{};                   ///< parent whose address space it has until exec or exit (vfork)
  bool lends = false;                   ///< it sleeps until it has its address space again
  std::optional<PageNumber> stack;      ///< task structure and kernel stack, 8 KB
  ProcessFiles files;
  Signals signals;
  std::uint32_t children = 0;    ///< alive or dead
  bool dead_now = false;         ///< all but its number and what its parent will ask for is gone
  std::vector<ProcessId> dead;   ///< children to be waited for
  bool waits_for_child = false;  ///< asleep in wait
  bool rests = false;            ///< its program is done, and waits for nobody
  bool uses_fpu = false;
  std::uint32_t user = 0;            ///< whose processes are counted together
  std::uint64_t started = 0;         ///< tick
  std::uint64_t alarm = 0;           ///< tick of its interval timer; 0: not set
  bool kernel_thread = false;        ///< has no memory of its own and may use all there is
  bool dies = false;                 ///< chosen to die for lack of memory: may use all there is
  std::unique_ptr<Reclaim> reclaim;  ///< freeing memory, in progress
  std::vector<OperationCounts>* readings = nullptr;  ///< see Self::observe; null: nobody asked
  std::unique_ptr<Self::Body> body;                  ///< that its program came from, and may refer to
  bool stopped = false;                              ///< by a signal, until it is continued or killed

  // The call in progress.
  bool in_call = false;
  bool in_kernel = false;                 ///< through a gate
  bool again = false;                     ///< it goes on with another step at once
  std::optional<InodeNumber> writes;      ///< or waits to do so
  bool sleeps = false;                    ///< before that it waits for memory or the disk
  bool interruptible = false;             ///< it sleeps, and signals wake it
  unsigned processor = 0;                 ///< that it runs on
  std::unique_ptr<Self::Body> next_body;  ///< exec has succeeded
};

}  // namespace xensim
