/// All that the monitor keeps of a domain's traps, and the one upcall that is no trap.
#pragma once

#include "models/cpu/events.hpp"
#include "models/cpu/traps/bounce.hpp"
#include "models/cpu/traps/fast_trap.hpp"
#include "models/cpu/traps/lazy_fpu.hpp"
#include "models/cpu/traps/trap_table.hpp"

namespace xensim {

/// The kernel's stack (stack_switch) is in MemoryDomain, the events in the shared page.
struct DomainTraps {
  TrapTable table;
  FastTrap fast_trap;
  Callbacks callbacks;
  LazyFpu fpu;
  bool breakpoints = false;  ///< the guest has set some in the debug registers
};

/// A trap is to go to its handler: masks events if the handler wants that.
[[nodiscard]] inline Bounce bounce_to(const TrapHandler& handler, EventMask& events) {
  if (handler.masks_events()) events.mask();
  return {.to = handler};
}

/// Deliverable events become an upcall: they and the master are masked, nothing else changes.
[[nodiscard]] inline Bounce event_upcall(const Callbacks& callbacks, EventMask& events) {
  events.deliver();
  return {.to = callbacks.event};
}

}  // namespace xensim
