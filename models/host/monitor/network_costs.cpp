#include "models/host/monitor/network_costs.hpp"

#include "models/cpu/calibration_section.hpp"

namespace xensim {
namespace {

/// Of a copy's loop, from `kernel_paths`, for each 64 bytes.
constexpr std::int64_t copied_line = 64;

}  // namespace

NetworkCosts::NetworkCosts(const Calibration& calibration, const ProcessorCosts& p) {
  const CalibrationSection own(calibration, "monitor_network."), memory(calibration, "monitor_memory."),
      linux_path(calibration, "kernel_paths."), network(calibration, "network.");
  const auto set = [&](NetStep step, Cycles hardware = {}) {
    const auto i = static_cast<std::size_t>(step);
    const double instructions = own.value(net_step_names[i]);
    thousandths_[i] = p.path(1000 * instructions).count + 1000 * hardware.count;
    code_lines_[i] = p.code_lines(instructions);
  };
  using enum NetStep;

  // A spin lock that keeps interrupts off, and a slab whose lists they guard.
  const Cycles interrupts = memory.cycles("interrupts_off_on");
  const Cycles lock = p.locked_operation + interrupts;
  const Cycles read_lock = p.locked_operation * 2;  // counted up and down

  set(hypercall, lock * 2);  // of one interface's two rings
  set(rule_tried);
  set(tx_request, read_lock);  // of the rules
  set(tx_refused);
  set(header_copied, interrupts);
  set(local_copy, interrupts * 2 + lock);  // a buffer's head, its page
  thousandths_[static_cast<std::size_t>(byte_copied)] =
      1000 * linux_path.cycles("copy_line").count / copied_line;
  code_lines_[static_cast<std::size_t>(byte_copied)] = 1;
  set(tx_unrouted);
  set(out_of_pages);
  set(credit_wait, lock);
  set(transmitted, lock * 3 + interrupts);  // the schedule twice, the device's queue; a buffer's head
  set(tx_response);
  set(rx_request, lock);  // of the domain's pages
  set(rx_refused);
  set(queued, interrupts);
  set(congestion_drop, interrupts * 2 + lock);
  set(unrouted_drop);
  set(capacity_drop);
  set(delivered, read_lock + lock * 2);  // the rules; the ring and the domain's pages
  set(entry_reused);
  set(shootdown);
  set(remote_shootdown, lock);
  set(rx_response);

  const Cycles mailbox = network.cycles("mailbox_write"), reading = network.cycles("register_read");
  const auto driver = [&](DriverStep step, double instructions, Cycles hardware) {
    driver_[static_cast<std::size_t>(step)] = p.code_path(instructions, hardware);
  };
  // Interrupts off and on by one mailbox, each write pushed out by a read; the places in both rings.
  driver(DriverStep::interrupt, linux_path.value("nic_interrupt"),
         mailbox * 4 + reading * 2 + p.locked_operation);
  driver(DriverStep::received, linux_path.value("nic_receive"), {});
  driver(DriverStep::refilled, linux_path.value("nic_refill") + memory.value("frame_allocated"),
         interrupts * 2 + lock);
  driver(DriverStep::sent, linux_path.value("nic_sent") + own.value("release"), interrupts * 2);
  driver(DriverStep::transmit, linux_path.value("nic_transmit") + own.value("fragment"), mailbox + lock);

  data_lines_ = own.whole("data_lines");
  remote_lines_ = own.whole("remote_lines");
  remote_flush_ = p.external_interrupt_entry + p.apic_acknowledge + p.address_space_load +
                  p.path(own.value("flush_handler")) + p.locked_operation;
}

Cycles NetworkCosts::of(const WorkCount<NetStep>& work) const {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < thousandths_.size(); ++i) {
    sum += thousandths_[i] * static_cast<std::int64_t>(work[static_cast<NetStep>(i)]);
  }
  return {(sum + 500) / 1000};
}

}  // namespace xensim
