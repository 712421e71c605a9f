/// Slots of the swap area: clusters, counts, and what is left when no cluster is.
#include "models/guest/memory/swap_area.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>

namespace xensim {
namespace {

TEST(SwapSlots, AreGivenOutOneAfterAnotherBehindTheHeader) {
  SwapArea area(1024);
  for (std::uint32_t slot = 1; slot < 600; ++slot) EXPECT_EQ(area.allocate(), slot);
  EXPECT_EQ(area.used(), 599U);
}

TEST(SwapSlots, AreTakenFromAWholeClusterAsLongAsThereIsOne) {
  SwapArea area(1024);
  for (int i = 0; i < 300; ++i) (void)area.allocate();
  area.put(7);
  for (std::uint32_t slot = 301; slot <= 512; ++slot) EXPECT_EQ(area.allocate(), slot) << "the open cluster";
  EXPECT_EQ(area.allocate(), 513U) << "and a whole one before the single slot";
}

TEST(SwapSlots, AreTakenSinglyWhenNoClusterIsLeft) {
  SwapArea area(400);
  for (int i = 0; i < 399; ++i) EXPECT_TRUE(area.allocate().has_value());
  EXPECT_FALSE(area.allocate().has_value());
  area.put(100);
  area.put(50);
  EXPECT_EQ(area.allocate(), 50U);
  EXPECT_EQ(area.allocate(), 100U);
}

TEST(SwapEntries, AreNeitherPresentNorEmptyNorUntouchable) {
  for (const std::uint32_t slot : {1U, 255U, 524'287U}) {
    const PageTableEntry entry = swap_entry(slot);
    EXPECT_TRUE(is_swapped(entry));
    EXPECT_FALSE(is_resident(entry));
    EXPECT_EQ(slot_of(entry), slot);
  }
  EXPECT_FALSE(is_swapped({}));
}

TEST(SwapSlotProperties, EverySlotHasOneOwnerUntilItsLastReferenceGoes) {
  EXPECT_TRUE(rc::check([] {
    SwapArea area(*rc::gen::inRange<std::uint32_t>(2, 900));
    std::map<std::uint32_t, std::uint32_t> held;
    for (const auto step :
         *rc::gen::container<std::vector<std::uint16_t>>(rc::gen::arbitrary<std::uint16_t>())) {
      if (step % 3 != 0 || held.empty()) {
        for (int i = 0; i < 20; ++i) {
          const auto slot = area.allocate();
          RC_ASSERT(slot.has_value() == (held.size() + 1 < area.size()));
          if (slot) {
            RC_ASSERT(held.emplace(*slot, 1).second);
          }
        }
      } else {
        const auto chosen = std::next(held.begin(), static_cast<std::ptrdiff_t>(step % held.size()));
        if (step % 2 == 0) {
          area.get(chosen->first);
          ++chosen->second;
        } else {
          RC_ASSERT(area.put(chosen->first) == (chosen->second == 1));
          if (--chosen->second == 0) held.erase(chosen);
        }
      }
      std::vector<std::uint32_t> references(area.size());
      for (const auto& [slot, count] : held) references[slot] = count;
      RC_ASSERT(area.audit(references).empty());
    }
  }));
}

}  // namespace
}  // namespace xensim
