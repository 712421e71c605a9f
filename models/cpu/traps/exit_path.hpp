/// What the monitor looks at before it returns from a hypercall, an interrupt or an exception.
/// Source: Xen 1.0, arch/i386/entry.S, from a description.
#pragma once

#include <cstdint>

#include "models/cpu/events.hpp"

namespace xensim {

/// Bits of the word by which the monitor asks a domain for something, the most urgent lowest.
enum class HypervisorEvent : std::uint8_t { reschedule = 0, die = 1, stop = 2 };

[[nodiscard]] constexpr std::uint32_t bit_of(HypervisorEvent event) {
  return 1U << static_cast<unsigned>(event);
}

enum class ExitStep : std::uint8_t {
  softirqs,    ///< run them, and look again
  reschedule,  ///< this and the next two: one event of the monitor, and look again
  die,
  stop,
  deliver_events,  ///< an upcall, on top of what was bounced before; then resume
  resume,
};

/// The next step, with interrupts off. `to_monitor`: what was interrupted was the monitor itself, which is
/// resumed without any test. Bits of `hypervisor_events` other than the three are none of its business.
[[nodiscard]] constexpr ExitStep next_exit_step(bool to_monitor, std::uint32_t softirqs,
                                                std::uint32_t hypervisor_events, const EventMask& events) {
  if (to_monitor) return ExitStep::resume;
  if (softirqs != 0) return ExitStep::softirqs;
  if ((hypervisor_events & bit_of(HypervisorEvent::reschedule)) != 0) return ExitStep::reschedule;
  if ((hypervisor_events & bit_of(HypervisorEvent::die)) != 0) return ExitStep::die;
  if ((hypervisor_events & bit_of(HypervisorEvent::stop)) != 0) return ExitStep::stop;
  return events.deliverable() ? ExitStep::deliver_events : ExitStep::resume;
}

}  // namespace xensim
