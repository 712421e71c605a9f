/// The request queue of Linux 2.4: merging, sweeps, and who may pass whom.
#include "models/io/elevator.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>

namespace xensim {
namespace {

using enum Elevator::Added;
using testing::ElementsAre;

BlockIo page(std::uint64_t sector, bool write = false) {
  return {.sector = sector, .sectors = 8, .write = write, .tag = sector};
}
std::vector<std::uint64_t> order(const Elevator& elevator) {
  std::vector<std::uint64_t> sectors;
  for (const DiskRequest& request : elevator.queue()) sectors.push_back(request.sector);
  return sectors;
}

std::vector<std::uint64_t> tags_of(const DiskRequest& request) {
  std::vector<std::uint64_t> tags;
  for (const BlockIo& buffer : request.buffers) tags.push_back(buffer.tag);
  return tags;
}

TEST(ElevatorMerge, JoinsAdjacentBuffersOfOneDirectionIntoOneRequest) {
  Elevator elevator;
  EXPECT_EQ(elevator.add(page(80)), inserted);
  EXPECT_EQ(elevator.add(page(88)), merged);
  EXPECT_EQ(elevator.add(page(72)), merged);
  EXPECT_EQ(elevator.add(page(96, true)), inserted) << "another direction";
  const DiskRequest request = elevator.take();
  EXPECT_EQ(request.sector, 72U);
  EXPECT_EQ(request.sectors, 24U);
  EXPECT_THAT(tags_of(request), ElementsAre(72, 80, 88));
}

TEST(ElevatorMerge, JoinsTwoRequestsWhenTheGapBetweenThemIsFilled) {
  Elevator elevator;
  for (const std::uint64_t sector : {800U, 80U, 96U}) EXPECT_EQ(elevator.add(page(sector)), inserted);
  EXPECT_EQ(elevator.size(), 3U);
  EXPECT_EQ(elevator.add(page(88)), merged);
  EXPECT_EQ(elevator.size(), 2U);
  EXPECT_EQ(elevator.audit(), "");
}

TEST(ElevatorMerge, StopsAt128BuffersOf4KilobytesInARequest) {
  Elevator elevator;
  for (std::uint64_t i = 0; i < 129; ++i) EXPECT_NE(elevator.add(page(i * 8)), full);
  EXPECT_EQ(elevator.size(), 2U);
  EXPECT_EQ(elevator.take().sectors, 1024U);
}

TEST(ElevatorMerge, NeverCrossesPartitions) {
  Elevator elevator;
  (void)elevator.add(page(80));
  BlockIo other = page(88);
  other.partition = 1;
  EXPECT_EQ(elevator.add(other), inserted);
}

TEST(ElevatorOrder, IsASweepThatBeginsAnewAtItsEnd) {
  Elevator elevator;
  for (const std::uint64_t sector : {500U, 100U, 900U, 300U, 700U}) (void)elevator.add(page(sector));
  EXPECT_THAT(order(elevator), ElementsAre(500, 700, 900, 100, 300));
}

TEST(ElevatorOrder, FirstComeFirstServedWithoutTheElevator) {
  Elevator elevator(ElevatorKind::none);
  for (const std::uint64_t sector : {500U, 100U, 900U, 300U}) (void)elevator.add(page(sector));
  EXPECT_THAT(order(elevator), ElementsAre(500, 100, 900, 300));
}

TEST(ElevatorLatency, AReadIsPassedByAtMost128InsertedRequests) {
  Elevator elevator;
  (void)elevator.add(page(1'000'000));
  (void)elevator.add(page(10));
  int passed = 0;
  for (std::uint64_t sector = 2'000'000; sector < 2'400'000; sector += 1000) {
    (void)elevator.add(page(sector, true));
    while (elevator.size() > 8) {
      if (elevator.queue().front().sector == 10) break;
      elevator.release(elevator.take().write);
    }
    if (elevator.queue().front().sector == 10) break;
    ++passed;
  }
  EXPECT_LE(passed, 128 + 8) << "128, and what was before it when it could be passed no more";
  EXPECT_GT(passed, 100);
}

TEST(ElevatorLatency, OfEarlierReleasesCountsWhatASearchLooksAtAndTheSectorsOfMerges) {
  Elevator elevator(ElevatorKind::early_linus);
  const auto passes = [&] {
    std::vector<std::int64_t> all;
    for (const DiskRequest& request : elevator.queue()) all.push_back(request.passes);
    return all;
  };
  for (const std::uint64_t sector : {10U, 1000U, 2000U}) (void)elevator.add(page(sector));
  EXPECT_THAT(passes(), ElementsAre(8190, 8191, 8192));
  EXPECT_EQ(elevator.add(page(992)), merged);
  EXPECT_THAT(passes(), ElementsAre(8190, 8191 - 1 - 8, 8192 - 1 - 8))
      << "found before the first was looked at";
  EXPECT_EQ(elevator.add(page(3000, true)), inserted);
  EXPECT_EQ(passes().back(), 16384);
}

TEST(ElevatorRequests, RunOutAt64OfADirectionWhileMergesGoOn) {
  Elevator elevator;
  for (std::uint64_t i = 0; i < 64; ++i) EXPECT_EQ(elevator.add(page(1000 * i, true)), inserted);
  EXPECT_EQ(elevator.add(page(70'000, true)), full);
  EXPECT_EQ(elevator.add(page(63'008, true)), merged);
  EXPECT_EQ(elevator.add(page(70'000, false)), inserted) << "reads have requests of their own";
}

TEST(ElevatorRequests, AreFreeAgainWhenTheDriverHasDoneWithThem) {
  Elevator elevator;
  for (std::uint64_t i = 0; i < 64; ++i) (void)elevator.add(page(1000 * i, true));
  (void)elevator.take();
  EXPECT_EQ(elevator.free_requests(true), 0U);
  EXPECT_EQ(elevator.audit(), "");
  elevator.release(true);
  EXPECT_EQ(elevator.free_requests(true), 1U);
  EXPECT_EQ(elevator.audit(), "");
}

TEST(ElevatorProperties, LoseAndDoubleNothingAndMergeOnlyWhatIsAdjacent) {
  EXPECT_TRUE(rc::check([] {
    Elevator elevator(*rc::gen::element(ElevatorKind::linus, ElevatorKind::early_linus, ElevatorKind::none));
    const auto steps = *rc::gen::container<std::vector<std::pair<std::uint16_t, bool>>>(
        rc::gen::pair(rc::gen::inRange<std::uint16_t>(0, 300), rc::gen::arbitrary<bool>()));
    std::multiset<std::uint64_t> waiting;
    const auto take = [&] {
      const DiskRequest request = elevator.take();
      elevator.release(request.write);
      RC_ASSERT(request.sectors == request.buffers.size() * 8);
      std::uint64_t sector = request.sector;
      for (const std::uint64_t tag : tags_of(request)) {
        RC_ASSERT(tag == sector);
        sector += 8;
        waiting.erase(waiting.find(tag));
      }
    };
    for (const auto& [where, write] : steps) {
      if (elevator.add(page(std::uint64_t{where} * 8, write)) != full)
        waiting.insert(std::uint64_t{where} * 8);
      RC_ASSERT(elevator.audit().empty());
      if (where % 5 == 0 && !elevator.empty()) take();
    }
    while (!elevator.empty()) take();
    RC_ASSERT(waiting.empty());
  }));
}

}  // namespace
}  // namespace xensim
