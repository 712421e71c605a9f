#include "models/cpu/traps/bounce.hpp"

namespace xensim {

TrapFrame::TrapFrame(const GuestRegisters& interrupted, const MemoryDomain::KernelStack& kernel_stack,
                     const Bounce& bounce) {
  if (interrupted.ring() >= 2) {
    selector_ = kernel_stack.selector;
    top_ = kernel_stack.pointer;
    push(interrupted.stack_selector);
    push(interrupted.stack);
  } else {
    selector_ = interrupted.stack_selector;
    top_ = interrupted.stack;
  }
  push(interrupted.flags);
  push(interrupted.code_selector);
  push(interrupted.instruction);
  if (bounce.error_code) push(*bounce.error_code);
  if (bounce.fault_address) push(bounce.fault_address->value);
  if (bounce.selectors) {
    push(bounce.selectors->gs);
    push(bounce.selectors->fs);
    push(bounce.selectors->es);
    push(bounce.selectors->ds);
  }
}

GuestRegisters registers_after(const GuestRegisters& interrupted, const TrapFrame& frame,
                               const TrapHandler& handler) {
  constexpr std::uint32_t trap = 1U << 8, nested_task = 1U << 14, resume = 1U << 16, virtual_8086 = 1U << 17;
  return {.instruction = handler.address,
          .code_selector = handler.code_selector,
          .flags = interrupted.flags & ~(trap | nested_task | resume | virtual_8086),
          .stack = frame.bottom(),
          .stack_selector = frame.selector()};
}

}  // namespace xensim
