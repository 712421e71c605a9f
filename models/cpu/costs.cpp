#include "models/cpu/costs.hpp"

#include <cmath>
#include <string>

namespace xensim {
namespace {

Cycles cycles(const Calibration& calibration, const std::string& name) {
  return {std::llround(calibration.value(name))};
}

/// A line of 64 bytes at a bandwidth in GB/s.
Time line_time(const Calibration& calibration, const std::string& name) {
  return Time{std::llround(64'000 / calibration.value(name))};
}

std::uint32_t lines(const Calibration& calibration, const std::string& name) {
  return static_cast<std::uint32_t>(std::llround(calibration.value(name)));
}

}  // namespace

ProcessorCosts::ProcessorCosts(const Calibration& c)
    : memory_latency(std::llround(c.value("processor.memory_latency") * 1000)),
      miss_price(
          std::llround(c.value("processor.memory_latency") * c.value("processor.l2_miss_overlap") * 1000)),
      stream_read(line_time(c, "processor.memory_read_bandwidth")),
      stream_write(line_time(c, "processor.memory_write_bandwidth")),
      l2_latency(cycles(c, "processor.l2_latency")),
      tlb_walk(cycles(c, "processor.tlb_walk")),
      sum_line(cycles(c, "processor.sum_line")),
      trace_miss(cycles(c, "processor.trace_miss")),
      trace_lines(lines(c, "processor.trace_lines")),
      software_interrupt_entry(cycles(c, "processor.software_interrupt_entry")),
      interrupt_return(cycles(c, "processor.interrupt_return")),
      external_interrupt_entry(cycles(c, "processor.external_interrupt_entry")),
      page_fault_entry(cycles(c, "processor.page_fault_entry")),
      exception_return(cycles(c, "processor.exception_return")),
      apic_acknowledge(cycles(c, "processor.apic_acknowledge")),
      apic_program(cycles(c, "processor.apic_program")),
      ipi_delivery(cycles(c, "processor.ipi_delivery")),
      segment_load(cycles(c, "processor.segment_load")),
      address_space_load(cycles(c, "processor.address_space_load")),
      invalidate_page(cycles(c, "processor.invalidate_page")),
      descriptor_table_load(cycles(c, "processor.descriptor_table_load")),
      locked_operation(cycles(c, "processor.locked_operation")),
      kernel_cpi(c.value("processor.kernel_cpi")) {
  high_page_map = path(c.value("guest.high_page_map"));
}

MonitorCosts::MonitorCosts(const Calibration& c, const ProcessorCosts& p) {
  const auto path = [&](const std::string& name) { return p.path(c.value("monitor." + name)); };
  const auto with_code = [&](const std::string& name) {
    const double instructions = c.value("monitor." + name);
    return Path{p.path(instructions),
                static_cast<std::uint32_t>(instructions / c.value("guest.code_line") + 1)};
  };
  device_interrupt = with_code("device_interrupt");
  softirqs = with_code("softirqs");
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
  switch_lines = lines(c, "monitor.switch_lines");
  domain_switch_lines = lines(c, "monitor.domain_switch_lines");
  scan_entry_lines = lines(c, "monitor.domain_scan_lines");
  mark_lines = lines(c, "monitor.domain_mark_lines");
}

GuestCosts::GuestCosts(const Calibration& c, const ProcessorCosts& p) {
  const auto path = [&](const std::string& name) { return p.path(c.value("guest." + name)); };
  interrupt_entry = p.external_interrupt_entry + p.segment_load * 2 + p.apic_acknowledge;
  interrupt_exit = p.segment_load * 2 + p.exception_return;
  const Cycles event_upcall = path("event_upcall") + p.segment_load * 2;
  event_upcall_of_user = event_upcall + p.interrupt_return;
  event_upcall_of_kernel = event_upcall + cycles(c, "processor.interrupt_return_same_ring");
  timer_interrupt = path("timer_interrupt");
  tick = path("tick");
  bottom_half = path("bottom_half");
  schedule_pass = path("schedule_pass");
  schedule_scan_entry = path("schedule_scan");
  recalculate_entry = path("recalculate");
  system_call = p.software_interrupt_entry + p.interrupt_return + cycles(c, "guest.system_call");
  interrupt_lines = lines(c, "guest.interrupt_lines");
  process_lines = lines(c, "guest.process_lines");
  scan_entry_lines = lines(c, "guest.process_scan_lines");
}

}  // namespace xensim
