/// Events from the monitor to a domain: the bitmask of Xen 1.0.
#pragma once

#include <cstdint>

namespace xensim {

/// The event bits of Xen 1.0.
enum class EventBit : std::uint8_t {
  block_device = 0,
  timer = 1,
  die = 2,
  debug = 3,
  network = 4,
  console = 5
};

/// The two words of the shared page: what is pending, and what may be delivered. Delivery masks the bits
/// delivered and the master bit; the guest takes all pending bits at once and opens the mask again.
class EventMask {
 public:
  /// No test for "already set": a bit marked twice is delivered once.
  void mark(EventBit bit) { events_ |= bit_of(bit); }

  /// Anything pending, masked or not. Such a domain does not block.
  [[nodiscard]] bool any() const { return events_ != 0; }
  [[nodiscard]] bool deliverable() const { return (mask_ & master) != 0 && (events_ & mask_) != 0; }

  /// The monitor delivers: the pending and enabled bits, and the master, are masked.
  void deliver() { mask_ &= ~((events_ & mask_) | master); }
  /// Nothing is delivered until the guest opens the mask again.
  void mask() { mask_ &= ~master; }
  /// The guest takes all pending bits.
  [[nodiscard]] std::uint32_t take() {
    const std::uint32_t taken = events_;
    events_ = 0;
    return taken;
  }
  /// The guest's handlers are done: everything may be delivered again.
  void unmask() { mask_ = ~0U; }

  [[nodiscard]] static constexpr std::uint32_t bit_of(EventBit bit) {
    return 1U << static_cast<unsigned>(bit);
  }

 private:
  static constexpr std::uint32_t master = 1U << 31;
  std::uint32_t events_ = 0;
  std::uint32_t mask_ = ~0U;
};

}  // namespace xensim
