/// What the monitor does with an exception: deals with it, or bounces it to the guest's kernel.
/// Nothing is emulated but INT through a gate that the processor's table does not have: a privileged
/// instruction of a guest is its general protection fault.
/// Left out: non-maskable interrupts and machine checks; that a guest may single-step its programs, other
/// than with breakpoints set; the debug registers themselves.
/// Source: Xen 1.0, arch/i386/traps.c, from a description.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>

#include "models/cpu/traps/domain_traps.hpp"

namespace xensim {

/// As the processor reports it.
struct Exception {
  std::uint8_t vector = 0;
  std::uint32_t error_code = 0;  ///< of vectors that have one
  Address fault_address{};       ///< CR2, of a page fault
};

enum class TrapAction : std::uint8_t {
  resume,  ///< dealt with: the instruction is tried again
  bounce,
  halt,  ///< a double fault: the machine stops
};

/// Why nothing was left for the guest to do.
enum class TrapReason : std::uint8_t { none, ldt_page, fpu, no_breakpoints, software_interrupt };

struct TrapOutcome {
  TrapAction action = TrapAction::bounce;
  TrapReason reason = TrapReason::none;
  FpuFill fpu = FpuFill::kept;
  Bounce bounce{};
};

/// Where the monitor maps the pages of its guests' local descriptor tables.
inline constexpr Address ldt_window{0xff410000};

/// How far into the guest's table of `entries` the address is, if it is in the window.
[[nodiscard]] constexpr std::optional<std::uint32_t> ldt_offset(Address address, std::uint32_t entries) {
  const std::uint32_t offset = address.value - ldt_window.value;
  if (address.value < ldt_window.value || offset >= entries * 8) return {};
  return offset;
}

/// An exception of a guest, ring 1 to 3, other than a page fault in the LDT window. Moves `registers` past
/// an INT that is emulated, and masks events if the handler wants that. Requires a vector below 32, for
/// device-not-available one that the unit's state gives rise to.
[[nodiscard]] TrapOutcome handle_exception(DomainTraps& traps, EventMask& events, GuestRegisters& registers,
                                           const Exception& exception);

/// A page fault of a guest. `map_ldt_page` maps the page of an LDT that an offset lies in, if the guest has
/// a proper one there.
template <std::predicate<std::uint32_t> MapLdtPage>
[[nodiscard]] TrapOutcome handle_page_fault(DomainTraps& traps, EventMask& events, GuestRegisters& registers,
                                            const Exception& fault, std::uint32_t ldt_entries,
                                            MapLdtPage&& map_ldt_page) {
  const auto offset = ldt_offset(fault.fault_address, ldt_entries);
  if (offset && map_ldt_page(*offset)) return {.action = TrapAction::resume, .reason = TrapReason::ldt_page};
  return handle_exception(traps, events, registers, fault);
}

/// What the monitor was about when it faulted itself.
enum class MonitorAccess : std::uint8_t {
  own,             ///< its own data and code
  guest_copy,      ///< arguments of a hypercall
  guest_stack,     ///< the frame of a trap or an upcall
  guest_return,    ///< segment registers and IRET on the way to the guest
  guest_failsafe,  ///< the same, on the way to the failsafe handler
};

enum class MonitorFault : std::uint8_t {
  panic,        ///< nothing was foreseen for it
  bad_address,  ///< the hypercall returns -EFAULT
  kill_domain,
  failsafe,  ///< the guest's failsafe handler is called, with the selectors that did not load
};

/// Faults in ring 0 are looked up by the instruction that made them. One in the LDT window is tried with the
/// guest's table first.
[[nodiscard]] constexpr MonitorFault fix_up(MonitorAccess access) {
  switch (access) {
    case MonitorAccess::guest_copy:
      return MonitorFault::bad_address;
    case MonitorAccess::guest_return:
      return MonitorFault::failsafe;
    case MonitorAccess::guest_stack:
    case MonitorAccess::guest_failsafe:
      return MonitorFault::kill_domain;
    case MonitorAccess::own:
      break;
  }
  return MonitorFault::panic;
}

}  // namespace xensim
