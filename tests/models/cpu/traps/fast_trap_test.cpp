#include "models/cpu/traps/fast_trap.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <array>
#include <vector>

namespace xensim {
namespace {

using enum SoftwareInterrupt;

TrapTable table_with(TrapEntry entry) {
  TrapTable table;
  table.set(std::array{entry, TrapEntry{}});
  return table;
}

TEST(InterruptTableOfAProcessor, LetsProgramsRaiseBreakpointAndOverflowAndKernelsCallTheMonitor) {
  const InterruptTable table;
  for (const unsigned ring : {1U, 3U}) {
    EXPECT_EQ(table.software_interrupt(3, ring), monitor);
    EXPECT_EQ(table.software_interrupt(4, ring), monitor);
    for (const int number : {0, 14, 13, 0x20, 0x80, 0xff}) {
      const auto vector = static_cast<std::uint8_t>(number);
      EXPECT_EQ(table.software_interrupt(vector, ring), general_protection) << number;
    }
  }
  EXPECT_EQ(table.software_interrupt(0x82, 1), monitor);
  EXPECT_EQ(table.software_interrupt(0x82, 3), general_protection) << "programs make no hypercalls";
}

TEST(FastTrap, TakesASystemCallStraightToTheKernel) {
  InterruptTable processor;
  FastTrap trap;
  const TrapTable table = table_with({0x80, 3, 0x0819, 0xc0105678});
  ASSERT_EQ(set_fast_trap(table, trap, processor, 0x80), HypercallStatus::done);
  EXPECT_EQ(processor[0x80], (Gate{0x08195678, 0xc010ef00})) << "trap gate, present, privilege 3";
  EXPECT_EQ(processor.software_interrupt(0x80, 3), guest_kernel);
  EXPECT_EQ(processor[0x80].selector(), 0x0819);
  EXPECT_EQ(processor[0x80].address(), 0xc0105678U);
}

TEST(FastTrap, IsForKernelsOnlyIfItsHandlerIs) {
  InterruptTable processor;
  FastTrap trap;
  ASSERT_EQ(set_fast_trap(table_with({0x21, 1, 0x0819, 4}), trap, processor, 0x21), HypercallStatus::done);
  EXPECT_EQ(processor.software_interrupt(0x21, 1), guest_kernel);
  EXPECT_EQ(processor.software_interrupt(0x21, 3), general_protection);
}

TEST(FastTrap, IsAllowedFor0x20To0x2fAnd0x80) {
  const TrapTable table;
  for (std::uint32_t index = 1; index < 0x400; ++index) {
    InterruptTable processor;
    FastTrap trap;
    const bool allowed = (index >= 0x20 && index <= 0x2f) || index == 0x80;
    EXPECT_EQ(set_fast_trap(table, trap, processor, index),
              allowed ? HypercallStatus::done : HypercallStatus::not_permitted)
        << index;
    if (!allowed) {
      EXPECT_EQ(trap.gate, Gate{});
    }
  }
}

TEST(FastTrap, CannotMaskEvents) {
  InterruptTable processor;
  FastTrap trap;
  ASSERT_EQ(set_fast_trap(table_with({0x20, 3, 0x0819, 8}), trap, processor, 0x20), HypercallStatus::done);
  EXPECT_EQ(set_fast_trap(table_with({0x80, 7, 0x0819, 8}), trap, processor, 0x80),
            HypercallStatus::not_permitted);
  EXPECT_TRUE(processor[0x20].present()) << "the one before stays";
}

TEST(FastTrap, KeepsTheGateItWasMadeWith) {
  InterruptTable processor;
  FastTrap trap;
  TrapTable table = table_with({0x80, 3, 0x0819, 0x1000});
  ASSERT_EQ(set_fast_trap(table, trap, processor, 0x80), HypercallStatus::done);
  table.set(std::array{TrapEntry{0x80, 7, 0x0819, 0x2000}, TrapEntry{}});
  EXPECT_EQ(processor[0x80].address(), 0x1000U);
}

TEST(FastTrap, IsOneAtATimeAndCanBeGivenUp) {
  InterruptTable processor;
  FastTrap trap;
  const TrapTable table;
  ASSERT_EQ(set_fast_trap(table, trap, processor, 0x25), HypercallStatus::done);
  ASSERT_EQ(set_fast_trap(table, trap, processor, 0x80), HypercallStatus::done);
  EXPECT_FALSE(processor[0x25].present());
  EXPECT_TRUE(processor[0x80].present());
  ASSERT_EQ(set_fast_trap(table, trap, processor, 0), HypercallStatus::done);
  EXPECT_FALSE(processor[0x80].present());
  EXPECT_EQ(trap.vector, 0x20) << "the empty slot";
}

/// What three guests do to their tables while a processor goes from one to the other.
TEST(FastTrap, OfTheRunningDomainAloneIsInTheProcessorAndNeverAGateToTheMonitor) {
  EXPECT_TRUE(rc::check([](const std::vector<std::array<std::uint32_t, 4>>& steps) {
    struct Guest {
      TrapTable table;
      FastTrap trap;
    };
    std::array<Guest, 3> guests;
    std::size_t running = 0;
    const InterruptTable untouched;
    InterruptTable processor;
    for (const auto& [what, a, b, c] : steps) {
      Guest& guest = guests[running];
      switch (what % 4) {
        case 0: {
          processor.remove(guest.trap);
          running = a % guests.size();
          processor.install(guests[running].trap);
          break;
        }
        case 1:
          (void)set_fast_trap(guest.table, guest.trap, processor, a % 2 == 0 ? a / 2 : a / 2 % 0x90);
          break;
        default:
          guest.table.set(std::array{
              TrapEntry{static_cast<std::uint8_t>(a % 2 == 0 ? 0x80 : a / 2), static_cast<std::uint8_t>(b),
                        static_cast<std::uint16_t>(b % 3 == 0 ? c : 0x0801 + 8 * (c % 40)), c},
              TrapEntry{}});
      }
      for (unsigned v = 0; v < 256; ++v) {
        const auto vector = static_cast<std::uint8_t>(v);
        const FastTrap& own = guests[running].trap;
        if (vector != own.vector) {
          RC_ASSERT(processor[vector] == untouched[vector]);
          continue;
        }
        RC_ASSERT(!untouched[vector].present());
        RC_ASSERT(processor[vector] == own.gate);
        if (!own.gate.present()) continue;
        RC_ASSERT(ring_of(own.gate.selector()) == 1U);
        const unsigned descriptor = own.gate.selector() / 8U;
        RC_ASSERT(own.gate.selector() == flat_kernel_code || (own.gate.selector() & 4) != 0 ||
                  descriptor < 256U || descriptor > 295U);
      }
    }
  }));
}

}  // namespace
}  // namespace xensim
