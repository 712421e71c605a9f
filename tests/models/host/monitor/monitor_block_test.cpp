/// The monitor's disks alone: what becomes of requests whose domain dies, and of more pieces than the queues
/// of the disks have room for.
#include "models/host/monitor/monitor_block.hpp"

#include <gtest/gtest.h>

#include "models/memory/balloon.hpp"
#include "tests/models/testbed.hpp"

namespace xensim {
namespace {

class MonitorDisks : public testing::Test {
 protected:
  struct Guest {
    MemoryDomain domain;
    KernelLayout layout;
    std::vector<FrameNumber> frames{};
    std::unique_ptr<BlockFront> front{};
  };

  Guest& add() {
    Guest& guest = *guests_.emplace_back(std::make_unique<Guest>());
    guest.domain.id = DomainId{static_cast<std::uint32_t>(guests_.size())};
    guest.layout = memory_.build(guest.domain, CpuId{0}, Bytes{4 << 20});
    guest.frames = domain_frames(memory_.machine, guest.domain);
    guest.front = block_.attach(guest.domain, Bytes{64 << 20},
                                {.machine_address = [&guest](std::uint32_t page) -> Address {
                                   return {guest.frames[page].value * page_size};
                                 },
                                 .notify =
                                     [this, &guest] {
                                       block_.signal(processor(), guest.domain.id);
                                       run();
                                     }});
    return guest;
  }
  void run() {
    if (!block_.wants_run()) return;
    const Time before = monitor_time();
    block_.run(processor());
    EXPECT_GT(monitor_time(), before);
    block_.start(processor());
  }
  /// Everything that disks still do, with the interrupts that they raise.
  void finish() {
    while (calendar_.size() > 0) {
      calendar_.dispatch();
      while (interrupts_ > 0) {
        --interrupts_;
        const Time before = monitor_time();
        block_.take_interrupt(processor());
        EXPECT_GT(monitor_time(), before);
        run();
      }
    }
  }
  /// Who executes the monitor, no earlier than now.
  Processor& processor() {
    processor_.idle_until(calendar_.now());
    return processor_;
  }
  void resume() {}
  [[nodiscard]] Time monitor_time() const { return processor_.spent(Activity::monitor); }
  [[nodiscard]] std::string audit() const {
    if (std::string fault = block_.audit(); !fault.empty()) return fault;
    std::vector<const MemoryDomain*> domains;
    for (const auto& guest : guests_) domains.push_back(&guest->domain);
    return memory_.audit(std::move(domains), block_.service().held());
  }
  static BlockIo page(std::uint32_t number, bool write = false) {
    return {
        .sector = std::uint64_t{number} * 1000, .sectors = 8, .write = write, .tag = number, .page = number};
  }

