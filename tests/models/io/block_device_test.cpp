/// Queue, driver and drive together, on the calendar.
#include "models/io/block_device.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <set>

#include "tests/models/io/testbed_disk.hpp"

namespace xensim {
namespace {

struct Bench {
  explicit Bench(ElevatorKind kind = ElevatorKind::linus)
      : device(calendar, testbed_disk(), kind, [this] { ++interrupts; }) {}
  bool read(std::uint64_t sector, bool write = false) {
    return device.submit({.sector = sector, .sectors = 8, .write = write, .tag = sector}, calendar.now());
  }
  /// Lets everything happen, and takes what is complete after each event.
  void finish() {
    while (calendar.size() > 0) {
      calendar.dispatch();
      collect();
    }
  }
  void collect() {
    for (const FinishedIo& finished : device.take_completed(calendar.now())) {
      for (const std::uint64_t tag : finished.tags) done.push_back(tag);
    }
  }
  Calendar calendar;
  std::vector<std::uint64_t> done;
  int interrupts = 0;
  BlockDevice device;
};

TEST(BlockDevices, KeepWhatIsSubmittedUntilSomebodyWhoWaitsUnplugsThem) {
  Bench bench;
  EXPECT_TRUE(bench.read(80));
  EXPECT_TRUE(bench.read(88));
  EXPECT_EQ(bench.calendar.size(), 0U);
  bench.device.unplug(bench.calendar.now());
  EXPECT_EQ(bench.device.take_dispatched(), 1U) << "merged into one command";
  bench.finish();
  EXPECT_EQ(bench.done, (std::vector<std::uint64_t>{80, 88}));
  EXPECT_EQ(bench.interrupts, 1);
}

TEST(BlockDevices, GiveAWriterThatFoundNoRequestRoomOnlyWhen32AreFree) {
  Bench bench;
  bool accepted = true;
  std::uint64_t sector = 0;
  while (accepted) accepted = bench.read(sector += 100'000, true);
  bench.device.unplug(bench.calendar.now());
  EXPECT_EQ(bench.device.take_dispatched(), bench.device.disk().parameters().tags);
  EXPECT_TRUE(bench.device.has_room(true)) << "32 of 64 went to the drive";
}

TEST(BlockDevices, TheDriveTakesFirstWhatItReachesSoonest) {
  Bench bench;
  const std::vector<std::uint64_t> sectors{200'000'000, 8, 100'000'000, 60'000'000};
  for (const std::uint64_t sector : sectors) (void)bench.read(sector);
  const auto reached = [&](std::uint64_t sector) {
    return bench.device.disk().positioning({sector, 8, false}, bench.calendar.now());
  };
  const std::uint64_t soonest =
      *std::min_element(sectors.begin(), sectors.end(),
                        [&](std::uint64_t a, std::uint64_t b) { return reached(a) < reached(b); });
  bench.device.unplug(bench.calendar.now());
  bench.finish();
  EXPECT_EQ(bench.done.front(), soonest);
  EXPECT_EQ(bench.done.size(), 4U);
}

TEST(BlockDeviceProperties, EveryBufferComesBackOnce) {
  EXPECT_TRUE(rc::check([] {
    Bench bench(*rc::gen::element(ElevatorKind::linus, ElevatorKind::none));
    const auto sectors =
        *rc::gen::container<std::vector<std::uint32_t>>(rc::gen::inRange<std::uint32_t>(0, 20'000));
    std::multiset<std::uint64_t> accepted;
    for (const std::uint32_t sector : sectors) {
      const std::uint64_t at = std::uint64_t{sector} * 64;
      if (bench.read(at, sector % 3 == 0)) accepted.insert(at);
      if (sector % 4 == 0) bench.device.unplug(bench.calendar.now());
      if (sector % 7 == 0 && bench.calendar.size() > 0) {
        bench.calendar.dispatch();
        if (sector % 2 == 0) bench.collect();
      }
      RC_ASSERT(bench.device.audit().empty());
    }
    bench.device.unplug(bench.calendar.now());
    bench.finish();
    bench.collect();
    RC_ASSERT(std::multiset<std::uint64_t>(bench.done.begin(), bench.done.end()) == accepted);
    RC_ASSERT(bench.device.outstanding() == 0U);
  }));
}

}  // namespace
}  // namespace xensim
