/// The guest's driver with the monitor's service behind it, and a disk that finishes what a test tells it to.
#include "models/io/block/block_front.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <set>

#include "tests/models/io/block/block_bench.hpp"

namespace xensim {
namespace {

/// A guest whose buffers are its pages from 10 on.
struct Guest {
  Guest()
      : front(bench.service.page(guest.domain.id), test::hda1, 1'001'000,
              {.machine_address = [this](std::uint32_t page) -> Address {
                 return {guest.image.pages[page].value * page_size};
               },
               .notify =
                   [this] {
                     ++hypercalls;
                     bench.signal(guest);
                     bench.run();
                   }}) {}

  bool submit(std::uint64_t sector, bool write = false) {
    const auto page = static_cast<std::uint32_t>(10 + sector / 8 % 40);
    return front.submit({.sector = sector, .sectors = 8, .write = write, .tag = sector, .page = page}, now);
  }
  /// The disk finishes everything, also what that leads to.
  std::vector<std::uint64_t> finish(bool succeeded = true) {
    std::vector<std::uint64_t> done;
    while (front.unanswered() > 0) {
      bench.finish(bench.at_disk.size(), succeeded);
      bench.run();
      now += 1ms;
      for (const FinishedIo& finished : front.take_completed(now)) {
        failed += finished.failed ? finished.tags.size() : 0;
        done.insert(done.end(), finished.tags.begin(), finished.tags.end());
      }
    }
    return done;
  }
  std::string audit() {
    const std::string found = front.audit();
    return found.empty() ? bench.audit() : found;
  }