  Calibration calibration_ = testbed_calibration();
  ProcessorCosts costs_{calibration_};
  SurvivalTable survival_{8192, 8};
  Calendar calendar_;
  HostContext context_{.cpus = 1,
                       .shape = testbed_processor,
                       .calibration = calibration_,
                       .costs = costs_,
                       .survival = survival_,
                       .calendar = calendar_};
  Event resume_ = Event::calling<&MonitorDisks::resume>(*this);
  Processor processor_{CpuId{0}, testbed_processor, costs_, survival_, calendar_, resume_, false};
  std::uint32_t footprints_ = 0;
  MonitorMemory memory_{context_, MonitorCosts{calibration_, costs_},
                        [this] { return FootprintId{footprints_++}; }};
  int interrupts_ = 0;
  MonitorBlock block_{{}, context_, memory_, [this] { ++interrupts_; }};
  std::vector<std::unique_ptr<Guest>> guests_;
};

TEST_F(MonitorDisks, PinWhatIsUnderWayUntilTheDiskIsDone) {
  Guest& guest = add();
  for (const std::uint32_t number : {20U, 40U}) ASSERT_TRUE(guest.front->submit(page(number), {}));
  guest.front->unplug({});
  EXPECT_EQ(block_.service().held().size(), 2U);
  EXPECT_EQ(audit(), "");
  finish();
  EXPECT_EQ(block_.take_events().size(), 2U);
  EXPECT_EQ(guest.front->take_completed(calendar_.now()).size(), 2U);
  EXPECT_TRUE(block_.service().held().empty());
  EXPECT_EQ(audit(), "");
}

TEST_F(MonitorDisks, FinishWhatADeadDomainHadUnderWayBeforeItsMemoryMayGo) {
  Guest &dying = add(), &other = add();
  for (std::uint32_t number = 20; number < 30; ++number) {
    ASSERT_TRUE(dying.front->submit(page(number, number % 2 == 0), {}));
    ASSERT_TRUE(other.front->submit(page(number), {}));
  }
  dying.front->unplug({});
  other.front->unplug({});
  dying.front.reset();
  block_.detach(dying.domain.id);
  EXPECT_EQ(block_.service().pending(dying.domain.id), 10U);
  EXPECT_EQ(audit(), "") << "its frames stay pinned";
  finish();
  EXPECT_EQ(block_.service().pending(dying.domain.id), 0U);
  EXPECT_EQ(block_.service().pending(), 0U);
  EXPECT_TRUE(block_.service().held().empty());
  for (const DomainId told : block_.take_events()) EXPECT_EQ(told, other.domain.id);
  EXPECT_EQ(other.front->take_completed(calendar_.now()).size(), 10U);
  release(memory_.machine, dying.domain);
  guests_.erase(guests_.begin());
  EXPECT_EQ(audit(), "");
}

TEST_F(MonitorDisks, KeepPiecesForWhichTheirQueueHasNoRoomUntilItHas) {
  Guest& guest = add();
  // Runs of memory so long that no two merge, twelve a request: more than drive and queue have room for.
  constexpr std::uint32_t sectors = 255, requests = 20, runs = requests * max_request_segments;
  for (std::uint32_t i = 0; i < runs; ++i) {
    const BlockIo io{.sector = i * sectors, .sectors = sectors, .write = true, .tag = i, .page = 20};
    ASSERT_TRUE(guest.front->submit(io, {}));
    if (i % max_request_segments == max_request_segments - 1) guest.front->unplug({});
  }
  EXPECT_EQ(block_.service().pending(), requests);
  EXPECT_LT(block_.disk(0).outstanding(), runs);
  EXPECT_EQ(audit(), "");
  finish();
  std::size_t back = 0;
  for (const FinishedIo& finished : guest.front->take_completed(calendar_.now())) {
    EXPECT_FALSE(finished.failed);
    back += finished.tags.size();
  }
  EXPECT_EQ(back, runs);
  EXPECT_EQ(audit(), "");
}

TEST_F(MonitorDisks, TakeNothingMoreUntilFewerThanHalfOfTheWindowIsAtThem) {
  std::vector<Guest*> guests{&add(), &add()};
  for (Guest* guest : guests) {
    for (std::uint32_t number = 20; number < 80; ++number) {
      ASSERT_TRUE(guest->front->submit(page(number), {}));
    }
    guest->front->unplug({});
  }
  EXPECT_EQ(block_.service().pending(), 60U) << "the second came too late";
  std::size_t back = 0;
  int runs = 0;
  while (calendar_.size() > 0) {
    calendar_.dispatch();
    for (; interrupts_ > 0; --interrupts_) block_.take_interrupt(processor());
    if (block_.wants_run()) {
      EXPECT_EQ(block_.service().pending(), BlockService::restart - 1);
      ++runs;
    }
    run();
    for (Guest* guest : guests) back += guest->front->take_completed(calendar_.now()).size();
    EXPECT_EQ(audit(), "");
  }
  EXPECT_EQ(back, 120U);
  EXPECT_EQ(runs, 2) << "33 requests, then 27";
}

TEST_F(MonitorDisks, RefuseADomainWhatLiesBehindItsSegment) {
  Guest& guest = add();
  BlockIo beyond = page(20);
  beyond.sector = (64U << 20) / sector_bytes;
  ASSERT_TRUE(guest.front->submit(beyond, {}));
  guest.front->unplug({});
  const auto finished = guest.front->take_completed(calendar_.now());
  ASSERT_EQ(finished.size(), 1U);
  EXPECT_TRUE(finished[0].failed);
  EXPECT_EQ(calendar_.size(), 0U) << "no disk heard of it";
}

TEST_F(MonitorDisks, RunThroughCodeThatTheTraceCacheForgets) {
  Guest& guest = add();
  const auto price_of_signal = [&] {
    const Time before = monitor_time();
    block_.signal(processor(), guest.domain.id);
    return monitor_time() - before;
  };
  const Time cold = price_of_signal(), warm = price_of_signal();
  EXPECT_LT(warm, cold);
  processor().execute(Activity::user, FootprintId{footprints_++}, 100000);
  EXPECT_GT(price_of_signal(), warm);
}

TEST_F(MonitorDisks, AskedInVainByADomainWithoutARing) {
  block_.signal(processor(), DomainId{7});
  EXPECT_GT(monitor_time(), Time{}) << "it costs the asker";
  EXPECT_FALSE(block_.wants_run());
}

}  // namespace
}  // namespace xensim
