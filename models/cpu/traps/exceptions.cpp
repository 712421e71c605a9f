#include "models/cpu/traps/exceptions.hpp"

namespace xensim {
namespace {

TrapOutcome bounced(const DomainTraps& traps, EventMask& events, const Exception& exception) {
  TrapOutcome outcome{.bounce = bounce_to(traps.table[exception.vector], events)};
  if (has_error_code(exception.vector)) outcome.bounce.error_code = exception.error_code;
  if (exception.vector == vectors::page_fault) outcome.bounce.fault_address = exception.fault_address;
  return outcome;
}

/// INT of the guest's that found no gate, or one for rings below its own, has this in its error code.
bool names_a_gate(std::uint32_t error_code) { return (error_code & 7) == 2; }

TrapOutcome general_protection(DomainTraps& traps, EventMask& events, GuestRegisters& registers,
                               const Exception& exception) {
  if (names_a_gate(exception.error_code)) {
    const TrapHandler& handler = traps.table[static_cast<std::uint8_t>(exception.error_code >> 3)];
    if (handler.privilege() >= registers.ring()) {
      constexpr std::uint32_t length_of_int = 2;
      registers.instruction += length_of_int;
      return {.reason = TrapReason::software_interrupt, .bounce = bounce_to(handler, events)};
    }
  }
  return bounced(traps, events, exception);
}

TrapOutcome device_not_available(DomainTraps& traps, EventMask& events, const Exception& exception) {
  const FpuTrap trap = traps.fpu.device_not_available();
  TrapOutcome outcome = trap.forward ? bounced(traps, events, exception)
                                     : TrapOutcome{.action = TrapAction::resume, .reason = TrapReason::fpu};
  outcome.fpu = trap.fill;
  return outcome;
}

}  // namespace

TrapOutcome handle_exception(DomainTraps& traps, EventMask& events, GuestRegisters& registers,
                             const Exception& exception) {
  switch (exception.vector) {
    case vectors::debug:
      if (!traps.breakpoints) return {.action = TrapAction::resume, .reason = TrapReason::no_breakpoints};
      break;
    case vectors::device_not_available:
      return device_not_available(traps, events, exception);
    case vectors::double_fault:
      return {.action = TrapAction::halt};
    case vectors::general_protection:
      return general_protection(traps, events, registers, exception);
    default:
      break;
  }
  return bounced(traps, events, exception);
}

}  // namespace xensim
