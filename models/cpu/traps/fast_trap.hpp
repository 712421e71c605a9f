/// Software interrupts that reach a guest's kernel without the monitor, and the processor's interrupt table.
/// Source: Xen 1.0, arch/i386/traps.c, from a description.
#pragma once

#include <array>
#include <cstdint>

#include "models/cpu/traps/trap_table.hpp"

namespace xensim {

/// The two words of an entry of the processor's interrupt table; not present if 0.
struct Gate {
  std::uint32_t low = 0, high = 0;

  [[nodiscard]] static constexpr Gate trap(std::uint16_t selector, std::uint32_t address,
                                           unsigned privilege) {
    return {std::uint32_t{selector} << 16 | (address & 0xffff),
            (address & 0xffff0000) | 0x8f00 | privilege << 13};
  }
  [[nodiscard]] static constexpr Gate interrupt(std::uint16_t selector, std::uint32_t address,
                                                unsigned privilege) {
    return {std::uint32_t{selector} << 16 | (address & 0xffff),
            (address & 0xffff0000) | 0x8e00 | privilege << 13};
  }
  [[nodiscard]] constexpr bool present() const { return (high & 0x8000) != 0; }
  [[nodiscard]] constexpr std::uint16_t selector() const { return static_cast<std::uint16_t>(low >> 16); }
  [[nodiscard]] constexpr std::uint32_t address() const { return (high & 0xffff0000) | (low & 0xffff); }
  [[nodiscard]] constexpr unsigned privilege() const { return high >> 13 & 3; }
  bool operator==(const Gate&) const = default;
};

/// A domain's one fast trap; without one, an absent gate in a slot that nothing else uses.
struct FastTrap {
  std::uint8_t vector = 0x20;
  Gate gate{};
};

/// What INT leads to.
enum class SoftwareInterrupt : std::uint8_t {
  guest_kernel,        ///< straight to ring 1
  monitor,             ///< a hypercall, or an exception that programs may raise
  general_protection,  ///< to the monitor with error code vector * 8 + 2
};

/// Gates as one processor sees them: the monitor's, and the fast trap of the domain that it runs.
class InterruptTable {
 public:
  InterruptTable();

  /// On a switch to the trap's domain and away from it: 8 bytes each.
  void install(const FastTrap& trap) { gates_[trap.vector] = trap.gate; }
  void remove(const FastTrap& trap) { gates_[trap.vector] = {}; }

  [[nodiscard]] const Gate& operator[](std::uint8_t vector) const { return gates_[vector]; }
  [[nodiscard]] SoftwareInterrupt software_interrupt(std::uint8_t vector, unsigned ring) const;

 private:
  std::array<Gate, 256> gates_{};
};

/// set_fast_trap of the domain that runs. `index` 0: none. Others than 0x20 to 0x2f and 0x80, and handlers
/// that want events masked on entry (which the processor cannot do), are not_permitted and change nothing.
/// The gate is made from the handler as it is now: a later set_trap_table does not change it.
[[nodiscard]] HypercallStatus set_fast_trap(const TrapTable& table, FastTrap& trap, InterruptTable& processor,
                                            std::uint32_t index);

}  // namespace xensim
