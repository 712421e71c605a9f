/// What the hardware and the code paths above it cost, in cycles and cache lines.
#pragma once

#include <cstdint>

#include "core/time.hpp"
#include "models/cpu/calibration.hpp"

namespace xensim {

/// A stretch of code.
struct CodePath {
  Cycles time{};                 ///< with its code in the trace cache and its data in the L1 or L2
  std::uint32_t code_lines = 0;  ///< of 64 bytes
};

/// Hardware primitives. Sums of these and of path lengths make up every path's cost; nothing here belongs
/// to one experiment.
struct ProcessorCosts {
  explicit ProcessorCosts(const Calibration& calibration);

  Time memory_latency{};  ///< of a line that has to be found before the next is known
  Time miss_price{};      ///< the part of it that one line exposes of many that a program brings back
  /// A missing line of a sequence that the prefetcher sees: read; or written, with what it displaces.
  Time stream_read{}, stream_write{};
  Cycles l2_latency, tlb_walk;
  Cycles sum_line;                ///< a line that a program adds up, in the L1 or L2
  Cycles trace_miss;              ///< a line of code that is not in the trace cache is decoded again
  std::uint32_t trace_lines = 0;  ///< of 64 bytes of code that the trace cache holds
  Cycles software_interrupt_entry, interrupt_return, external_interrupt_entry;
  Cycles page_fault_entry, exception_return;
  Cycles apic_acknowledge, apic_program, ipi_delivery;
  Cycles segment_load, address_space_load, invalidate_page, descriptor_table_load, locked_operation;
  Cycles high_page_map;  ///< a page beyond the kernel's own mapping is entered into it (Linux kmap)

  /// The time of a path of so many instructions whose data are in the L1 or L2.
  [[nodiscard]] Cycles path(double instructions) const {
    return {static_cast<std::int64_t>(instructions * kernel_cpi + 0.5)};
  }
  /// The lines of its code, of 64 bytes: whole ones, and the one that it ends in.
  [[nodiscard]] std::uint32_t code_lines(double instructions) const {
    return static_cast<std::uint32_t>(instructions / code_line + 1);
  }
  /// Both, with what the hardware does on the way besides.
  [[nodiscard]] CodePath code_path(double instructions, Cycles hardware = {}) const {
    return {path(instructions) + hardware, code_lines(instructions)};
  }

 private:
  double kernel_cpi = 0;
  double code_line = 0;  ///< instructions in a line
};

/// The monitor's paths (Xen 1.0), put together from their parts in the order of its code.
struct MonitorCosts {
  MonitorCosts(const Calibration& calibration, const ProcessorCosts& processor);

  CodePath device_interrupt;  ///< do_IRQ around a driver's handler
  CodePath softirqs;          ///< do_softirq around their handlers
  Cycles interrupt_entry;     ///< from a guest or the idle loop up to the handler, acknowledged
  Cycles hypercall_entry;     ///< int 0x82 up to and including the call through the table
  Cycles exit_tests;          ///< softirqs, hypervisor events, guest events
  Cycles resume_guest;        ///< restore and iret
  Cycles resume_interrupted;  ///< the same, of a guest that did not ask for it
  Cycles deliver_to_user, deliver_to_kernel;  ///< event upcall frame, by what it interrupts
  Cycles timer_pass;                          ///< one pass over the due timers, APIC reprogrammed
  Cycles schedule_pass, schedule_scan_entry;
  Cycles domain_switch;         ///< registers, address space, descriptor tables, fast trap
  Cycles address_space_switch;  ///< a guest multicall: new page-table base, new kernel stack
  Cycles mark_event, wake, ipi_send;
  std::uint32_t switch_lines, domain_switch_lines, scan_entry_lines, mark_lines;
};

/// The guest kernel's paths (Linux 2.4).
struct GuestCosts {
  GuestCosts(const Calibration& calibration, const ProcessorCosts& processor);

  Cycles interrupt_entry;  ///< native: hardware entry, save, acknowledge
  Cycles interrupt_exit;   ///< native: restore and iret; under the monitor the upcall's own iret
  /// Under the monitor: dispatch and return, to a program or within the kernel (as from its idle loop).
  Cycles event_upcall_of_user, event_upcall_of_kernel;
  Cycles timer_interrupt, tick, bottom_half;
  Cycles schedule_pass, schedule_scan_entry, recalculate_entry;
  Cycles system_call;
  std::uint32_t interrupt_lines, process_lines, scan_entry_lines;
};

}  // namespace xensim
