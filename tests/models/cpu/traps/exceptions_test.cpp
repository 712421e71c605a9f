#include "models/cpu/traps/exceptions.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <array>
#include <vector>

#include "models/cpu/traps/exit_path.hpp"
#include "models/memory/descriptor_tables.hpp"
#include "tests/models/cpu/traps/guest_stub.hpp"
#include "tests/models/memory/memory_bench.hpp"

namespace xensim {
namespace {

using enum TrapAction;
using test::GuestStub;

constexpr MemoryDomain::KernelStack ring1_stack{.selector = flat_kernel_data, .pointer = 0xc0400000};

class GuestException : public testing::Test {
 protected:
  GuestException() {
    for (std::uint32_t vector = 0; vector < 32; ++vector) handle(vector, 0, 0xc0100000 + 16 * vector);
    handle(vectors::system_call, 3, 0xc0108000);
    EXPECT_EQ(set_callbacks(traps.callbacks, 0x0819, 0xc0109000, 0x0819, 0xc010a000), HypercallStatus::done);
  }
  void handle(std::uint32_t vector, unsigned flags, std::uint32_t address) {
    traps.table.set(std::array{
        TrapEntry{static_cast<std::uint8_t>(vector), static_cast<std::uint8_t>(flags), 0x0819, address},
        TrapEntry{}});
  }
  TrapOutcome raise(std::uint8_t vector, std::uint32_t code = 0) {
    return handle_exception(traps, events, registers, {.vector = vector, .error_code = code});
  }
  void in_kernel() {
    registers = {.instruction = 0xc0123456,
                 .code_selector = flat_kernel_code,
                 .stack = 0xc03fff00,
                 .stack_selector = flat_kernel_data};
  }

