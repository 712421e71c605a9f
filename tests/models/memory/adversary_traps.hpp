/// Hypercalls about traps with arbitrary arguments, and exceptions on arbitrary stacks.
#pragma once

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <string>

#include "models/cpu/traps/exceptions.hpp"
#include "models/cpu/traps/exit_path.hpp"
#include "models/cpu/traps/guest_segment.hpp"
#include "tests/models/memory/adversary_choices.hpp"

namespace xensim::test {

/// A guest's memory as the monitor writes to it: through the segments and the page tables in use, which it
/// cannot write either where they are read-only.
class PagedGuestMemory {
 public:
  /// `wrong` tells of a store that got through where it must not.
  PagedGuestMemory(const MemoryCall& call, std::string& wrong) : call_(call), wrong_(wrong) {}

  [[nodiscard]] bool store(std::uint16_t selector, std::uint32_t offset, std::uint32_t word) {
    const SegmentDescriptor segment = descriptor_of(call_.machine.contents, call_.domain, selector);
    const auto address = writable_address(segment, offset, 4);
    if (!address) return false;
    if (address->value + 4 > private_area.value) wrong_ = fmt::format("a frame at {:#x}", address->value);
    for (std::uint32_t i = 0; i < 4; ++i) {
      if (!store_byte({address->value + i}, word >> 8 * i & 0xff)) return false;
    }
    return true;
  }

 private:
  bool store_byte(Address address, std::uint32_t byte) {
    if (address.value >= guest_end.value) return false;  // the M2P table is read-only
    PhysicalMemory& contents = call_.machine.contents;
    const auto place = place_of_entry(contents, call_.domain.base, address);
    if (!place) return false;
    const PageTableEntry entry{contents.load(place->table, place->index)};
    const PageTableEntry table{contents.load(call_.domain.base, address.directory_index())};
    if (!entry.has(writable_page) || !table.has(writable_page)) return false;
    const FrameNumber frame = entry.frame();
    const Frame& f = call_.machine.frames[frame];
    if (f.owner() != call_.domain.id || f.type() != FrameType::writable || f.typed == 0) {
      wrong_ = fmt::format("a frame of a trap in machine frame {}", frame.value);
    }
    const std::uint32_t index = address.value % page_size / 4, shift = 8 * (address.value % 4);
    contents.store(frame, index, (contents.load(frame, index) & ~(0xffU << shift)) | byte << shift);
    return true;
  }

  MemoryCall call_;
  std::string& wrong_;
};

class AdversaryTraps {
 public:
  AdversaryTraps(const MemoryCall& call, AdversaryGuest& guest, InterruptTable& gates, std::string& wrong)
      : call_(call), guest_(guest), gates_(gates), wrong_(wrong) {}

  [[nodiscard]] HypercallStatus call(const Step& step) {
    const auto low = static_cast<std::uint16_t>(step.a), high = static_cast<std::uint16_t>(step.a >> 16);
    switch (step.c / 4 % 8) {
      case 0:
        return stack_switch(call_, any_selector(low, flat_kernel_data), any_pointer(step.b));
      case 1:
        return stack_switch(call_, flat_kernel_data, any_pointer(step.b));
      case 2:
        return set_fast_trap(guest_.traps.table, guest_.traps.fast_trap, gates_,
                             low % 2 == 0 ? 0x80 : step.b % 0x100);
      case 3:
        guest_.traps.fpu.task_switch();
        return HypercallStatus::done;
      case 4:
        return set_callbacks(guest_.traps.callbacks, any_selector(low, flat_kernel_code), step.b,
                             any_selector(high, flat_kernel_code), step.c);
      default:
        return guest_.traps.table
            .set(std::array{TrapEntry{static_cast<std::uint8_t>(step.b), static_cast<std::uint8_t>(high),
                                      any_selector(low, flat_kernel_code), step.b},
                            TrapEntry{0x80, 3, flat_kernel_code, step.a}, TrapEntry{}})
            .status;
    }
  }

  /// One, and an event on top of it. False: the domain is to be killed.
  [[nodiscard]] bool exception(const Step& step) {
    GuestRegisters registers{.instruction = step.a, .flags = step.b, .stack = any_pointer(step.c / 4)};
    if (step.a % 2 == 0) {
      registers.code_selector = flat_kernel_code;
      registers.stack_selector = any_selector(static_cast<std::uint16_t>(step.b), flat_kernel_data);
    }
    const Exception exception{
        .vector = static_cast<std::uint8_t>(step.b % 2 == 0 ? 14 : step.b / 2 % 20),
        .error_code = step.a,
        .fault_address = {step.a % 4 == 0 ? ldt_window.value + step.a / 4 % 65536 : step.b}};
    DomainTraps& traps = guest_.traps;
    if (exception.vector == vectors::device_not_available && !traps.fpu.traps()) return true;
    const auto map = [this](std::uint32_t offset) { return map_ldt_page(call_, offset); };
    const TrapOutcome outcome =
        exception.vector == vectors::page_fault
            ? handle_page_fault(traps, guest_.events, registers, exception, call_.domain.ldt.entries, map)
            : handle_exception(traps, guest_.events, registers, exception);
    PagedGuestMemory memory(call_, wrong_);
    const MemoryDomain::KernelStack& stack = call_.domain.kernel_stack;
    if (outcome.action == TrapAction::bounce && !deliver(memory, registers, stack, outcome.bounce))
      return false;
    if (step.a % 8 == 1) guest_.events.mark(EventBit::timer);
    if (step.a % 16 == 3) guest_.events.unmask();
    if (next_exit_step(false, 0, 0, guest_.events) == ExitStep::deliver_events &&
        !deliver(memory, registers, stack, event_upcall(traps.callbacks, guest_.events))) {
      return false;
    }
    if (registers.ring() == 0) wrong_ = "a guest goes on in ring 0";
    return true;
  }

 private:
  [[nodiscard]] static std::uint16_t any_selector(std::uint16_t word, std::uint16_t usual) {
    return word % 4 == 0   ? word
           : word % 4 == 1 ? static_cast<std::uint16_t>(word % 64 * 8 + 1 + (word >> 13 & 4))
                           : usual;
  }
  /// Usually the end of a page of the image, sometimes near an end of what guests may write.
  [[nodiscard]] static std::uint32_t any_pointer(std::uint32_t word) {
    if (word % 64 == 0) return word;
    if (word % 64 == 1) return private_area.value - 32 + word / 64 % 64;
    if (word % 64 == 2) return word / 64 % 64;
    return DomainImage::address_of(word / 64 % AdversaryChoices::mapped).value + page_size - word % 4;
  }

  MemoryCall call_;
  AdversaryGuest& guest_;
  InterruptTable& gates_;
  std::string& wrong_;
};

/// All gates lead to the monitor but the fast trap of the domain that runs, which leads to ring 1.
[[nodiscard]] inline std::string audit_gates(const InterruptTable& gates, const FastTrap& running) {
  static const InterruptTable untouched;
  for (unsigned v = 0; v < 256; ++v) {
    const auto vector = static_cast<std::uint8_t>(v);
    if (vector != running.vector && gates[vector] == untouched[vector]) continue;
    if (vector != running.vector || gates[vector] != running.gate) return fmt::format("a stray gate {}", v);
    if (running.gate.present() && !is_code_selector(running.gate.selector())) {
      return fmt::format("gate {} leads to selector {:#x}", v, running.gate.selector());
    }
  }
  return {};
}

}  // namespace xensim::test
