#include "models/cpu/traps/trap_table.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <array>
#include <vector>

#include "models/memory/descriptor_tables.hpp"

namespace xensim {
namespace {

constexpr TrapEntry end{};

TEST(TrapTableOfADomain, LeadsNowhereAtFirst) {
  const TrapTable table;
  for (unsigned vector = 0; vector < 256; ++vector) {
    EXPECT_EQ(table[static_cast<std::uint8_t>(vector)], TrapHandler{}) << vector;
  }
  EXPECT_EQ(TrapHandler{}.code_selector, 0x0819);
  EXPECT_EQ(TrapHandler{}.address, 0U);
}

TEST(TrapTableOfADomain, TakesEntriesUpToTheOneWithoutAnAddress) {
  TrapTable table;
  const std::array list{TrapEntry{14, 4, 0x0819, 0xc0101000}, TrapEntry{0x80, 3, 0x0819, 0xc0102000}, end,
                        TrapEntry{3, 3, 0x0819, 0xc0103000}};
  const TrapTableResult result = table.set(list);
  EXPECT_EQ(result.status, HypercallStatus::done);
  EXPECT_EQ(result.copied, 2U);
  EXPECT_EQ(table[14], (TrapHandler{0x0819, 4, 0xc0101000}));
  EXPECT_TRUE(table[14].masks_events());
  EXPECT_EQ(table[14].privilege(), 0U);
  EXPECT_EQ(table[0x80].privilege(), 3U);
  EXPECT_FALSE(table[0x80].masks_events());
  EXPECT_EQ(table[3], TrapHandler{}) << "after the end";
}

TEST(TrapTableOfADomain, KeepsWhatStandsInItWhereANewListIsSilent) {
  TrapTable table;
  table.set(std::array{TrapEntry{14, 0, 0x0819, 1}, end});
  table.set(std::array{TrapEntry{13, 0, 0x0819, 2}, end});
  EXPECT_EQ(table[14].address, 1U);
  EXPECT_EQ(table[13].address, 2U);
}

TEST(TrapTableOfADomain, RefusesSelectorsThatAreNoGuestKernels) {
  constexpr std::array<std::uint16_t, 8> wrong{0x0808, 0x0809, 0x0810, 0x0821,
                                               0x082b, 0x0010, 0x0012, 0x0013};
  for (const std::uint16_t selector : wrong) {
    TrapTable table;
    const std::array list{TrapEntry{1, 0, 0x0819, 1}, TrapEntry{2, 0, selector, 2}, end};
    const TrapTableResult result = table.set(list);
    EXPECT_EQ(result.status, HypercallStatus::not_permitted) << std::hex << selector;
    EXPECT_EQ(result.copied, 1U) << "the one before stays";
    EXPECT_EQ(table[1].address, 1U);
    EXPECT_EQ(table[2], TrapHandler{});
  }
}

TEST(TrapTableOfADomain, DoesNotLookAtTheSelectorOfTheLastEntry) {
  TrapTable table;
  EXPECT_EQ(table.set(std::array{TrapEntry{1, 0, 0x0808, 0}}).status, HypercallStatus::done);
}

TEST(TrapTableOfADomain, FaultsWhereAListHasNoEnd) {
  TrapTable table;
  const TrapTableResult result = table.set(std::array{TrapEntry{14, 0, 0x0819, 7}});
  EXPECT_EQ(result.status, HypercallStatus::bad_address);
  EXPECT_EQ(table[14].address, 7U) << "what could be read is in force";
  EXPECT_EQ(table.set({}).status, HypercallStatus::bad_address);
}

TEST(TrapTableOfADomain, NeverHoldsASelectorThatIsNotAGuestKernels) {
  EXPECT_TRUE(rc::check([](const std::vector<std::array<std::uint32_t, 3>>& words) {
    TrapTable table;
    std::vector<TrapEntry> list;
    for (const auto& [a, b, c] : words) {
      const auto selector =
          static_cast<std::uint16_t>(a % 4 == 0 ? a >> 16 : b % 64 * 8 + 0x800 + (b >> 8) % 4);
      list.push_back({static_cast<std::uint8_t>(a), static_cast<std::uint8_t>(b >> 16), selector, c});
    }
    const TrapTableResult result = table.set(list);
    RC_ASSERT(result.copied <= list.size());
    for (unsigned vector = 0; vector < 256; ++vector) {
      RC_ASSERT(is_code_selector(table[static_cast<std::uint8_t>(vector)].code_selector));
      RC_ASSERT(ring_of(table[static_cast<std::uint8_t>(vector)].code_selector) == 1U);
    }
  }));
}

TEST(CallbacksOfADomain, AreBothSetOrNeither) {
  Callbacks callbacks;
  EXPECT_EQ(set_callbacks(callbacks, 0x0819, 0x100, 0x0808, 0x200), HypercallStatus::not_permitted);
  EXPECT_EQ(set_callbacks(callbacks, 0x082b, 0x100, 0x0819, 0x200), HypercallStatus::not_permitted);
  EXPECT_EQ(callbacks.event, TrapHandler{});
  EXPECT_EQ(set_callbacks(callbacks, 0x0819, 0x100, 0x0011, 0x200), HypercallStatus::done);
  EXPECT_EQ(callbacks.event.address, 0x100U);
  EXPECT_EQ(callbacks.failsafe, (TrapHandler{0x0011, 0, 0x200}));
}

}  // namespace
}  // namespace xensim
