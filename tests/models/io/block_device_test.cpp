/// Queue, driver and drive together, on the calendar.
#include "models/io/block_device.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <set>

#include "core/random.hpp"
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

TEST(BlockDevices, PlugAnEmptyQueueAlsoWhileTheDriveHasAllCommandsThatItTakes) {
  Bench bench;
  std::uint64_t sector = 0;
  const std::uint32_t tags = bench.device.disk().parameters().tags;
  for (std::uint32_t given = 0; given < tags; ++given) {
    ASSERT_TRUE(bench.read(sector += 100'000));
    bench.device.unplug(bench.calendar.now());
  }
  (void)bench.device.take_dispatched();
  ASSERT_TRUE(bench.read(8));
  bench.calendar.dispatch();
  bench.collect();
  EXPECT_EQ(bench.device.take_dispatched(), 0U) << "nobody who waits has let it go";
  bench.device.unplug(bench.calendar.now());
  EXPECT_EQ(bench.device.take_dispatched(), 1U);
}

TEST(BlockDevices, NoCommandBeginsBeforeItWasGivenWhenItsProcessorIsAheadOfTheCalendar) {
  Bench bench;
  std::vector<std::pair<Time, Time>> given_and_began;
  bench.device.observe([&](const DiskRequest& request, Time began) {
    given_and_began.emplace_back(request.buffers.front().at, began);
  });
  for (int i = 0; i < 20; ++i) {
    const Time ahead = bench.calendar.now() + i * 1ms;
    const auto sector = static_cast<std::uint64_t>(i) * 1'000'000;
    ASSERT_TRUE(bench.device.submit({.sector = sector, .sectors = 8, .write = true}, ahead));
    // Another processor, which is not as far, lets the queue go.
    bench.device.unplug(i % 2 == 0 ? ahead : bench.calendar.now());
    EXPECT_EQ(bench.device.audit(), "");
  }
  bench.finish();
  ASSERT_EQ(given_and_began.size(), 20U);
  for (const auto& [given, began] : given_and_began) EXPECT_GE(began, given);
}

/// A drive whose cache is full, with so many writes that wait for room in it.
struct FullCache : Bench {
  explicit FullCache(int writes) {
    const DiskParameters& p = device.disk().parameters();
    while (device.disk().has_room({0, 8, true})) {
      write();
      if (device.outstanding() > 8) step();
    }
    while (device.outstanding() < static_cast<std::uint64_t>(writes)) write();
    EXPECT_GT(device.disk().unwritten_sectors() + 8, p.write_buffer_sectors);
  }
  void write() {
    EXPECT_TRUE(read(random.below(2'000'000) * 8, true));
    device.unplug(calendar.now());
  }
  /// One command is complete. How many buffers that were.
  std::size_t step() {
    const std::size_t before = done.size();
    calendar.dispatch();
    collect();
    return done.size() - before;
  }
  RandomStream random{1, "sectors"};
};

TEST(BlockDevicesWithAFullCache, AReadWaitsForNoWriteThatCameLater) {
  constexpr int waiting = 16;
  FullCache bench(waiting);
  constexpr std::uint64_t sought = 200'000'000;
  ASSERT_TRUE(bench.read(sought));
  bench.device.unplug(bench.calendar.now());
  std::size_t before = 0;
  for (; bench.done.back() != sought && before < 1000; before += bench.step()) bench.write();
  EXPECT_LE(before, waiting + 4U)
      << "those that were there, itself, and a few for which there was room again";
}

TEST(BlockDevicesWithAFullCache, AWriteWaitsForNoReadThatCameLater) {
  constexpr int waiting = 4;
  FullCache bench(waiting);
  std::size_t reads = 0, before = 0;
  const auto ask = [&] {
    ASSERT_TRUE(bench.read(200'000'000 + 8 * bench.random.below(1'000'000)));
    bench.device.unplug(bench.calendar.now());
    ++reads;
  };
  for (int i = 0; i < 4; ++i) ask();
  const std::size_t written = bench.device.counts().commands[1];
  std::size_t finished_writes = 0;
  for (; finished_writes < waiting && before < 1000; ++before) {
    (void)bench.step();
    finished_writes += bench.done.back() < 200'000'000 ? 1U : 0U;
    ask();
  }
  EXPECT_EQ(bench.device.counts().commands[1], written);
  EXPECT_LE(before, waiting + 1U);
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
