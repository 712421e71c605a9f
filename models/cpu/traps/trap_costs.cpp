#include "models/cpu/traps/trap_costs.hpp"

#include "models/cpu/calibration_section.hpp"

namespace xensim {

TrapCosts::TrapCosts(const Calibration& calibration, const ProcessorCosts& p, const MonitorCosts& monitor) {
  const CalibrationSection own(calibration, "monitor_traps."), entry(calibration, "monitor."),
      processor(calibration, "processor.");
  const auto path = [&](const char* name) { return p.path(own.value(name)); };
  const auto bounce = [&](const char* name) {
    return path("bounce_call") + p.path(entry.value(name)) + p.segment_load;
  };

  entry_ = p.page_fault_entry + path("exception_stub") + p.segment_load * 2;  // ds, es
  page_fault_handler_ = path("page_fault_handler");
  exception_handler_ = path("exception_handler");
  general_protection_handler_ = path("general_protection_handler");
  fpu_handler_ = path("device_not_available_handler") + processor.cycles("task_switched_clear");
  ldt_window_ = path("ldt_window");
  back_ = path("exception_return") + path("bounce_decision") + monitor.exit_tests + monitor.resume_guest;
  frame_from_user_ = bounce("bounce_from_user");
  frame_from_kernel_ = bounce("bounce_from_kernel");
  page_fault_words_ = path("page_fault_words");
  error_code_word_ = path("error_code_word");
  fpu_initialise_ = processor.cycles("fpu_initialise");
  fpu_restore_ = processor.cycles("fpu_restore");

  double bounced = 0;
  for (const char* part : {"exception_stub", "page_fault_handler", "exception_return", "bounce_decision",
                           "bounce_call", "page_fault_words"}) {
    bounced += own.value(part);
  }
  for (const char* part : {"exit_tests", "restore", "bounce_from_user"}) bounced += entry.value(part);
  bounce_lines = p.code_lines(bounced);

  fast_trap = p.software_interrupt_entry;
  return_to_user = p.interrupt_return;
  return_within_kernel = processor.cycles("interrupt_return_same_ring");
  event_on_top = monitor.deliver_to_kernel;

  set_trap_table = path("set_trap_table");
  trap_entry = path("trap_entry");
  set_fast_trap = path("set_fast_trap");
  set_callbacks = path("set_callbacks");
  const Cycles task_switched_set =
      CalibrationSection(calibration, "monitor_memory.").cycles("control_register_load");
  fpu_taskswitch = path("fpu_taskswitch") + task_switched_set;
  fpu_save = processor.cycles("fpu_save") + task_switched_set;
}

Cycles TrapCosts::of(const Exception& exception, const TrapOutcome& outcome, unsigned ring) const {
  if (outcome.action == TrapAction::halt) return entry_;
  Cycles sum = entry_ + back_;
  switch (exception.vector) {
    case vectors::page_fault:
      sum += page_fault_handler_;
      break;
    case vectors::general_protection:
      sum += general_protection_handler_;
      break;
    case vectors::device_not_available:
      sum += fpu_handler_;
      if (outcome.fpu == FpuFill::initialised) sum += fpu_initialise_;
      if (outcome.fpu == FpuFill::restored) sum += fpu_restore_;
      break;
    default:
      sum += exception_handler_;
  }
  if (outcome.reason == TrapReason::ldt_page) sum += ldt_window_;
  if (outcome.action != TrapAction::bounce) return sum;
  sum += ring >= 2 ? frame_from_user_ : frame_from_kernel_;
  if (outcome.bounce.fault_address) return sum + page_fault_words_;
  return outcome.bounce.error_code ? sum + error_code_word_ : sum;
}

}  // namespace xensim
