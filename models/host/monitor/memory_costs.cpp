#include "models/host/monitor/memory_costs.hpp"

#include "models/cpu/calibration_section.hpp"

namespace xensim {
namespace {

Cycles whole(std::int64_t thousandths) { return {(thousandths + 500) / 1000}; }

}  // namespace

MemoryCosts::MemoryCosts(const Calibration& calibration, const ProcessorCosts& p,
                         const MonitorCosts& monitor) {
  const CalibrationSection own(calibration, "monitor_memory."), entry(calibration, "monitor.");
  const auto thousandths = [&](const char* name) { return p.path(1000 * own.value(name)).count; };
  const auto set = [&](MemoryStep step, double instructions, Cycles hardware = {}) {
    const auto i = static_cast<std::size_t>(step);
    thousandths_[i] = p.path(1000 * instructions).count + 1000 * hardware.count;
    code_lines_[i] = p.code_lines(instructions);
  };
  const auto path = [&](MemoryStep step, Cycles hardware = {}) {
    set(step, own.value(memory_step_names[static_cast<std::size_t>(step)]), hardware);
  };
  using enum MemoryStep;

  const Cycles lock = p.locked_operation + own.cycles("interrupts_off_on");
  const double request = own.value("request");
  set(normal_request, request, lock);
  set(unchecked_request, request, lock);
  set(m2p_request, request + own.value("m2p_write"), lock);
  set(extended_request, request + own.value("extended_request"), lock);
  path(va_update, lock);

  path(leaf_update);
  path(directory_update);
  path(plain_write);
  path(pin);
  path(unpin);
  path(base_switch);
  // Loops, which run faster than what kernel_cpi is of.
  set(entry_scanned, 0, own.cycles("entry_scanned"));
  path(entry_present);
  path(descriptor_checked);

  path(map_slot, p.tlb_walk + own.cycles("interrupts_saved"));
  set(map_sweep, 0, own.cycles("map_sweep"));
  set(wp_toggle, 0, own.cycles("control_register_load") * 2);
  path(virtual_read);
  for (const MemoryStep step : {batch_flush, va_flush, descriptor_flush, balloon_flush, map_cache_flush}) {
    set(step, own.value("flush"), p.address_space_load);
  }
  path(stale_retype);
  path(page_invalidation, p.invalidate_page);

  path(gdt_install, p.descriptor_table_load);
  path(gdt_slot);
  path(ldt_change, p.descriptor_table_load);
  path(ldt_page_mapped);
  path(ldt_invalidation);
  path(descriptor_write);
  path(stack_switch);
  path(frame_allocated);
  set(frame_zeroed, 0, own.cycles("zero_frame"));
  path(frame_freed);

  request_thousandths_ = thousandths("guest_request");
  round_trip_ =
      monitor.hypercall_entry + whole(thousandths("batch")) + monitor.exit_tests + monitor.resume_guest;
  entry_lines_ = p.code_lines(entry.value("hypercall") + own.value("batch") + entry.value("exit_tests") +
                              entry.value("restore"));
  data_lines_ = own.whole("data_lines");
  multicall_ = whole(thousandths("multicall"));
  multicall_call_ = whole(thousandths("multicall_call"));
  guest_call_thousandths_ = thousandths("guest_multicall_call");
}

Cycles MemoryCosts::of(const MemoryWork& work) const {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < MemoryWork::steps; ++i) {
    sum += thousandths_[i] * static_cast<std::int64_t>(work[static_cast<MemoryStep>(i)]);
  }
  return whole(sum);
}

Cycles MemoryCosts::monitor(const PagingCall& call) const {
  const Cycles calls = call.calls > 1 ? multicall_ + multicall_call_ * call.calls : Cycles{};
  return round_trip_ + calls + of(call.work);
}

Cycles MemoryCosts::kernel(const PagingCall& call) const {
  const std::int64_t listed = call.calls > 1 ? call.calls : 0;
  return whole(request_thousandths_ * call.requests + guest_call_thousandths_ * listed);
}

}  // namespace xensim
