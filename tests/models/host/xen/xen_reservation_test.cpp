/// Frames that a guest gives back to the monitor and takes again, whatever else its page tables do.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "tests/models/host/xen/xen_memory_fixture.hpp"

namespace xensim {
namespace {

constexpr std::uint32_t pages = 1024;

/// So many pages of the guest's allocator.
std::vector<PageNumber> allocate(XenGuest& guest, std::uint32_t count) {
  std::vector<PageNumber> taken;
  while (taken.size() < count) taken.push_back(guest.guest.pages.allocate().value());
  return taken;
}

TEST(XenReservation, FramesGivenBackAreFreeForOthers) {
  MonitoredMemory host;
  XenGuest guest(host, 1, pages);
  const std::uint32_t free = host.machine.frames.free().count;
  const std::vector<PageNumber> balloon = allocate(guest, 100);
  guest.paging.give_back(balloon);
  EXPECT_EQ(host.machine.frames.free().count, free + 100);
  EXPECT_EQ(guest.paging.reserved(), pages - 100);
  EXPECT_EQ(guest.paging.most_reserved(), pages);
  for (const PageNumber page : balloon) EXPECT_FALSE(guest.paging.frame(page).valid());
  EXPECT_EQ(host.audit(), "");
  EXPECT_EQ(host.mmu.audit(guest.domain.base, guest.memory), "") << "no translation of them is left";
}

TEST(XenReservation, GivingBackIsABatchOfRequestsAndAnotherHypercall) {
  MonitoredMemory host;
  XenGuest guest(host, 1, pages);
  const std::vector<PageNumber> balloon = allocate(guest, 100);
  (void)guest.paging.commit();
  const SinceXen since(guest);
  guest.paging.give_back(balloon);
  EXPECT_EQ(since.hypercalls(), 2U);
  EXPECT_EQ(since.requests(), 101U) << "an entry each, and a flush";
  EXPECT_EQ(since.did(MemoryStep::frame_freed), 100U);
  EXPECT_EQ(since.did(MemoryStep::balloon_flush), 1U) << "for all of them, as they were writable";
}

TEST(XenReservation, FramesTakenAgainAreZeroMappedAndKnownToTheMonitor) {
  MonitoredMemory host;
  XenGuest guest(host, 1, pages), other(host, 2, pages);
  guest.run();
  const std::vector<PageNumber> balloon = allocate(guest, 10);
  for (const PageNumber page : balloon) guest.memory.store(guest.paging.frame(page), 5, 42);
  guest.paging.give_back(balloon);
  ASSERT_TRUE(guest.paging.take_again(balloon));
  for (const PageNumber page : balloon) {
    const FrameNumber frame = guest.paging.frame(page);
    ASSERT_TRUE(frame.valid());
    EXPECT_EQ(guest.paging.page(frame), page) << "machine to physical";
    EXPECT_EQ(guest.memory.load(frame, 5), 0U);
    EXPECT_EQ(host.machine.frames[frame].typed, 1U) << "mapped writable";
  }
  EXPECT_EQ(host.audit(), "");
}

TEST(XenReservation, NobodyGrowsBeyondWhatItHadFromTheBeginning) {
  MonitoredMemory host;
  XenGuest guest(host, 1, pages);
  const std::vector<PageNumber> some = allocate(guest, 3);
  EXPECT_FALSE(guest.paging.take_again(some));
  EXPECT_EQ(guest.paging.reserved(), pages);
  EXPECT_EQ(host.audit(), "");
}

TEST(XenReservation, WhatAnotherHasTakenMeanwhileIsNotToBeHad) {
  MonitoredMemory host(xen_1_0_memory, 16 + 2 * pages);
  XenGuest guest(host, 1, pages);
  const std::vector<PageNumber> balloon = allocate(guest, 200);
  guest.paging.give_back(balloon);
  XenGuest other(host, 2, pages + 100);
  guest.run();
  EXPECT_FALSE(guest.paging.take_again(balloon)) << "100 are free: none is given";
  EXPECT_EQ(guest.paging.reserved(), pages - 200);
  EXPECT_TRUE(guest.paging.take_again(std::span(balloon).first(100)));
  EXPECT_EQ(host.audit(), "");
}

TEST(XenReservationProperty, FramesAreConservedAndTheBooksStayRight) {
  EXPECT_TRUE(rc::check([](const std::vector<std::uint16_t>& sizes) {
    MonitoredMemory host(xen_1_0_memory, 4096);
    const std::uint32_t all = host.machine.frames.free().count;
    {
      XenGuest guest(host, 1, pages);
      auto space = AddressSpace::create(guest.guest);
      guest.load(*space);
      const Address memory{0x40000000};
      RC_ASSERT(space->map({.length = 64 * page_size,
                            .flags = AreaFlags::read | AreaFlags::write,
                            .address = memory,
                            .fixed = true}));
      std::vector<PageNumber> balloon;
      std::uint32_t step = 0;
      for (const std::uint16_t size : sizes) {
        const std::size_t wanted = size % 600;
        if (wanted > balloon.size()) {
          const std::vector<PageNumber> more =
              allocate(guest, static_cast<std::uint32_t>(wanted - balloon.size()));
          guest.paging.give_back(more);
          balloon.insert(balloon.end(), more.begin(), more.end());
        } else {
          const auto returning = std::span(balloon).subspan(wanted);
          RC_ASSERT(guest.paging.take_again(returning));
          for (const PageNumber page : returning) (void)guest.guest.pages.put(page);
          balloon.resize(wanted);
        }
        // The program goes on, and its tables change with it.
        const Address page{memory.value + ++step % 64 * page_size};
        RC_ASSERT(guest.write(page, step) == std::nullopt);
        if (size % 7 == 0) RC_ASSERT(space->unmap(page, page_size));
        if (size % 7 == 0) break;
        std::uint32_t value = 0;
        RC_ASSERT(guest.read(page, value) == std::nullopt);
        RC_ASSERT(value == step);
        RC_ASSERT(host.machine.frames.free().count + guest.domain.frames.count == all);
        RC_ASSERT(guest.domain.total_pages == guest.domain.frames.count);
        RC_ASSERT(host.audit() == "");
        RC_ASSERT(host.mmu.audit(guest.domain.base, guest.memory) == "");
      }
      guest.paging.load({}, 0);
    }
    RC_ASSERT(host.machine.frames.free().count == all);
    RC_ASSERT(host.audit() == "");
  }));
}

}  // namespace
}  // namespace xensim
