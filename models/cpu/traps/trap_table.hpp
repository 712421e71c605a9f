/// A domain's virtual interrupt table, and where the monitor calls its kernel back.
/// Source: Xen 1.0, arch/i386/traps.c, from a description.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "models/cpu/traps/vectors.hpp"
#include "models/memory/hypercall_status.hpp"
#include "models/memory/selectors.hpp"

namespace xensim {

/// One entry of the list that a guest passes; of `flags`, bits 0 and 1 are the privilege that INT needs, bit
/// 2 asks for events to be masked on entry. An address of 0 ends the list.
struct TrapEntry {
  std::uint8_t vector = 0;
  std::uint8_t flags = 0;
  std::uint16_t code_selector = 0;
  std::uint32_t address = 0;
};

/// Where a trap goes: by default to nothing, address 0 of the flat kernel segment.
struct TrapHandler {
  std::uint16_t code_selector = flat_kernel_code;
  std::uint8_t flags = 0;
  std::uint32_t address = 0;

  [[nodiscard]] constexpr unsigned privilege() const { return flags & 3U; }
  [[nodiscard]] constexpr bool masks_events() const { return (flags & 4U) != 0; }
  bool operator==(const TrapHandler&) const = default;
};

struct TrapTableResult {
  HypercallStatus status;
  std::size_t copied;  ///< entries in force; those before one that is refused stay
};

class TrapTable {
 public:
  /// set_trap_table. `list`: as much of the guest's list as it can read; if no entry there ends it, the rest
  /// faults (bad_address). A selector that is no guest kernel's is not_permitted. O(entries).
  TrapTableResult set(std::span<const TrapEntry> list);

  [[nodiscard]] const TrapHandler& operator[](std::uint8_t vector) const { return handlers_[vector]; }

 private:
  std::array<TrapHandler, 256> handlers_{};
};

/// Entry points that are no traps: event upcalls, and returns to the guest that failed.
struct Callbacks {
  TrapHandler event, failsafe;
};

/// set_callbacks. Nothing changes unless done: not_permitted for a selector that is no guest kernel's.
[[nodiscard]] HypercallStatus set_callbacks(Callbacks& callbacks, std::uint16_t event_selector,
                                            std::uint32_t event_address, std::uint16_t failsafe_selector,
                                            std::uint32_t failsafe_address);

}  // namespace xensim
