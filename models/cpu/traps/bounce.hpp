/// How the monitor has a guest's kernel take a trap: the frame on its stack, and where it goes on.
/// Left out: virtual-8086 mode.
/// Source: Xen 1.0, arch/i386/entry.S, from a description.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "models/cpu/traps/trap_table.hpp"
#include "models/memory/memory_domain.hpp"

namespace xensim {

/// Where a guest was interrupted, as the processor saved it.
struct GuestRegisters {
  std::uint32_t instruction = 0;
  std::uint16_t code_selector = flat_user_code;
  std::uint32_t flags = 0;
  std::uint32_t stack = 0;
  std::uint16_t stack_selector = flat_user_data;

  [[nodiscard]] unsigned ring() const { return ring_of(code_selector); }
  bool operator==(const GuestRegisters&) const = default;
};

/// The other segment registers, which the guest may have made unloadable before its return.
struct DataSelectors {
  std::uint16_t ds = 0, es = 0, fs = 0, gs = 0;
};

/// A call of the guest's kernel to be made on the way back to it.
struct Bounce {
  TrapHandler to{};
  std::optional<std::uint32_t> error_code{};
  std::optional<Address> fault_address{};    ///< CR2, which guests cannot read themselves
  std::optional<DataSelectors> selectors{};  ///< of a return that failed
};

/// A guest's memory by segment and offset, under the guest's rights. False: the store would fault, be it by
/// the segment or by its pages.
template <class M>
concept SegmentedMemory = requires(M& memory, std::uint16_t selector, std::uint32_t offset,
                                   std::uint32_t word) {
  { memory.store(selector, offset, word) } -> std::same_as<bool>;
};

/// Words to be pushed one after the other from `top` of a stack.
class TrapFrame {
 public:
  /// Ring 3 is left for the kernel's stack, ring 1 goes on with its own.
  TrapFrame(const GuestRegisters& interrupted, const MemoryDomain::KernelStack& kernel_stack,
            const Bounce& bounce);

  [[nodiscard]] std::uint16_t selector() const { return selector_; }
  [[nodiscard]] std::uint32_t top() const { return top_; }
  /// Where the pointer is when all are pushed.
  [[nodiscard]] std::uint32_t bottom() const { return top_ - 4 * static_cast<std::uint32_t>(count_); }
  [[nodiscard]] std::span<const std::uint32_t> words() const { return {words_.data(), count_}; }

 private:
  void push(std::uint32_t word) { words_[count_++] = word; }

  static constexpr std::size_t most_words = 11;
  std::uint16_t selector_;
  std::uint32_t top_;
  std::array<std::uint32_t, most_words> words_{};
  std::size_t count_ = 0;
};

/// Registers with which the guest's kernel begins: at its handler, on the frame; neither traced nor nested.
[[nodiscard]] GuestRegisters registers_after(const GuestRegisters& interrupted, const TrapFrame& frame,
                                             const TrapHandler& handler);

/// Pushes the frame and sends the guest to its handler. False: the guest's stack cannot be written. Its
/// registers are then as before, some words may be written, and the domain is to be killed.
template <SegmentedMemory M>
[[nodiscard]] bool deliver(M& memory, GuestRegisters& registers,
                           const MemoryDomain::KernelStack& kernel_stack, const Bounce& bounce) {
  const TrapFrame frame(registers, kernel_stack, bounce);
  std::uint32_t offset = frame.top();
  for (const std::uint32_t word : frame.words()) {
    offset -= 4;
    if (!memory.store(frame.selector(), offset, word)) return false;
  }
  registers = registers_after(registers, frame, bounce.to);
  return true;
}

}  // namespace xensim
