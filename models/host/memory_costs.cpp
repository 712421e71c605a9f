#include "models/host/memory_costs.hpp"

namespace xensim {
namespace {

Cycles whole(std::int64_t thousandths) { return {(thousandths + 500) / 1000}; }

}  // namespace

MemoryCosts::MemoryCosts(const Calibration& c, const ProcessorCosts& p, const MonitorCosts& monitor) {
  const auto thousandths = [&](const std::string& name) {
    return p.path(1000 * c.value("monitor_memory." + name)).count;
  };
  const auto primitive = [&](const std::string& name) {
    return Cycles{static_cast<std::int64_t>(c.value("monitor_memory." + name) + 0.5)};
  };
  // Instructions, from cycles.
  const double code_line = static_cast<double>(p.path(1000 * c.value("guest.code_line")).count);
  const auto lines_of = [&](std::int64_t path_thousandths) {
    return static_cast<std::uint32_t>(static_cast<double>(path_thousandths) / code_line + 1);
  };
  const auto set = [&](MemoryStep step, std::int64_t instructions, Cycles hardware = {}) {
    thousandths_[static_cast<std::size_t>(step)] = instructions + 1000 * hardware.count;
    code_lines_[static_cast<std::size_t>(step)] = lines_of(instructions);
  };
  const auto path = [&](MemoryStep step, const std::string& name, Cycles hardware = {}) {
    set(step, thousandths(name), hardware);
  };
  using enum MemoryStep;

  const Cycles lock = p.locked_operation + primitive("interrupts_off_on");
  const std::int64_t request = thousandths("request");
  set(normal_request, request, lock);
  set(unchecked_request, request, lock);
  set(m2p_request, request + thousandths("m2p_write"), lock);
  set(extended_request, request + thousandths("extended_request"), lock);
  path(va_update, "va_update", lock);

  path(leaf_update, "leaf_update");
  path(directory_update, "directory_update");
  path(plain_write, "plain_write");
  path(pin, "pin");
  path(unpin, "unpin");
  path(base_switch, "base_switch");
  // Loops, which run faster than what kernel_cpi is of.
  set(entry_scanned, 0, primitive("entry_scanned"));
  path(entry_present, "entry_present");
  path(descriptor_checked, "descriptor_checked");

  path(map_slot, "map_slot", p.tlb_walk + primitive("interrupts_saved"));
  set(map_sweep, 0, primitive("map_sweep"));
  set(wp_toggle, 0, primitive("control_register_load") * 2);
  path(virtual_read, "virtual_read");
  for (const MemoryStep step : {batch_flush, va_flush, descriptor_flush, balloon_flush, map_cache_flush}) {
    path(step, "flush", p.address_space_load);
  }
  path(stale_retype, "stale_retype");
  path(page_invalidation, "page_invalidation", p.invalidate_page);

  path(gdt_install, "gdt_install", p.descriptor_table_load);
  path(gdt_slot, "gdt_slot");
  path(ldt_change, "ldt_change", p.descriptor_table_load);
  path(ldt_page_mapped, "ldt_page_mapped");
  path(ldt_invalidation, "ldt_invalidation");
  path(descriptor_write, "descriptor_write");
  path(stack_switch, "stack_switch");
  path(frame_allocated, "frame_allocated");
  set(frame_zeroed, 0, primitive("zero_frame"));
  path(frame_freed, "frame_freed");

  request_thousandths_ = thousandths("guest_request");
  round_trip_ =
      monitor.hypercall_entry + whole(thousandths("batch")) + monitor.exit_tests + monitor.resume_guest;
  const auto instructions = [&](const char* name) { return p.path(1000 * c.value(name)).count; };
  entry_lines_ = lines_of(instructions("monitor.hypercall") + thousandths("batch") +
                          instructions("monitor.exit_tests") + instructions("monitor.restore"));
  data_lines_ = static_cast<std::uint32_t>(c.value("monitor_memory.data_lines") + 0.5);
  multicall_ = whole(thousandths("multicall"));
  multicall_call_ = whole(thousandths("multicall_call"));
  guest_call_thousandths_ = thousandths("guest_multicall_call");
}

Cycles MemoryCosts::of(const MemoryWork& work) const {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < memory_step_count; ++i) {
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
