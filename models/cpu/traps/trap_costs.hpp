/// What traps cost under the monitor.
#pragma once

#include "models/cpu/costs.hpp"
#include "models/cpu/traps/exceptions.hpp"

namespace xensim {

/// Cycles of each path, put together from hardware primitives and instructions (section `monitor_traps` of
/// the calibration). Data are taken to be in the L1 or L2.
/// Faults other than a page fault enter the monitor at its price: no measurement of theirs is known. Exit
/// tests are those with the master of the events enabled.
/// Left out: the price of a return that fails and of the failsafe handler's frame.
struct TrapCosts {
  TrapCosts(const Calibration& calibration, const ProcessorCosts& processor, const MonitorCosts& monitor);

  /// The monitor's time for an exception of a guest in `ring`, from the instruction that made it to the
  /// first of the handler, or to the same again. Mapping a page of an LDT is MemoryWork besides.
  [[nodiscard]] Cycles of(const Exception& exception, const TrapOutcome& outcome, unsigned ring) const;

  /// The guest's own, without the monitor.
  Cycles fast_trap;             ///< INT, to the handler
  Cycles return_to_user;        ///< IRET, ring 1 to 3
  Cycles return_within_kernel;  ///< IRET, ring 1 to 1, as of an event's handler that went on top

  /// On top of a frame, or alone, on any exit: the frame for a kernel that was interrupted.
  Cycles event_on_top;

  /// Of 64 bytes of code, from an exception to the guest's handler.
  std::uint32_t bounce_lines;

  /// Within a hypercall, whose way there and back come on top.
  Cycles set_trap_table, trap_entry, set_fast_trap, set_callbacks, fpu_taskswitch;
  /// At a domain switch, if the unit was used.
  Cycles fpu_save;

 private:
  Cycles entry_, page_fault_handler_, exception_handler_, general_protection_handler_, fpu_handler_,
      ldt_window_;
  Cycles back_;  ///< from the handler in C to the guest's next instruction, without a frame
  Cycles frame_from_user_, frame_from_kernel_, page_fault_words_, error_code_word_;
  Cycles fpu_initialise_, fpu_restore_;
};

}  // namespace xensim
