/// The drive against its data sheet, and what its cache may and may not do.
#include "models/io/disk.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "core/random.hpp"
#include "tests/models/io/testbed_disk.hpp"

namespace xensim {
namespace {

using testing::AllOf;
using testing::Ge;
using testing::Le;

std::uint64_t somewhere(RandomStream& random, std::uint64_t sectors) {
  return static_cast<std::uint64_t>(
      random.between(Time{0}, Time{static_cast<std::int64_t>(sectors) - 1}).count());
}

TEST(DiskQueue, PositioningIsWhatServiceTakesUpToTheFirstSector) {
  const DiskParameters p = testbed_disk();
  for (std::uint64_t sector = 1000; sector < p.sectors; sector += p.sectors / 7) {
    Disk disk(p);
    const DiskCommand command{sector, 8, false};
    const Time promised = disk.positioning(command, 5ms);
    EXPECT_EQ(disk.service(command, 5ms), 5ms + promised + disk.transfer(sector, 8)) << sector;
  }
}

TEST(DiskGeometry, HoldsTheCapacityOfTheDataSheet) {
  const DiskParameters p = testbed_disk();
  EXPECT_NEAR(static_cast<double>(p.sectors) * sector_bytes / 1e9, 146.8, 1.5);
}

TEST(DiskGeometry, TurnsOnceInSixMilliseconds) {
  EXPECT_NEAR(milliseconds(testbed_disk().revolution) / 2, 2.99, 0.01) << "average latency";
}

TEST(DiskSeek, AveragesFourPointNineMillisecondsOverRandomCylinders) {
  const DiskParameters p = testbed_disk();
  double weighted = 0, weights = 0;
  for (std::uint32_t distance = 1; distance < p.cylinders; distance += 9) {
    const double weight = p.cylinders - distance;
    weighted += weight * milliseconds(p.seek(0, distance));
    weights += weight;
  }
  EXPECT_NEAR(weighted / weights, 4.9, 0.05);
}

TEST(DiskSeek, OfAWriteAveragesFivePointNine) {
  const DiskParameters p = testbed_disk();
  constexpr std::uint64_t seen = 4096;
  Time written{}, read{};
  for (std::uint64_t i = 0; i < seen; ++i) {
    // Far from where the head is at first, and so that all angles come alike.
    const std::uint64_t sector = p.sectors / 2 + i * (p.sectors / 2 / seen);
    for (const bool write : {false, true}) {
      DiskParameters medium = p;
      medium.write_cache = false;
      (write ? written : read) += Disk(medium).positioning({sector, 8, write}, {});
    }
  }
  EXPECT_NEAR(milliseconds(written - read) / seen, 5.9 - 4.9, 0.1);
}

TEST(DiskSeek, TakesHalfAMillisecondToTheNextTrackAndTenAndAHalfAcross) {
  const DiskParameters p = testbed_disk();
  EXPECT_NEAR(milliseconds(p.seek(100, 101)), 0.5, 0.05);
  EXPECT_NEAR(milliseconds(p.seek(0, p.cylinders - 1)), 10.5, 0.01);
  EXPECT_EQ(p.seek(7, 7), Time{});
}

TEST(DiskSeek, IsSymmetricAndNeverShorterForAGreaterDistance) {
  const DiskParameters p = testbed_disk();
  Time last{};
  for (std::uint32_t distance = 0; distance < p.cylinders; distance += 50) {
    EXPECT_EQ(p.seek(0, distance), p.seek(distance, 0));
    EXPECT_GE(p.seek(0, distance), last);
    last = p.seek(0, distance);
  }
}

TEST(DiskSeek, AnotherTrackOfTheSameCylinderTakesASwitchOfHeads) {
  const DiskParameters p = testbed_disk();
  const std::uint32_t track = p.zones.front().sectors_per_track;
  std::size_t just_missed = 0;
  for (std::uint64_t sector = 0; sector < track; sector += 8) {
    Disk disk(p);
    const Time there = disk.service({0, 8, false}, Time{});
    const DiskCommand other{3 * track + sector, 8, false};
    EXPECT_GE(disk.positioning(other, there), p.overhead_miss + p.head_switch);
    just_missed += disk.positioning(other, there) > p.revolution + p.overhead_miss ? 1U : 0U;
  }
  const auto passing = static_cast<double>(p.head_switch.count()) / static_cast<double>(p.revolution.count());
  EXPECT_NEAR(static_cast<double>(just_missed) * 8 / track, passing, 0.02) << "sectors that pass meanwhile";
}

TEST(DiskTransfer, SustainsTheRateOfEachZone) {
  const Disk disk(testbed_disk());
  const auto rate = [&](std::uint64_t sector) {
    constexpr std::uint64_t sectors = 32768;
    return static_cast<double>(sectors * sector_bytes) / 1e6 / to_seconds(disk.transfer(sector, sectors));
  };
  const DiskParameters& p = disk.parameters();
  EXPECT_NEAR(rate(0), 66, 1);
  EXPECT_NEAR(rate(p.sectors - 32768), 33, 1);
  double last = 67;
  for (const DiskZone& zone : p.zones) {
    EXPECT_LT(rate(zone.first_sector), last);
    last = rate(zone.first_sector);
  }
}

TEST(DiskService, ReadsRandomBlocksIn8Point3MillisecondsEach) {
  const DiskParameters p = testbed_disk();
  Disk disk(p);
  RandomStream random(1, "disk");
  Time now{};
  constexpr int reads = 4096;
  for (int i = 0; i < reads; ++i) now = disk.service({somewhere(random, p.sectors - 8), 8, false}, now);
  EXPECT_NEAR(milliseconds(now) / reads, 8.3, 0.3);
}

TEST(DiskService, WritesRandomBlocksIn9Point1To10MillisecondsEachWithoutItsCache) {
  DiskParameters p = testbed_disk();
  p.write_cache = false;
  Disk disk(p);
  RandomStream random(1, "disk");
  Time now{};
  constexpr int writes = 4096;
  for (int i = 0; i < writes; ++i) now = disk.service({somewhere(random, p.sectors - 8), 8, true}, now);
  EXPECT_THAT(milliseconds(now) / writes, AllOf(Ge(9.1), Le(10.0)));
}

TEST(DiskService, ASequentialReadIsReadAheadAndRunsAtTheMediaRate) {
  Disk disk(testbed_disk());
  Time now{};
  constexpr std::uint64_t commands = 256, sectors = 256;
  for (std::uint64_t i = 0; i < commands; ++i) now = disk.service({i * sectors, sectors, false}, now);
  const double rate = static_cast<double>(commands * sectors * sector_bytes) / 1e6 / to_seconds(now);
  EXPECT_NEAR(rate, 64, 4);
}

TEST(DiskService, AReadOfWhatWasReadAheadNeedsOnlyTheBus) {
  Disk disk(testbed_disk());
  const Time first = disk.service({1000, 8, false}, Time{});
  const Time later = first + 100ms;
  EXPECT_LT(disk.service({1008, 8, false}, later) - later, 100us);
  EXPECT_GT(disk.service({1008 + 2048, 8, false}, later + 1s) - later - 1s, 1ms) << "beyond the segment";
}

TEST(DiskWriteCache, AcknowledgesAtOnceUntilItIsFullAndThenAtTheRateOfTheMedium) {
  const DiskParameters p = testbed_disk();
  Disk disk(p);
  Time now = disk.service({0, 128, true}, Time{});
  EXPECT_LT(milliseconds(now), 1);
  std::uint64_t sector = 128;
  for (int i = 0; i < 1000; ++i, sector += 128) now = disk.service({sector, 128, true}, now);
  const double rate = static_cast<double>(sector * sector_bytes) / 1e6 / to_seconds(now);
  EXPECT_GT(rate, 45);
  EXPECT_LT(rate, 80);
}

TEST(DiskWriteCache, WhatIsWrittenAgainBeforeItReachesTheMediumIsWrittenOnce) {
  Disk disk(testbed_disk());
  Time now{};
  for (int i = 0; i < 4; ++i) now = disk.service({70000, 16, true}, now);
  EXPECT_EQ(disk.unwritten_sectors(), 16U);
}

TEST(DiskWriteCache, BlocksSpreadOverThirtyMegabytesAreWrittenInLessThanAMillisecondEach) {
  // Alone each would wait half a turn, three milliseconds; of the 512 in the cache about seven are on a
  // track.
  const DiskParameters p = testbed_disk();
  Disk disk(p);
  RandomStream random(1, "disk");
  Time now{};
  constexpr int writes = 5000;
  for (int i = 0; i < writes; ++i) now = disk.service({random.below(3750) * 16, 16, true}, now);
  EXPECT_GT(now, writes * disk.transfer(0, 16));
  EXPECT_LT(milliseconds(now), writes * 1.0);
}

TEST(DiskWriteCache, HasRoomAgainWhenTheDriveHasHadTimeToWrite) {
  const DiskParameters p = testbed_disk();
  Disk disk(p);
  Time now{};
  std::uint64_t sector = 0;
  const auto next = [&](std::uint32_t sectors) { return DiskCommand{sector += 100'000, sectors, true}; };
  while (disk.has_room(next(512))) now = disk.service({sector, 512, true}, now);
  EXPECT_GT(disk.unwritten_sectors() + 512, p.write_buffer_sectors);
  EXPECT_TRUE(disk.has_room({sector, 512, false})) << "a read needs none";
  disk.work_until(now + 50ms);
  EXPECT_TRUE(disk.has_room({sector, 512, true}));
}

TEST(DiskWriteCache, FlushWritesEverything) {
  Disk disk(testbed_disk());
  const Time now = disk.service({0, 8, true}, Time{});
  EXPECT_GT(disk.unwritten_sectors(), 0U);
  EXPECT_GT(disk.flush(now), now);
  EXPECT_EQ(disk.unwritten_sectors(), 0U);
}

TEST(DiskWriteCache, AReadOfWhatIsOnlyInTheCacheDoesNotWaitForTheMedium) {
  Disk disk(testbed_disk());
  const Time now = disk.service({5000, 16, true}, Time{});
  EXPECT_LT(milliseconds(disk.service({5000, 16, false}, now) - now), 1);
}

TEST(DiskProperties, CommandsTakeTimeAndTheSameCommandsTheSameTime) {
  EXPECT_TRUE(rc::check([] {
    const auto seed = *rc::gen::arbitrary<std::uint32_t>();
    DiskParameters p = testbed_disk();
    p.write_cache = *rc::gen::arbitrary<bool>();
    Disk disk(p), twin(p);
    RandomStream random(seed, "commands");
    Time now{};
    std::uint64_t near = 0;
    for (int i = 0; i < 100; ++i) {
      if (random.between(Time{0}, Time{2}) == Time{0}) near = somewhere(random, p.sectors - 4096);
      const DiskCommand command{near, 8 + 8 * static_cast<std::uint32_t>(somewhere(random, 8)),
                                random.between(Time{0}, Time{1}) == Time{0}};
      near += command.sectors;
      const Time positioning = disk.positioning(command, now);
      const Time end = disk.service(command, now);
      RC_ASSERT(end > now);
      RC_ASSERT(end == twin.service(command, now));
      RC_ASSERT(positioning < 40ms);  // after a write from the cache that is in progress
      RC_ASSERT(disk.unwritten_sectors() <= p.write_buffer_sectors);
      RC_ASSERT(disk.cylinder() < p.cylinders);
      now = end + random.between(Time{0}, 30ms);
    }
    (void)disk.flush(now);
    RC_ASSERT(disk.unwritten_sectors() == 0U);
  }));
}

}  // namespace
}  // namespace xensim
