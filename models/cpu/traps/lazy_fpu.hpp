/// The floating-point unit, shared without the guests' help: its registers change hands only when used.
/// Source: Xen 1.0, arch/i386/traps.c and process.c, from a description.
#pragma once

#include <cstdint>

namespace xensim {

/// What a use of the unit took.
enum class FpuFill : std::uint8_t { kept, initialised, restored };

struct FpuTrap {
  FpuFill fill;
  bool forward;  ///< the guest's kernel asked to see this
};

/// One domain's side of it.
class LazyFpu {
 public:
  /// CR0.TS: the next use of the unit traps.
  [[nodiscard]] bool traps() const { return !used_since_switch_ || guest_asked_; }

  /// fpu_taskswitch: the guest's kernel went over to another of its processes.
  void task_switch() { guest_asked_ = true; }

  /// Device not available: requires traps(). Afterwards the unit holds the domain's registers.
  [[nodiscard]] FpuTrap device_not_available() {
    const FpuTrap trap{used_since_switch_ ? FpuFill::kept
                       : saved_           ? FpuFill::restored
                                          : FpuFill::initialised,
                       guest_asked_};
    used_since_switch_ = true;
    guest_asked_ = false;
    return trap;
  }

  /// The processor leaves the domain. True: the unit's registers are to be saved.
  [[nodiscard]] bool switch_out() {
    const bool save = used_since_switch_;
    saved_ = saved_ || save;
    used_since_switch_ = false;
    return save;
  }

 private:
  bool saved_ = false;  ///< the domain has registers of its own in memory
  bool used_since_switch_ = false, guest_asked_ = false;
};

}  // namespace xensim
