#include "models/cpu/costs.hpp"

#include <cmath>

#include "models/cpu/calibration_section.hpp"

namespace xensim {
namespace {

/// A line of 64 bytes at a bandwidth in GB/s.
Time line_time(double bandwidth) { return Time{std::llround(64'000 / bandwidth)}; }

}  // namespace

ProcessorCosts::ProcessorCosts(const Calibration& calibration) {
  const CalibrationSection own(calibration, "processor.");
  memory_latency = own.nanoseconds("memory_latency");
  miss_price = Time{std::llround(own.value("memory_latency") * own.value("l2_miss_overlap") * 1000)};
  stream_read = line_time(own.value("memory_read_bandwidth"));
  stream_write = line_time(own.value("memory_write_bandwidth"));
  l2_latency = own.cycles("l2_latency");
  tlb_walk = own.cycles("tlb_walk");
  sum_line = own.cycles("sum_line");
  trace_miss = own.cycles("trace_miss");
  trace_lines = own.whole("trace_lines");
  software_interrupt_entry = own.cycles("software_interrupt_entry");
  interrupt_return = own.cycles("interrupt_return");
  external_interrupt_entry = own.cycles("external_interrupt_entry");
  page_fault_entry = own.cycles("page_fault_entry");
  exception_return = own.cycles("exception_return");
  apic_acknowledge = own.cycles("apic_acknowledge");
  apic_program = own.cycles("apic_program");
  ipi_delivery = own.cycles("ipi_delivery");
  segment_load = own.cycles("segment_load");
  address_space_load = own.cycles("address_space_load");
  invalidate_page = own.cycles("invalidate_page");
  descriptor_table_load = own.cycles("descriptor_table_load");
  locked_operation = own.cycles("locked_operation");
  kernel_cpi = own.value("kernel_cpi");
  const CalibrationSection guest(calibration, "guest.");
  code_line = guest.value("code_line");
  high_page_map = path(guest.value("high_page_map"));
}

MonitorCosts::MonitorCosts(const Calibration& calibration, const ProcessorCosts& p) {
  const CalibrationSection own(calibration, "monitor.");
  const auto path = [&](const char* name) { return p.path(own.value(name)); };
  device_interrupt = p.code_path(own.value("device_interrupt"));
  softirqs = p.code_path(own.value("softirqs"));
  // 2 segment loads on entry (ds, es), 4 on exit (ds, es, fs, gs).
  interrupt_entry = p.external_interrupt_entry + path("save") + p.segment_load * 2 + p.apic_acknowledge;
  hypercall_entry = p.software_interrupt_entry + path("hypercall") + p.segment_load * 2;
  exit_tests = path("exit_tests");
  const Cycles restore = path("restore") + p.segment_load * 4;
  resume_guest = restore + p.interrupt_return;
  resume_interrupted = restore + p.exception_return;
  deliver_to_user = path("event_delivery") + path("bounce_from_user") + p.segment_load;
  deliver_to_kernel = path("event_delivery") + path("bounce_from_kernel") + p.segment_load;
  timer_pass = path("timer_pass") + p.apic_program;
  schedule_pass = path("schedule_pass") + path("update_domain_time") + p.locked_operation * 2;
  schedule_scan_entry = path("schedule_scan");
  // Address space, GDT and LDT.
  domain_switch = path("domain_switch") + p.address_space_load + p.descriptor_table_load * 2;
  address_space_switch =
      hypercall_entry + path("address_space_switch") + p.address_space_load + exit_tests + resume_guest;
  mark_event = path("mark_event") + p.locked_operation;
  wake = path("wake") + p.locked_operation;
  ipi_send = p.apic_program;
  switch_lines = own.whole("switch_lines");
  domain_switch_lines = own.whole("domain_switch_lines");
  scan_entry_lines = own.whole("domain_scan_lines");
  mark_lines = own.whole("domain_mark_lines");
}

GuestCosts::GuestCosts(const Calibration& calibration, const ProcessorCosts& p) {
  const CalibrationSection own(calibration, "guest.");
  const auto path = [&](const char* name) { return p.path(own.value(name)); };
  const CalibrationSection processor(calibration, "processor.");
  interrupt_entry = p.external_interrupt_entry + p.segment_load * 2 + p.apic_acknowledge;
  interrupt_exit = p.segment_load * 2 + p.exception_return;
  const Cycles event_upcall = path("event_upcall") + p.segment_load * 2;
  event_upcall_of_user = event_upcall + p.interrupt_return;
  event_upcall_of_kernel = event_upcall + processor.cycles("interrupt_return_same_ring");
  timer_interrupt = path("timer_interrupt");
  tick = path("tick");
  bottom_half = path("bottom_half");
  schedule_pass = path("schedule_pass");
  schedule_scan_entry = path("schedule_scan");
  recalculate_entry = path("recalculate");
  system_call = p.software_interrupt_entry + p.interrupt_return + own.cycles("system_call");
  interrupt_lines = own.whole("interrupt_lines");
  process_lines = own.whole("process_lines");
  scan_entry_lines = own.whole("process_scan_lines");
}

}  // namespace xensim
