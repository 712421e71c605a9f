#include "models/cpu/traps/fast_trap.hpp"

namespace xensim {

InterruptTable::InterruptTable() {
  // Entry points of the monitor have no addresses here.
  const auto own = [this](std::uint8_t vector, unsigned privilege) {
    gates_[vector] = Gate::interrupt(monitor_code, 0, privilege);
  };
  for (std::uint8_t vector = 0; vector < vectors::exceptions; ++vector) own(vector, 0);
  own(vectors::breakpoint, 3);
  own(vectors::overflow, 3);
  own(vectors::hypercall, 1);
}

SoftwareInterrupt InterruptTable::software_interrupt(std::uint8_t vector, unsigned ring) const {
  const Gate& gate = gates_[vector];
  if (!gate.present() || gate.privilege() < ring) return SoftwareInterrupt::general_protection;
  return gate.selector() == monitor_code ? SoftwareInterrupt::monitor : SoftwareInterrupt::guest_kernel;
}

HypercallStatus set_fast_trap(const TrapTable& table, FastTrap& trap, InterruptTable& processor,
                              std::uint32_t index) {
  FastTrap chosen;
  if (index != 0) {
    if (index != vectors::system_call && (index < 0x20 || index > 0x2f))
      return HypercallStatus::not_permitted;
    chosen.vector = static_cast<std::uint8_t>(index);
    const TrapHandler& handler = table[chosen.vector];
    if (handler.masks_events()) return HypercallStatus::not_permitted;
    chosen.gate = Gate::trap(handler.code_selector, handler.address, handler.privilege());
  }
  processor.remove(trap);
  trap = chosen;
  processor.install(trap);
  return HypercallStatus::done;
}

}  // namespace xensim
