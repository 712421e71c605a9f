/// Areas: where mappings go, how they join and split, what is flushed.
#include "models/guest/memory/address_space.hpp"

#include <gtest/gtest.h>

#include "tests/models/guest/processes/typical_program.hpp"

namespace xensim {
namespace {

constexpr std::uint8_t data = TypicalProgram::data, text = TypicalProgram::text;
constexpr std::uint32_t page = page_size;

class AddressSpaces : public testing::Test {
 protected:
  AddressSpaces() { fixture.load(*space); }
  ~AddressSpaces() override { EXPECT_EQ(fixture.audit({space.get()}), ""); }

  std::optional<Address> map(std::uint32_t pages, std::uint8_t flags = data,
                             std::optional<Address> address = {}) {
    return space->map({.length = pages * page, .flags = flags, .address = address});
  }
  std::optional<Address> map_at(Address address, std::uint32_t pages, std::uint8_t flags = data) {
    return space->map({.length = pages * page, .flags = flags, .address = address, .fixed = true});
  }
  void touch(Address start, std::uint32_t pages) {
    for (std::uint32_t i = 0; i < pages; ++i) {
      ASSERT_EQ(fixture.write({start.value + i * page}, i + 1), std::nullopt);
    }
  }
  std::vector<AddressRange> ranges() const {
    std::vector<AddressRange> found;
    for (const Area& area : space->areas()) found.push_back(area.range);
    return found;
  }

