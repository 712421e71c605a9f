#include "models/host/network_costs.hpp"

#include <cmath>
#include <string>

namespace xensim {
namespace {

/// Of a copy's loop, from `kernel_paths`, for each 64 bytes.
constexpr std::int64_t copied_line = 64;

}  // namespace

NetworkCosts::NetworkCosts(const Calibration& c, const ProcessorCosts& p) {
  const auto name = [](std::string_view step) { return "monitor_network." + std::string(step); };
  const auto primitive = [&](const std::string& constant) { return Cycles{std::llround(c.value(constant))}; };
  const double code_line = c.value("guest.code_line");
  const auto lines_of = [&](double instructions) {
    return static_cast<std::uint32_t>(instructions / code_line + 1);
  };
  const auto set = [&](NetStep step, Cycles hardware = {}) {
    const auto i = static_cast<std::size_t>(step);
    const double instructions = c.value(name(net_step_names[i]));
    thousandths_[i] = p.path(1000 * instructions).count + 1000 * hardware.count;
    code_lines_[i] = lines_of(instructions);
  };
  using enum NetStep;

  // A spin lock that keeps interrupts off, and a slab whose lists they guard.
  const Cycles interrupts = primitive("monitor_memory.interrupts_off_on");
  const Cycles lock = p.locked_operation + interrupts;
  const Cycles read_lock = p.locked_operation * 2;  // counted up and down

  set(hypercall, lock * 2);  // of one interface's two rings
  set(rule_tried);
  set(tx_request, read_lock);  // of the rules
  set(tx_refused);
  set(header_copied, interrupts);
  set(local_copy, interrupts * 2 + lock);  // a buffer's head, its page
  thousandths_[static_cast<std::size_t>(byte_copied)] =
      1000 * primitive("kernel_paths.copy_line").count / copied_line;
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

  const Cycles mailbox = primitive("network.mailbox_write"), reading = primitive("network.register_read");
  const auto driver = [&](DriverStep step, double instructions, Cycles hardware) {
    const auto i = static_cast<std::size_t>(step);
    driver_[i] = p.path(instructions) + hardware;
    driver_lines_[i] = lines_of(instructions);
  };
  const auto native = [&](const char* path) { return c.value(std::string("kernel_paths.nic_") + path); };
  const auto own = [&](const char* path) { return c.value(name(path)); };
  // Interrupts off and on by one mailbox, each write pushed out by a read; the places in both rings.
  driver(DriverStep::interrupt, native("interrupt"), mailbox * 4 + reading * 2 + p.locked_operation);
  driver(DriverStep::received, native("receive"), {});
  driver(DriverStep::refilled, native("refill") + c.value("monitor_memory.frame_allocated"),
         interrupts * 2 + lock);
  driver(DriverStep::sent, native("sent") + own("release"), interrupts * 2);
  driver(DriverStep::transmit, native("transmit") + own("fragment"), mailbox + lock);

  data_lines_ = static_cast<std::uint32_t>(std::llround(own("data_lines")));
  remote_lines_ = static_cast<std::uint32_t>(std::llround(own("remote_lines")));
  remote_flush_ = p.external_interrupt_entry + p.apic_acknowledge + p.address_space_load +
                  p.path(own("flush_handler")) + p.locked_operation;
}

Cycles NetworkCosts::of(const WorkCount<NetStep>& work) const {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < thousandths_.size(); ++i) {
    sum += thousandths_[i] * static_cast<std::int64_t>(work[static_cast<NetStep>(i)]);
  }
  return {(sum + 500) / 1000};
}

}  // namespace xensim
