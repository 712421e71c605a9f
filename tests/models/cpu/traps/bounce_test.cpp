#include "models/cpu/traps/bounce.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <vector>

#include "models/memory/descriptor_tables.hpp"
#include "tests/models/cpu/traps/guest_stub.hpp"

namespace xensim {
namespace {

using test::GuestStub;

constexpr MemoryDomain::KernelStack kernel_stack{.selector = flat_kernel_data, .pointer = 0xc0400000};
constexpr GuestRegisters in_user{.instruction = 0x08048123,
                                 .code_selector = flat_user_code,
                                 .flags = 0x00000202,
                                 .stack = 0xbffff000,
                                 .stack_selector = flat_user_data};
constexpr GuestRegisters in_kernel{.instruction = 0xc0123456,
                                   .code_selector = flat_kernel_code,
                                   .flags = 0x00000246,
                                   .stack = 0xc03fff00,
                                   .stack_selector = flat_kernel_data};
constexpr TrapHandler handler{.address = 0xc0100100};

/// The stack from its pointer upwards, as the handler finds it.
std::vector<std::uint32_t> stack_of(const GuestStub& guest, const GuestRegisters& registers,
                                    std::uint32_t top) {
  std::vector<std::uint32_t> words;
  for (std::uint32_t a = registers.stack; a != top; a += 4) words.push_back(guest.load(a).value_or(0xdead));
  return words;
}

TEST(Bounce, OfAPageFaultInAProgramLeavesSevenWordsOnTheKernelsStack) {
  GuestStub guest;
  GuestRegisters registers = in_user;
  const Bounce bounce{.to = handler, .error_code = 6, .fault_address = Address{0x40001234}};
  ASSERT_TRUE(deliver(guest, registers, kernel_stack, bounce));
  EXPECT_EQ(stack_of(guest, registers, kernel_stack.pointer),
            (std::vector<std::uint32_t>{0x40001234, 6, 0x08048123, 0x082b, 0x202, 0xbffff000, 0x0833}))
      << "CR2 lowest, then error code, EIP, CS, EFLAGS, ESP, SS";
  EXPECT_EQ(registers, (GuestRegisters{.instruction = 0xc0100100,
                                       .code_selector = flat_kernel_code,
                                       .flags = 0x202,
                                       .stack = 0xc0400000 - 28,
                                       .stack_selector = flat_kernel_data}));
}

TEST(Bounce, OfAPageFaultInTheKernelLeavesFiveWordsOnTheStackInUse) {
  GuestStub guest;
  GuestRegisters registers = in_kernel;
  const Bounce bounce{.to = handler, .error_code = 2, .fault_address = Address{0xc1000000}};
  ASSERT_TRUE(deliver(guest, registers, kernel_stack, bounce));
  EXPECT_EQ(stack_of(guest, registers, in_kernel.stack),
            (std::vector<std::uint32_t>{0xc1000000, 2, 0xc0123456, 0x0819, 0x246}));
  EXPECT_EQ(registers.stack, in_kernel.stack - 20);
}

TEST(Bounce, OfAPlainTrapInAProgramIsFiveWordsAndInTheKernelThree) {
  GuestStub guest;
  GuestRegisters user = in_user, kernel = in_kernel;
  ASSERT_TRUE(deliver(guest, user, kernel_stack, {.to = handler}));
  ASSERT_TRUE(deliver(guest, kernel, kernel_stack, {.to = handler}));
  EXPECT_EQ(kernel_stack.pointer - user.stack, 20U);
  EXPECT_EQ(in_kernel.stack - kernel.stack, 12U);
}

TEST(Bounce, OfAnyOtherErrorCodeAddsOneWord) {
  GuestStub guest;
  GuestRegisters registers = in_user;
  ASSERT_TRUE(deliver(guest, registers, kernel_stack, {.to = handler, .error_code = 0x18}));
  EXPECT_EQ(kernel_stack.pointer - registers.stack, 24U);
  EXPECT_EQ(guest.load(registers.stack), 0x18U);
}

TEST(Bounce, OfAReturnThatFailedPutsTheFourSelectorsBelow) {
  GuestStub guest;
  GuestRegisters registers = in_user;
  const Bounce bounce{.to = handler,
                      .selectors = DataSelectors{.ds = 0x33, .es = 0x43, .fs = 0x53, .gs = 0x63}};
  ASSERT_TRUE(deliver(guest, registers, kernel_stack, bounce));
  EXPECT_EQ(
      stack_of(guest, registers, kernel_stack.pointer),
      (std::vector<std::uint32_t>{0x33, 0x43, 0x53, 0x63, 0x08048123, 0x082b, 0x202, 0xbffff000, 0x0833}));
}

TEST(Bounce, LeavesRing2AsItLeavesRing3) {
  GuestStub guest;
  GuestRegisters registers = in_user;
  registers.code_selector = 0x0012;
  ASSERT_TRUE(deliver(guest, registers, kernel_stack, {.to = handler}));
  EXPECT_EQ(kernel_stack.pointer - registers.stack, 20U);
}

TEST(Bounce, BeginsAHandlerUntracedAndUnnested) {
  GuestStub guest;
  GuestRegisters registers = in_user;
  registers.flags = 0xffffffff;
  ASSERT_TRUE(deliver(guest, registers, kernel_stack, {.to = handler}));
  EXPECT_EQ(registers.flags, 0xfffcbeffU);
  EXPECT_EQ(guest.load(kernel_stack.pointer - 12), 0xffffffffU) << "the frame keeps what was";
}

TEST(Bounce, OntoAStackThatCannotBeWrittenFailsAndTheDomainIsToDie) {
  GuestStub guest;
  guest.unwritable.insert(0xc03ff);
  GuestRegisters registers = in_user;
  EXPECT_FALSE(deliver(guest, registers, kernel_stack, {.to = handler}));
  EXPECT_EQ(registers, in_user);
}

TEST(Bounce, OntoAStackThatEndsInTheMiddleOfTheFrameFails) {
  GuestStub guest;
  guest.unwritable.insert(0xc03ff);
  GuestRegisters registers = in_user;
  const MemoryDomain::KernelStack near_the_end{.selector = flat_kernel_data, .pointer = 0xc0400008};
  EXPECT_FALSE(deliver(guest, registers, near_the_end, {.to = handler}));
  EXPECT_EQ(guest.words.size(), 2U);
}

TEST(Bounce, IntoTheMonitorsMemoryFails) {
  for (const std::uint32_t pointer : {0xfc400004U, 0xff400000U, 0xfffffffcU, 0U, 8U}) {
    GuestStub guest;
    GuestRegisters registers = in_user;
    EXPECT_FALSE(
        deliver(guest, registers, {.selector = flat_kernel_data, .pointer = pointer}, {.to = handler}))
        << std::hex << pointer;
  }
}

TEST(Bounce, OfAGuestWithoutHandlersWearsOutItsStackAndThenTheDomainDies) {
  GuestStub guest;
  for (std::uint32_t page = 0xc0000; page < 0xc03ff; ++page) guest.unwritable.insert(page);
  GuestRegisters registers = in_user;
  int faults = 0;
  // Nothing is mapped at address 0, where the table leads: each fault faults again, in the kernel now.
  while (deliver(guest, registers, kernel_stack,
                 {.to = TrapHandler{}, .error_code = 0, .fault_address = Address{0}})) {
    ++faults;
  }
  EXPECT_EQ(faults, 1 + (4096 - 28) / 20) << "seven words, then five at a time";
}

TEST(Bounce, WritesNothingThatTheGuestMayNotWriteWhateverItsStacksAre) {
  EXPECT_TRUE(rc::check([](std::uint32_t low, std::uint32_t high, const std::vector<std::uint32_t>& words) {
    GuestStub guest;
    constexpr std::uint16_t own = 0x0011;
    const SegmentDescriptor segment{low, high | 0x9000};
    if (acceptable(segment)) guest.segments[own] = segment;
    for (std::size_t i = 0; i + 3 < words.size(); i += 4) {
      GuestRegisters registers{
          .instruction = words[i],
          .code_selector = static_cast<std::uint16_t>(words[i + 1] << 2 | words[i + 1] >> 30),
          .flags = words[i + 2],
          .stack = words[i + 3],
          .stack_selector = words[i] % 2 == 0 ? own : flat_kernel_data};
      if (registers.ring() == 0) registers.code_selector |= 1;
      const MemoryDomain::KernelStack stack{
          .selector = words[i + 1] % 2 == 0 ? own : flat_kernel_data,
          .pointer = words[i + 2] % 4 == 0 ? 0xfc400000 + words[i] % 64 : words[i + 2]};
      const GuestRegisters before = registers;
      const Bounce bounce{.to = handler, .error_code = words[i], .fault_address = Address{words[i]}};
      if (deliver(guest, registers, stack, bounce)) {
        RC_ASSERT(ring_of(registers.code_selector) == 1U);
        RC_ASSERT((registers.flags & 0x34100) == 0U);
      } else {
        RC_ASSERT(registers == before);
      }
    }
    for (const auto& [address, word] : guest.words)
      RC_ASSERT(std::uint64_t{address} + 4 <= private_area.value);
  }));
}

}  // namespace
}  // namespace xensim