  MemoryFixture fixture;
  std::unique_ptr<AddressSpace> space = AddressSpace::create(fixture.guest);
};

TEST_F(AddressSpaces, MappingsFillTheFirstHoleFromAThirdOfTheUserPart) {
  EXPECT_EQ(map(2), Address{0x40000000});
  EXPECT_EQ(map(3, text), Address{0x40002000});
  EXPECT_EQ(map(1), Address{0x40005000});
  EXPECT_TRUE(space->unmap({0x40000000}, 2 * page));
  EXPECT_EQ(map(3), Address{0x40006000});
  EXPECT_EQ(map(2, text), Address{0x40000000});
}

TEST_F(AddressSpaces, AMappingGoesWhereItIsWishedIfThatIsFree) {
  EXPECT_EQ(map(1, data, Address{0x50000000}), Address{0x50000000});
  EXPECT_EQ(map(1, data, Address{0x50000000}), Address{0x40000000});
  EXPECT_EQ(map(1, text, Address{0}), Address{0x40001000}) << "no wish at all";
}

TEST_F(AddressSpaces, AnonymousNeighboursWithTheSameFlagsAreOneArea) {
  const Since since(fixture);
  EXPECT_EQ(map(1), Address{0x40000000});
  EXPECT_EQ(map(1), Address{0x40001000});
  EXPECT_EQ(space->areas().size(), 1u);
  EXPECT_EQ(map(1, text), Address{0x40002000});
  EXPECT_EQ(space->areas().size(), 2u);
  EXPECT_TRUE(space->protect({0x40002000}, page, data));
  EXPECT_EQ(ranges(), (std::vector<AddressRange>{{{0x40000000}, {0x40003000}}}));
  EXPECT_EQ(since.did(KernelPath::area_create), 2u);
}

TEST_F(AddressSpaces, MappingTouchesNoEntryAndFlushesNothing) {
  const Since since(fixture);
  EXPECT_TRUE(map(1000));
  EXPECT_EQ(since.counts(), Since::Counts{});
  EXPECT_EQ(space->mapped_pages(), 1000u);
  EXPECT_EQ(space->resident(), 0u);
}

TEST_F(AddressSpaces, UnmappingTheMiddleSplitsAnArea) {
  const Address start = *map(5);
  touch(start, 5);
  EXPECT_TRUE(space->unmap({start.value + 2 * page}, page));
  EXPECT_EQ(ranges(), (std::vector<AddressRange>{{start, {start.value + 2 * page}},
                                                 {{start.value + 3 * page}, {start.value + 5 * page}}}));
  EXPECT_EQ(fixture.read({start.value + 3 * page}), 4u);
  EXPECT_EQ(space->resident(), 4u);
}

TEST_F(AddressSpaces, UnmappingFlushesOncePerAreaAndOnceMoreIfWholeRegionsAreLeftEmpty) {
  const Address start = *map(2);
  map_at({start.value + 2 * page}, 2, text);
  map_at({start.value + 4 * page}, 2);
  map_at({0x40010000}, 1);
  touch(start, 2);
  const Since partly(fixture);
  EXPECT_TRUE(space->unmap(start, 6 * page));
  EXPECT_EQ(partly.counts(), (Since::Counts{.table_entries = 2, .flushes = 3}));
  const Since wholly(fixture);
  EXPECT_TRUE(space->unmap({0x40010000}, page));
  EXPECT_EQ(wholly.counts(), (Since::Counts{.directory_entries = 1, .flushes = 2}));
  const Since nothing(fixture);
  EXPECT_TRUE(space->unmap({0x40000000}, 16 * page));
  EXPECT_EQ(nothing.counts(), Since::Counts{});
}

TEST_F(AddressSpaces, ATableGoesOnlyWhenNoAreaTouchesItsRegion) {
  touch(*map_at({0x403ff000}, 2), 2);
  map_at({0x40700000}, 1);
  const Since since(fixture);
  EXPECT_TRUE(space->unmap({0x403ff000}, 2 * page));
  EXPECT_EQ(since.counts().directory_entries, 1u) << "of the two, the upper region is still in use";
}

TEST_F(AddressSpaces, ChangingProtectionRewritesEveryPresentEntryAndFlushesOncePerArea) {
  const Address start = *map(8);
  touch(start, 5);
  const Since since(fixture);
  EXPECT_TRUE(space->protect(start, 8 * page, AreaFlags::read));
  EXPECT_EQ(since.counts(), (Since::Counts{.table_entries = 5, .flushes = 1}));
  EXPECT_EQ(fixture.write(start, 9), FaultResult::Outcome::bad_address);
  EXPECT_EQ(fixture.read(start), 1u);
  const Since same(fixture);
  EXPECT_TRUE(space->protect(start, 8 * page, AreaFlags::read));
  EXPECT_EQ(same.counts(), Since::Counts{}) << "nothing to change";
}

TEST_F(AddressSpaces, WritingAgainAfterProtectionWasLiftedTakesAFaultWithoutACopy) {
  const Address start = *map(1);
  touch(start, 1);
  EXPECT_TRUE(space->protect(start, page, 0));
  std::uint32_t value = 0;
  EXPECT_EQ(fixture.read(start, value), FaultResult::Outcome::bad_address);
  EXPECT_TRUE(space->protect(start, page, data));
  const Since since(fixture);
  EXPECT_EQ(fixture.read(start), 1u);
  EXPECT_EQ(fixture.write(start, 2), std::nullopt);
  EXPECT_EQ(since.did(KernelPath::fault_reuse), 1u);
  EXPECT_EQ(since.did(KernelPath::copy_page), 0u);
}

TEST_F(AddressSpaces, ProtectionChangesUpToTheFirstHole) {
  map_at({0x40000000}, 2);
  map_at({0x40003000}, 1);
  EXPECT_FALSE(space->protect({0x40000000}, 4 * page, AreaFlags::read));
  EXPECT_EQ(fixture.write({0x40001000}, 1), FaultResult::Outcome::bad_address);
  EXPECT_EQ(fixture.write({0x40003000}, 1), std::nullopt);
}

TEST_F(AddressSpaces, TheHeapGrowsWithoutTouchingEntriesAndShrinksAsIfUnmapped) {
  space->set_heap({0x08052345});
  EXPECT_EQ(space->set_heap_end({0x08052400}), Address{0x08052400});
  EXPECT_TRUE(space->areas().empty()) << "still on the page where it began";
  EXPECT_EQ(space->set_heap_end({0x08055001}), Address{0x08055001});
  EXPECT_EQ(ranges(), (std::vector<AddressRange>{{{0x08053000}, {0x08056000}}}));
  touch({0x08053000}, 3);
  const Since since(fixture);
  EXPECT_EQ(space->set_heap_end({0x08054000}), Address{0x08054000});
  EXPECT_EQ(since.counts().table_entries, 2u);
  EXPECT_EQ(since.counts().flushes, 1u);
  EXPECT_EQ(space->set_heap_end({0x08052000}), Address{0x08054000}) << "not below its beginning";
}

TEST_F(AddressSpaces, TheHeapDoesNotGrowIntoOtherAreas) {
  space->set_heap({0x3ffff000});
  (void)map(1);
  EXPECT_EQ(space->set_heap_end({0x40000000}), Address{0x40000000});
  EXPECT_EQ(space->set_heap_end({0x40000001}), Address{0x40000000});
}

TEST_F(AddressSpaces, MorePrivateMemoryThanThereCouldBeIsRefusedUnlessNobodyAsks) {
  const std::uint32_t all = fixture.guest.pages.size();
  EXPECT_FALSE(map(all));
  EXPECT_TRUE(map(all, AreaFlags::read));
  EXPECT_TRUE(space->map({.length = all * page, .flags = data, .no_reserve = true}));
  fixture.guest.reclaimable = all;
  EXPECT_TRUE(map(all)) << "the page cache could give way";
}

TEST_F(AddressSpaces, NonsenseIsRefused) {
  EXPECT_FALSE(map(0));
  EXPECT_FALSE(space->map({.length = 0xC0000001, .flags = AreaFlags::read}));
  EXPECT_FALSE(map_at({0xBFFFF000}, 2, AreaFlags::read));
  EXPECT_FALSE(map_at({0x40000123}, 1));
  EXPECT_FALSE(map(1, data | AreaFlags::shared)) << "shared, but no file to share";
  EXPECT_FALSE(space->unmap({0x40000001}, page));
  EXPECT_FALSE(space->unmap({0xFFFFF000}, page));
  EXPECT_FALSE(space->unmap({0x40000000}, 0));
  EXPECT_FALSE(space->protect({0x40000000}, page, AreaFlags::read)) << "nothing there";
  EXPECT_EQ(map(1, data, Address{0xFFFFFFFF}), Address{0x40000000});
}

TEST_F(AddressSpaces, AFixedMappingReplacesWhatItCovers) {
  const Address start = *map(4);
  touch(start, 4);
  EXPECT_EQ(map_at({start.value + page}, 2, data | AreaFlags::execute), Address{start.value + page});
  EXPECT_EQ(space->areas().size(), 3u);
  EXPECT_EQ(fixture.read({start.value + page}), 0u);
  EXPECT_EQ(fixture.read({start.value + 3 * page}), 4u);
}

TEST_F(AddressSpaces, TheAreaFoundLastIsFoundWithoutASearch) {
  const Address start = *map(2);
  map_at({0x50000000}, 1);
  touch(start, 1);
  const Since since(fixture);
  touch({start.value + page}, 1);
  EXPECT_EQ(since.did(KernelPath::area_find), 0u);
  touch({0x50000000}, 1);
  EXPECT_EQ(since.did(KernelPath::area_find), 1u);
}

}  // namespace
}  // namespace xensim