  test::BlockBench bench;
  test::BlockBench::Guest guest = bench.add();
  BlockFront front;
  Time now{};
  int hypercalls = 0;
  std::size_t failed = 0;
};

TEST(BlockFront, NonsenseIsRefusedRequestByRequestAndReachesNoDisk) {
  Guest guest;
  const std::uint32_t made = guest.front.put_nonsense(guest.now);
  EXPECT_EQ(made, BlockIndices::capacity);
  EXPECT_EQ(guest.hypercalls, 1);
  EXPECT_TRUE(guest.bench.at_disk.empty());
  EXPECT_EQ(guest.bench.service.work[BlockStep::refused], made);
  EXPECT_EQ(guest.audit(), "");
  EXPECT_TRUE(guest.front.take_completed(guest.now).empty());
  EXPECT_EQ(guest.front.unanswered(), 0U);
  EXPECT_EQ(guest.audit(), "");
}

TEST(BlockFront, TheTimeInWhichNonsenseIsUnansweredCountsAsBusy) {
  Guest guest;
  (void)guest.front.put_nonsense(guest.now);
  guest.now += 3ms;
  (void)guest.front.take_completed(guest.now);
  EXPECT_EQ(guest.front.counts().busy, 3ms);
}

TEST(BlockFront, RequestsThatMakeSenseAreServedAmongNonsense) {
  Guest guest;
  EXPECT_TRUE(guest.submit(80));
  guest.front.unplug(guest.now);
  (void)guest.front.put_nonsense(guest.now);
  EXPECT_EQ(guest.finish(), std::vector<std::uint64_t>{80});
  EXPECT_EQ(guest.audit(), "");
}

TEST(BlockFront, TwoHundredPagesInARowAreSeventeenRequestsAndOneHypercall) {
  Guest guest;
  for (std::uint64_t i = 0; i < 200; ++i) ASSERT_TRUE(guest.submit(1000 + 8 * i, true));
  EXPECT_EQ(guest.hypercalls, 0) << "plugged";
  guest.front.unplug(guest.now);
  EXPECT_EQ(guest.hypercalls, 1);
  // The block layer's requests of up to 255 sectors go on in one another.
  EXPECT_EQ(guest.front.take_dispatched(), 17U);
  EXPECT_EQ(guest.bench.service.work[BlockStep::service_run], 1U);
  EXPECT_EQ(guest.bench.at_disk.size(), 200U);
  EXPECT_EQ(guest.finish().size(), 200U);
  EXPECT_EQ(guest.bench.service.work[BlockStep::event], 17U) << "one for each response";
  EXPECT_EQ(guest.audit(), "");
}

TEST(BlockFront, AFullRingStopsTheQueueUntilFewerThan32RequestsAreUnanswered) {
  Guest guest;
  std::uint64_t sector = 0;
  for (int i = 0; i < 63; ++i) {
    ASSERT_TRUE(guest.submit(sector += 100)) << i;
    guest.front.unplug(guest.now);
  }
  EXPECT_EQ(guest.front.unanswered(), 63U);
  for (int i = 0; i < 64; ++i) ASSERT_TRUE(guest.submit(sector += 100)) << i;
  EXPECT_FALSE(guest.submit(sector + 100)) << "64 requests are all that the block layer has to read";
  guest.front.unplug(guest.now);
  EXPECT_EQ(guest.front.unanswered(), 63U);
  EXPECT_EQ(guest.front.free_requests(false), 0U) << "what the driver looks at is not in the ring yet";
  const auto answer = [&](std::size_t count) {
    guest.bench.finish(count);
    return guest.front.take_completed(guest.now).size();
  };
  EXPECT_EQ(answer(31), 31U);
  EXPECT_EQ(guest.front.unanswered(), 32U) << "still stopped";
  EXPECT_EQ(answer(1), 1U);
  EXPECT_EQ(guest.front.unanswered(), 63U);
  EXPECT_EQ(guest.finish().size(), 63U + 64U - 32U);
  EXPECT_EQ(guest.front.outstanding(), 0U);
  EXPECT_EQ(guest.audit(), "");
}

TEST(BlockFront, ADeviceThatShrinksUnderRequestsFailsThoseThatTheMonitorSeesLater) {
  Guest guest;
  ASSERT_TRUE(guest.submit(2000, true));
  guest.front.unplug(guest.now);
  EXPECT_EQ(guest.bench.at_disk.size(), 1U) << "on its way";
  guest.bench.vbds.shrink(guest.bench.memory.domain0, guest.guest.domain.id, test::hda1);
  ASSERT_TRUE(guest.submit(4000, true));
  guest.front.unplug(guest.now);
  EXPECT_EQ(guest.bench.service.work[BlockStep::refused], 1U);
  EXPECT_EQ(guest.finish().size(), 2U);
  EXPECT_EQ(guest.failed, 1U);
  EXPECT_EQ(guest.front.counts().failures, 1U);
  EXPECT_EQ(guest.audit(), "");
}

TEST(BlockFront, WhatTheDiskCannotReadComesBackAsFailed) {
  Guest guest;
  for (const std::uint64_t sector : {80U, 88U, 800U}) ASSERT_TRUE(guest.submit(sector));
  guest.front.unplug(guest.now);
  EXPECT_EQ(guest.finish(false).size(), 3U);
  EXPECT_EQ(guest.failed, 3U);
  EXPECT_EQ(guest.audit(), "");
}

TEST(BlockFront, IgnoresAResponseToARequestThatItNeverMade) {
  Guest guest;
  BlockPage& page = guest.bench.service.page(guest.guest.domain.id);
  ASSERT_TRUE(guest.submit(80));
  guest.front.unplug(guest.now);
  page.store(page.response_producer, BlockResponse{.id = 62});
  page.response_producer = 1;
  EXPECT_TRUE(guest.front.take_completed(guest.now).empty());
  EXPECT_EQ(guest.front.outstanding(), 1U);
}

TEST(BlockFrontProperties, EveryBufferComesBackOnceAndNothingStaysPinned) {
  EXPECT_TRUE(rc::check([] {
    Guest guest;
    const auto steps = *rc::gen::container<std::vector<std::pair<std::uint16_t, std::uint8_t>>>(
        rc::gen::pair(rc::gen::inRange<std::uint16_t>(0, 2000), rc::gen::inRange<std::uint8_t>(0, 12)));
    std::multiset<std::uint64_t> waiting;
    const auto take = [&](const std::vector<std::uint64_t>& tags) {
      for (const std::uint64_t tag : tags) {
        RC_ASSERT(waiting.contains(tag));
        waiting.erase(waiting.find(tag));
      }
    };
    for (const auto& [where, action] : steps) {
      const std::uint64_t sector = std::uint64_t{where} * 8;
      if (guest.submit(sector, action % 2 == 0)) waiting.insert(sector);
      if (action == 3) guest.front.unplug(guest.now);
      if (action == 5 && !guest.bench.at_disk.empty()) {
        guest.bench.finish(1 + where % guest.bench.at_disk.size());
        guest.bench.run();
        for (const FinishedIo& finished : guest.front.take_completed(guest.now)) take(finished.tags);
      }
      RC_ASSERT(guest.front.audit().empty());
    }
    guest.front.unplug(guest.now);
    take(guest.finish());
    RC_ASSERT(waiting.empty());
    RC_ASSERT(guest.front.outstanding() == 0U);
    RC_ASSERT(guest.audit().empty());
    RC_ASSERT(guest.bench.service.held().empty());
  }));
}

}  // namespace
}  // namespace xensim