  DomainTraps traps;
  EventMask events;
  GuestRegisters registers{.instruction = 0x08048000, .stack = 0xbffff000};
  GuestStub guest;
};

TEST_F(GuestException, GoesToTheHandlerOfItsVectorWithItsErrorCode) {
  for (std::uint8_t vector = 0; vector < 32; ++vector) {
    if (vector == 1 || vector == 7 || vector == 8 || vector == 14) continue;
    const TrapOutcome outcome = raise(vector, 0x48);
    EXPECT_EQ(outcome.action, bounce);
    EXPECT_EQ(outcome.bounce.to.address, 0xc0100000 + 16U * vector);
    EXPECT_FALSE(outcome.bounce.fault_address);
    const bool coded = vector == 10 || vector == 11 || vector == 12 || vector == 13 || vector == 17;
    EXPECT_EQ(outcome.bounce.error_code.has_value(), coded) << int{vector};
  }
}

TEST_F(GuestException, APageFaultBringsTheAddressAlong) {
  const Exception fault{.vector = 14, .error_code = 4, .fault_address = {0xbfffe000}};
  const TrapOutcome outcome = handle_exception(traps, events, registers, fault);
  EXPECT_EQ(outcome.bounce.error_code, 4U);
  EXPECT_EQ(outcome.bounce.fault_address, Address{0xbfffe000});
}

TEST_F(GuestException, MasksEventsIfItsHandlerWantsThat) {
  events.mark(EventBit::timer);
  (void)raise(6);
  EXPECT_TRUE(events.deliverable());
  handle(6, 4, 0xc0100000);
  (void)raise(6);
  EXPECT_FALSE(events.deliverable());
  EXPECT_TRUE(events.any());
}

TEST_F(GuestException, APrivilegedInstructionIsAGeneralProtectionFaultOfTheGuest) {
  const TrapOutcome outcome = raise(13, 0);
  EXPECT_EQ(outcome.action, bounce);
  EXPECT_EQ(outcome.reason, TrapReason::none) << "nothing is emulated";
  EXPECT_EQ(outcome.bounce.error_code, 0U);
  EXPECT_EQ(registers.instruction, 0x08048000U) << "the handler finds the instruction";
}

TEST_F(GuestException, IntOfASystemCallWithoutAFastTrapIsEmulated) {
  const InterruptTable processor;
  ASSERT_EQ(processor.software_interrupt(0x80, 3), SoftwareInterrupt::general_protection);
  const TrapOutcome outcome = raise(13, 0x80 << 3 | 2);
  EXPECT_EQ(outcome.reason, TrapReason::software_interrupt);
  EXPECT_EQ(outcome.bounce.to.address, 0xc0108000U);
  EXPECT_FALSE(outcome.bounce.error_code);
  EXPECT_EQ(registers.instruction, 0x08048002U) << "behind INT";
}

TEST_F(GuestException, IntThroughAGateOfTheKernelsIsRefusedToPrograms) {
  handle(0x90, 1, 0xc0108010);
  EXPECT_EQ(raise(13, 0x90 << 3 | 2).bounce.error_code, 0x90U << 3 | 2);
  EXPECT_EQ(registers.instruction, 0x08048000U);
  in_kernel();
  EXPECT_EQ(raise(13, 0x90 << 3 | 2).bounce.to.address, 0xc0108010U);
}

TEST_F(GuestException, IntOfAHypercallInAProgramIsTheKernelsAffair) {
  EXPECT_EQ(raise(13, 0x82 << 3 | 2).bounce.error_code, 0x82U << 3 | 2);
  handle(0x82, 3, 0xc0108020);
  EXPECT_EQ(raise(13, 0x82 << 3 | 2).bounce.to.address, 0xc0108020U);
}

TEST_F(GuestException, ADebugTrapWithoutBreakpointsIsTheMonitorsAndForgotten) {
  EXPECT_EQ(raise(1).action, resume);
  traps.breakpoints = true;
  EXPECT_EQ(raise(1).action, bounce);
}

TEST_F(GuestException, ADoubleFaultStopsTheMachine) { EXPECT_EQ(raise(8).action, halt); }

TEST_F(GuestException, AUseOfTheFpuIsSeenByTheKernelOnlyIfItAskedForThat) {
  TrapOutcome outcome = raise(7);
  EXPECT_EQ(outcome.action, resume);
  EXPECT_EQ(outcome.fpu, FpuFill::initialised);
  traps.fpu.task_switch();
  outcome = raise(7);
  EXPECT_EQ(outcome.action, bounce);
  EXPECT_EQ(outcome.fpu, FpuFill::kept);
  EXPECT_FALSE(outcome.bounce.error_code);
}

TEST_F(GuestException, EventsGoOnTopOfItAndAreHandledFirst) {
  events.mark(EventBit::network);
  const TrapOutcome outcome = handle_exception(
      traps, events, registers, {.vector = 14, .error_code = 6, .fault_address = {0x40001234}});
  ASSERT_TRUE(deliver(guest, registers, ring1_stack, outcome.bounce));
  ASSERT_EQ(next_exit_step(false, 0, 0, events), ExitStep::deliver_events);
  ASSERT_TRUE(deliver(guest, registers, ring1_stack, event_upcall(traps.callbacks, events)));
  EXPECT_EQ(ring1_stack.pointer - registers.stack, 28U + 12U) << "seven words, then three in ring 1";
  EXPECT_EQ(registers.instruction, 0xc0109000U);
  EXPECT_EQ(guest.load(registers.stack), 0xc01000e0U) << "its IRET leads to the page fault's handler";
  EXPECT_EQ(guest.load(registers.stack + 4), flat_kernel_code);
  EXPECT_EQ(next_exit_step(false, 0, 0, events), ExitStep::resume);
}

TEST_F(GuestException, ThatMasksEventsIsHandledBeforeThem) {
  handle(14, 4, 0xc01000e0);
  events.mark(EventBit::network);
  const TrapOutcome outcome = raise(14);
  ASSERT_TRUE(deliver(guest, registers, ring1_stack, outcome.bounce));
  EXPECT_EQ(next_exit_step(false, 0, 0, events), ExitStep::resume);
  events.unmask();
  EXPECT_EQ(next_exit_step(false, 0, 0, events), ExitStep::deliver_events);
}

TEST(LdtWindow, IsWhatTheGuestsTableFillsOfIt) {
  EXPECT_EQ(ldt_offset({0xff410000}, 1), 0U);
  EXPECT_EQ(ldt_offset({0xff410007}, 1), 7U);
  EXPECT_EQ(ldt_offset({0xff410008}, 1), std::nullopt);
  EXPECT_EQ(ldt_offset({0xff40ffff}, 8192), std::nullopt);
  EXPECT_EQ(ldt_offset({0xff41ffff}, 8192), 0xffffU);
  EXPECT_EQ(ldt_offset({0xff420000}, 8192), std::nullopt);
  EXPECT_EQ(ldt_offset({0}, 8192), std::nullopt);
}

TEST_F(GuestException, APageFaultOnTheLdtIsTheMonitorsIfTheGuestHasAPageThere) {
  test::MemoryBench bench(xen_1_0_memory);
  const auto [domain, image] = bench.add_running(24);
  const Address page = test::DomainImage::address_of(3);
  ASSERT_EQ(bench.update(domain, {bench.entry(image.table(0), 3, test::read_only(image.pages[3]))}).status,
            HypercallStatus::done);
  ASSERT_TRUE(set_ldt(bench.as(domain), page, 100));
  const auto fault_at = [&, &d = domain](std::uint32_t address) {
    return handle_page_fault(traps, events, registers, {.vector = 14, .fault_address = {address}},
                             d.ldt.entries,
                             [&](std::uint32_t offset) { return map_ldt_page(bench.as(d), offset); });
  };
  const TrapOutcome mapped = fault_at(0xff410010);
  EXPECT_EQ(mapped.action, resume);
  EXPECT_EQ(mapped.reason, TrapReason::ldt_page);
  EXPECT_EQ(domain.ldt.mapped, 1U);
  EXPECT_EQ(fault_at(0xff410010).action, bounce) << "mapped already: the fault had another reason";
  EXPECT_EQ(fault_at(0xff410000 + 8 * 100).action, bounce) << "behind the table";
  const TrapOutcome private_memory = fault_at(0xfc400000);
  EXPECT_EQ(private_memory.action, bounce);
  EXPECT_EQ(private_memory.bounce.fault_address, Address{0xfc400000});
}

TEST(FaultOfTheMonitor, IsFixedUpByWhatItWasDoingForTheGuestOrElseFatal) {
  EXPECT_EQ(fix_up(MonitorAccess::guest_copy), MonitorFault::bad_address);
  EXPECT_EQ(fix_up(MonitorAccess::guest_stack), MonitorFault::kill_domain);
  EXPECT_EQ(fix_up(MonitorAccess::guest_return), MonitorFault::failsafe);
  EXPECT_EQ(fix_up(MonitorAccess::guest_failsafe), MonitorFault::kill_domain) << "once is enough";
  EXPECT_EQ(fix_up(MonitorAccess::own), MonitorFault::panic);
}

TEST_F(GuestException, NeverEndsInRing0NorOutsideTheGuestsMemory) {
  EXPECT_TRUE(rc::check([this](const std::vector<std::array<std::uint32_t, 4>>& steps) {
    DomainTraps hostile;
    EventMask mask;
    GuestStub memory;
    MemoryDomain::KernelStack stack = ring1_stack;
    GuestRegisters regs = registers;
    for (const auto& [what, a, b, c] : steps) {
      switch (what % 8) {
        case 0:
        case 1:
          hostile.table.set(
              std::array{TrapEntry{static_cast<std::uint8_t>(a), static_cast<std::uint8_t>(a >> 8),
                                   static_cast<std::uint16_t>(c % 4 == 0 ? b : flat_kernel_code), b},
                         TrapEntry{}});
          break;
        case 2:
          (void)set_callbacks(hostile.callbacks, static_cast<std::uint16_t>(a), b,
                              static_cast<std::uint16_t>(a >> 16), c);
          break;
        case 3:
          if (is_data_selector(static_cast<std::uint16_t>(a))) stack = {static_cast<std::uint16_t>(a), b};
          break;
        case 4:
          mask.mark(EventBit::timer);
          if (a % 4 == 0) mask.unmask();
          hostile.fpu.task_switch();
          hostile.breakpoints = b % 2 == 0;
          break;
        default: {
          const auto vector = static_cast<std::uint8_t>(a % 32);
          if (vector == vectors::device_not_available && !hostile.fpu.traps()) break;
          const TrapOutcome outcome = handle_exception(
              hostile, mask, regs, {.vector = vector, .error_code = b, .fault_address = {c}});
          RC_ASSERT((outcome.action == halt) == (vector == vectors::double_fault));
          if (outcome.action != bounce) break;
          if (!deliver(memory, regs, stack, outcome.bounce)) regs = registers;
          if (next_exit_step(false, 0, 0, mask) == ExitStep::deliver_events &&
              !deliver(memory, regs, stack, event_upcall(hostile.callbacks, mask))) {
            regs = registers;
          }
        }
      }
      RC_ASSERT(regs.ring() != 0U);
      RC_ASSERT(is_code_selector(regs.code_selector) || regs == registers ||
                regs.code_selector == flat_user_code);
    }
    for (const auto& [address, word] : memory.words) RC_ASSERT(address < private_area.value - 3);
  }));
}

}  // namespace
}  // namespace xensim
