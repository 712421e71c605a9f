/// Memory that is short: what is taken from whom, and that it comes back as it was.
#include "models/guest/memory/reclaim.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "tests/models/guest/memory/swapping_fixture.hpp"

namespace xensim {
namespace {

constexpr std::uint8_t writable_data = AreaFlags::read | AreaFlags::write;

Address plus(Address address, std::uint32_t pages) { return {address.value + pages * page_size}; }

struct Reclaiming : testing::Test {
  explicit Reclaiming(std::uint32_t size = 1024, std::uint32_t slots = 4096) : fixture(size, slots) {
    fixture.load(*space);
  }
  Address map(std::uint32_t pages) {
    return *space->map({.length = pages * page_size, .flags = writable_data, .no_reserve = true});
  }
  std::string audit() { return fixture.audit({space.get()}); }

  SwappingFixture fixture;
  std::unique_ptr<AddressSpace> space = AddressSpace::create(fixture.pages());
};

TEST_F(Reclaiming, TouchesNothingWhileMemoryIsAboveTheLowMarks) {
  const Address start = map(500);
  for (std::uint32_t i = 0; i < 500; ++i) EXPECT_EQ(fixture.write(plus(start, i), i), std::nullopt);
  EXPECT_EQ(fixture.pages().swap->slots.used(), 0U);
  EXPECT_EQ(fixture.base.did(KernelPath::reclaim_scan), 0U);
  EXPECT_EQ(audit(), "");
}

TEST_F(Reclaiming, SwappingOutAndInGivesBackWhatWasThere) {
  constexpr std::uint32_t pages = 3000;
  const Address start = map(pages);
  for (std::uint32_t i = 0; i < pages; ++i) ASSERT_EQ(fixture.write(plus(start, i), 7 * i + 1), std::nullopt);
  EXPECT_EQ(audit(), "");
  EXPECT_GT(fixture.pages().swap->slots.used(), pages - 1024);
  for (std::uint32_t i = 0; i < pages; ++i) ASSERT_EQ(fixture.read(plus(start, i)), 7 * i + 1) << i;
  EXPECT_GT(fixture.io.counts().swapped_in, 0U);
  EXPECT_EQ(audit(), "");
}

TEST_F(Reclaiming, APageThatIsWrittenAgainAfterItCameBackIsSwappedAsItIsThen) {
  constexpr std::uint32_t pages = 2000;
  const Address start = map(pages);
  for (const std::uint32_t round : {1U, 2U, 3U}) {
    for (std::uint32_t i = 0; i < pages; ++i)
      ASSERT_EQ(fixture.write(plus(start, i), i * round), std::nullopt);
  }
  for (std::uint32_t i = 0; i < pages; ++i) ASSERT_EQ(fixture.read(plus(start, i)), i * 3);
  EXPECT_EQ(audit(), "");
}

TEST_F(Reclaiming, FreesThirtyTwoPagesAtATime) {
  const Address start = map(900);
  for (std::uint32_t i = 0; i < 900; ++i) ASSERT_EQ(fixture.write(plus(start, i), i), std::nullopt);
  Reclaim::Next next = fixture.reclaim();
  for (int tries = 0; next == Reclaim::Next::failed && tries < 10; ++tries) next = fixture.reclaim();
  fixture.wait();
  const std::uint32_t before = fixture.pages().pages.free_pages();
  ASSERT_EQ(fixture.reclaim(), Reclaim::Next::freed);
  EXPECT_EQ(fixture.pages().pages.free_pages(), before + 32);
}

TEST_F(Reclaiming, WhatWasUsedSinceTheLastLookStays) {
  const Address start = map(64);
  for (std::uint32_t i = 0; i < 64; ++i) ASSERT_EQ(fixture.write(plus(start, i), i), std::nullopt);
  PageTables::SwapOut sweep{.wanted = 32, .end_of_zone = UINT32_MAX};
  EXPECT_FALSE(space->swap_out(sweep)) << "all had been used";
  EXPECT_EQ(sweep.taken, 0U);
  for (std::uint32_t i = 0; i < 64; ++i)
    fixture.pages().pages.lists().move(
        fixture.base.paging->page(space->tables().entry(plus(start, i)).frame()), Page::List::inactive);
  EXPECT_TRUE(space->swap_out(sweep));
  EXPECT_EQ(sweep.taken, 32U);
  EXPECT_TRUE(is_swapped(space->tables().entry(start))) << "in the order of addresses";
  EXPECT_TRUE(is_resident(space->tables().entry(plus(start, 40))));
  EXPECT_EQ(fixture.io.counts().swapped_out, 0U) << "what writes is the scan of the inactive list, later";
  EXPECT_EQ(audit(), "");
}

TEST_F(Reclaiming, AnActivePageThatWasReferencedHasASecondChance) {
  constexpr std::uint32_t pages = 320;
  const Address start = map(pages);
  for (std::uint32_t i = 0; i < pages; ++i) ASSERT_EQ(fixture.write(plus(start, i), i), std::nullopt);
  PageTables::SwapOut sweep{.wanted = 1, .end_of_zone = UINT32_MAX};
  EXPECT_FALSE(space->swap_out(sweep)) << "which takes the entries' accessed bits away";
  const auto page = [&](std::uint32_t i) {
    return fixture.base.paging->page(space->tables().entry(plus(start, i)).frame());
  };
  PageAllocator& allocator = fixture.pages().pages;
  std::vector<PageNumber> referenced, others;
  for (std::uint32_t i = 0; i < pages; ++i) {
    allocator.lists().move(page(i), Page::List::active);
    allocator[page(i)].referenced = i % 2 == 0;
    (i % 2 == 0 ? referenced : others).push_back(page(i));
  }
  Reclaim run(fixture.pages(), fixture.io, 0);
  (void)run.step(fixture.calendar.now());
  for (const PageNumber number : referenced) {
    EXPECT_EQ(allocator[number].list, Page::List::active);
    EXPECT_FALSE(allocator[number].referenced) << "it was the only one";
  }
  for (const PageNumber number : others) EXPECT_EQ(allocator[number].list, Page::List::inactive);
  EXPECT_EQ(audit(), "");
}

TEST_F(Reclaiming, APageSharedAfterAForkHasOneSlotAndBothFindItAgain) {
  const Address start = map(40);
  for (std::uint32_t i = 0; i < 40; ++i) ASSERT_EQ(fixture.write(plus(start, i), 100 + i), std::nullopt);
  const auto child = space->fork();
  const Address filler = map(2000);
  for (std::uint32_t i = 0; i < 2000; ++i) ASSERT_EQ(fixture.write(plus(filler, i), 1), std::nullopt);
  EXPECT_EQ(fixture.audit({space.get(), child.get()}), "");
  fixture.load(*child);
  for (std::uint32_t i = 0; i < 40; ++i) {
    EXPECT_EQ(fixture.read(plus(start, i)), 100 + i);
    ASSERT_EQ(fixture.write(plus(start, i), 200 + i), std::nullopt);
  }
  fixture.load(*space);
  for (std::uint32_t i = 0; i < 40; ++i) EXPECT_EQ(fixture.read(plus(start, i)), 100 + i);
  EXPECT_EQ(fixture.audit({space.get(), child.get()}), "");
}

TEST_F(Reclaiming, UnmappingGivesSlotsBack) {
  const Address start = map(2500);
  for (std::uint32_t i = 0; i < 2500; ++i) ASSERT_EQ(fixture.write(plus(start, i), i), std::nullopt);
  EXPECT_TRUE(space->unmap(start, 2500 * page_size));
  fixture.wait();
  for (int i = 0; i < 20; ++i) (void)fixture.reclaim();
  EXPECT_EQ(fixture.pages().swap->slots.used(), 0U);
  EXPECT_EQ(audit(), "");
}

TEST(ReclaimWithoutSwap, FailsWhenThereIsNothingButAnonymousMemory) {
  SwappingFixture fixture(512, 1);
  const auto space = AddressSpace::create(fixture.pages());
  fixture.load(*space);
  const Address start = *space->map({.length = 1000 * page_size, .flags = writable_data, .no_reserve = true});
  std::optional<FaultResult::Outcome> outcome;
  for (std::uint32_t i = 0; i < 1000 && !outcome; ++i) outcome = fixture.write(plus(start, i), i);
  EXPECT_EQ(outcome, FaultResult::Outcome::no_memory);
  EXPECT_EQ(fixture.audit({space.get()}), "");
}

/// Whatever processes do under little memory, each reads what it wrote, and every page and slot is accounted
/// for.
TEST(ReclaimProperties, NothingIsLostOrDoubled) {
  EXPECT_TRUE(rc::check([] {
    SwappingFixture fixture(256, 2048);
    struct Process {
      std::unique_ptr<AddressSpace> space;
      std::map<std::uint32_t, std::uint32_t> values;
    };
    constexpr std::uint32_t pages = 200;
    std::vector<Process> processes;
    Address start{};
    const auto all = [&] {
      std::vector<const AddressSpace*> spaces;
      for (const Process& process : processes) spaces.push_back(process.space.get());
      return spaces;
    };
    const auto steps = *rc::gen::container<std::vector<std::tuple<std::uint8_t, std::uint8_t, std::uint8_t>>>(
        rc::gen::tuple(rc::gen::inRange<std::uint8_t>(0, 12), rc::gen::inRange<std::uint8_t>(0, pages),
                       rc::gen::inRange<std::uint8_t>(0, 8)));
    processes.push_back({AddressSpace::create(fixture.pages()), {}});
    start =
        *processes[0].space->map({.length = pages * page_size, .flags = writable_data, .no_reserve = true});
    std::uint32_t serial = 1;
    for (const auto& [kind, page, who] : steps) {
      const std::size_t index = who % processes.size();
      Process& process = processes[index];
      fixture.load(*process.space);
      if (kind < 6) {
        for (std::uint32_t i = page; i < std::min<std::uint32_t>(page + 40, pages); ++i) {
          RC_ASSERT(fixture.write(plus(start, i), ++serial) == std::nullopt);
          process.values[i] = serial;
        }
      } else if (kind < 9) {
        for (std::uint32_t i = page; i < std::min<std::uint32_t>(page + 30, pages); ++i) {
          RC_ASSERT(fixture.read(plus(start, i)) == (process.values.contains(i) ? process.values[i] : 0U));
        }
      } else if (kind == 9 && processes.size() < 4) {
        RC_ASSERT(fixture.make_room(8));
        auto child = process.space->fork();
        RC_ASSERT(child != nullptr);
        processes.push_back({std::move(child), process.values});
      } else if (kind == 10 && processes.size() > 1) {
        processes.erase(processes.begin() + static_cast<std::ptrdiff_t>(index));
      } else {
        (void)fixture.reclaim();
      }
      RC_ASSERT(fixture.audit(all()) == "");
    }
    fixture.wait();
    RC_ASSERT(fixture.audit(all()) == "");
  }));
}

}  // namespace
}  // namespace xensim
