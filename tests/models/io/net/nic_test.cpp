#include "models/io/net/nic.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "models/io/net/switch.hpp"

namespace xensim {
namespace {

const MacAddress here{{0, 6, 0x5b, 1, 2, 3}}, there{{0, 6, 0x5b, 4, 5, 6}}, nobody{{0, 6, 0x5b, 7, 8, 9}};

EthernetFrame frame_between(const MacAddress& source, const MacAddress& destination, std::uint32_t payload) {
  const Ipv4Header ip{.source = Ipv4Address::of(10, 0, 0, 1), .destination = Ipv4Address::of(10, 0, 0, 2)};
  return udp_frame({destination, source}, ip, {5001, 5001}, payload);
}

/// What arrives at an end of a link, and when.
struct Station final : FrameReceiver {
  explicit Station(const Calendar& its_calendar) : calendar(its_calendar) {}
  void arrived(const EthernetFrame& frame) override { arrivals.push_back({calendar.now(), frame}); }
  struct Arrival {
    Time at{};
    EthernetFrame frame;
  };
  const Calendar& calendar;
  std::vector<Arrival> arrivals;
};

struct WireTest : ::testing::Test {
  Calendar calendar;
  LinkParameters link;
  Station station{calendar};
  Wire wire{calendar, link, station};
};

TEST_F(WireTest, AFrameTakesItsBytesAnd24MoreAtAGigabit) {
  const EthernetFrame frame = frame_between(here, there, 1472);
  ASSERT_EQ(frame.length(), 1514U);
  const Time left = wire.send(frame, 1us);
  EXPECT_EQ(left, 1us + 1538 * 8ns);
  calendar.run_until(left + link.propagation - Time{1});
  EXPECT_TRUE(station.arrivals.empty());
  calendar.run_until(left + link.propagation);
  ASSERT_EQ(station.arrivals.size(), 1U);
  EXPECT_EQ(station.arrivals[0].frame, frame);
}

TEST_F(WireTest, FramesFollowEachOtherAtLineRate) {
  for (int i = 0; i < 1000; ++i) (void)wire.send(frame_between(here, there, 1472), 0s);
  calendar.run_until(1s);
  ASSERT_EQ(station.arrivals.size(), 1000U);
  // 81,274 full frames a second.
  EXPECT_EQ(station.arrivals.back().at - station.arrivals.front().at, 999 * 1538 * 8ns);
}

struct SwitchTest : ::testing::Test {
  Calendar calendar;
  LinkParameters link;
  SwitchParameters parameters{};
  Switch ethernet{calendar, link, parameters};
  Station a{calendar}, b{calendar}, c{calendar};
  Wire& from_a = ethernet.attach(a);
  Wire& from_b = ethernet.attach(b);
  Wire& from_c = ethernet.attach(c);
};

TEST_F(SwitchTest, FloodsUntilItHasLearnedAnAddress) {
  (void)from_a.send(frame_between(here, there, 10), 0s);
  calendar.run_until(1ms);
  EXPECT_EQ(b.arrivals.size(), 1U);
  EXPECT_EQ(c.arrivals.size(), 1U);
  EXPECT_TRUE(a.arrivals.empty()) << "never back to where it came from";
  (void)from_b.send(frame_between(there, here, 10), 1ms);
  calendar.run_until(2ms);
  (void)from_a.send(frame_between(here, there, 10), 2ms);
  calendar.run_until(3ms);
  EXPECT_EQ(a.arrivals.size(), 1U);
  EXPECT_EQ(b.arrivals.size(), 2U);
  EXPECT_EQ(c.arrivals.size(), 1U);
  EXPECT_EQ(ethernet.counts().flooded, 1U);
  EXPECT_EQ(ethernet.counts().forwarded, 2U);
}

TEST_F(SwitchTest, StoresAFrameWholeBeforeItForwards) {
  const EthernetFrame frame = frame_between(here, there, 1472);
  (void)from_a.send(frame, 0s);
  calendar.run_until(1ms);
  ASSERT_EQ(b.arrivals.size(), 1U);
  EXPECT_EQ(b.arrivals[0].at, 2 * (1538 * 8ns + link.propagation) + parameters.latency);
}

TEST_F(SwitchTest, DropsWhatDoesNotFitIntoAPortsQueueAndKeepsTheOrderOfTheRest) {
  (void)from_c.send(frame_between(there, here, 10), 0s);  // learned
  calendar.run_until(1ms);
  // Two stations at line rate into one port: half of it has to wait, and what exceeds the queue is lost.
  const std::uint32_t frames = 500;
  for (std::uint32_t i = 0; i < frames; ++i) {
    (void)from_a.send(frame_between(here, there, 1000), 1ms);
    (void)from_b.send(frame_between(nobody, there, 1000), 1ms);
  }
  calendar.run_until(1s);
  const std::uint32_t length = 1042 + 24, queue = parameters.queue_bytes / length;
  EXPECT_GT(ethernet.counts().dropped, 0U);
  EXPECT_EQ(c.arrivals.size() + ethernet.counts().dropped, 2 * frames);
  EXPECT_NEAR(static_cast<double>(c.arrivals.size()), frames + queue, 2);
}

struct NicTest : ::testing::Test {
  explicit NicTest(const Moderation& moderation = {.receive = {0s, 1},
                                                   .transmit = {150us, 5},
                                                   .masked = {25us, 5}})
      : nic(calendar, parameters, moderation, here, [this] {
          interrupts.push_back(calendar.now());
          if (handler) handler();
        }) {
    nic.connect(wire);
    nic.unmask(0s);
  }
  void receive(std::uint32_t frames, std::uint32_t payload = 1472) {
    for (std::uint32_t i = 0; i < frames; ++i) nic.arrived(frame_between(there, here, payload));
  }
  [[nodiscard]] std::uint32_t take_all() {
    std::uint32_t taken = 0;
    while (nic.take_received()) ++taken;
    return taken;
  }

  Calendar calendar;
  NicParameters parameters;
  Station outside{calendar};
  Wire wire{calendar, LinkParameters{}, outside};
  std::vector<Time> interrupts;
  std::function<void()> handler;  ///< what the driver does about one: nothing yet, or this
  Nic nic;
};

struct InterruptingNicTest : NicTest {
  InterruptingNicTest() : NicTest({.receive = {72us, 8}, .transmit = {300us, 75}, .masked = {25us, 5}}) {}
};

TEST_F(NicTest, PutsAFrameIntoAPostedBufferAndInterruptsWhenItIsThere) {
  nic.post(7);
  receive(1);
  const Time there_at = parameters.write_latency + parameters.byte_time * 1514;
  calendar.run_until(there_at + parameters.interrupt_latency - Time{1});
  EXPECT_TRUE(interrupts.empty());
  calendar.run_until(there_at + parameters.interrupt_latency);
  ASSERT_EQ(interrupts.size(), 1U);
  const auto received = nic.take_received();
  ASSERT_TRUE(received);
  EXPECT_EQ(received->tag, 7U);
  EXPECT_EQ(received->frame.length(), 1514U);
  EXPECT_FALSE(nic.take_received());
}

TEST_F(NicTest, LosesFramesThatFindNoBuffer) {
  for (std::uint32_t i = 0; i < 3; ++i) nic.post(i);
  receive(5);
  calendar.run_until(1ms);
  EXPECT_EQ(nic.counts().no_buffer, 2U);
  EXPECT_EQ(take_all(), 3U);
}

TEST_F(NicTest, TakesNoFramesForOthersButThoseForAll) {
  nic.post(0);
  nic.post(1);
  nic.arrived(frame_between(there, nobody, 100));
  nic.arrived(frame_between(there, MacAddress::broadcast(), 100));
  calendar.run_until(1ms);
  EXPECT_EQ(nic.counts().received, 1U);
}

TEST_F(NicTest, SaysNothingWhileMaskedButKeepsTheStatusBlockUpToDate) {
  nic.mask(0s);
  for (std::uint32_t i = 0; i < 20; ++i) nic.post(i);
  receive(4);
  calendar.run_until(24us);
  EXPECT_FALSE(nic.has_work()) << "fewer than five frames, and not 25 us old";
  receive(3);
  calendar.run_until(40us);
  EXPECT_EQ(take_all(), 5U);
  calendar.run_until(60us);
  EXPECT_EQ(take_all(), 2U);
  EXPECT_TRUE(interrupts.empty());
}

TEST_F(NicTest, InterruptsWhenUnmaskedIfSomethingWasNotTaken) {
  nic.mask(0s);
  nic.post(0);
  receive(1);
  calendar.run_until(100us);
  nic.unmask(110us);
  calendar.run_until(110us + parameters.interrupt_latency);
  EXPECT_EQ(interrupts, std::vector<Time>{110us + parameters.interrupt_latency});
}

TEST_F(NicTest, SaysNothingBeforeTheTimeItIsUnmaskedAtWhoeverSendsMeanwhile) {
  nic.mask(0s);
  nic.post(0);
  receive(1);
  calendar.run_until(5us);
  nic.unmask(110us);  // by a processor that is ahead of the one that sends
  nic.transmit(frame_between(here, there, 100), 0, 1, 50us);
  calendar.run_until(1ms);
  ASSERT_FALSE(interrupts.empty());
  EXPECT_EQ(interrupts.front(), 110us + parameters.interrupt_latency);
}

TEST_F(NicTest, StaysQuietWhenUnmaskedIfAllWasTaken) {
  nic.mask(0s);
  nic.post(0);
  receive(1);
  calendar.run_until(100us);
  EXPECT_EQ(take_all(), 1U);
  nic.unmask(110us);
  calendar.run_until(1s);
  EXPECT_TRUE(interrupts.empty());
}

TEST_F(NicTest, TellsOfFiveFramesSentOrAfter150Microseconds) {
  const EthernetFrame frame = frame_between(here, there, 100);
  for (std::uint32_t i = 0; i < 7; ++i) nic.transmit(frame, i, 1, 0s);
  const Time each = wire.duration(frame.length());
  const Time first = parameters.read_latency + parameters.byte_time * frame.length() + each;
  std::vector<std::uint32_t> sent;
  handler = [&] {
    nic.mask(calendar.now());
    while (const auto tag = nic.take_sent()) sent.push_back(*tag);
    nic.unmask(calendar.now());
  };
  calendar.run_until(1s);
  ASSERT_EQ(interrupts.size(), 2U);
  EXPECT_EQ(interrupts[0], first + each * 4 + parameters.interrupt_latency);
  EXPECT_EQ(interrupts[1], first + each * 5 + 150us + parameters.interrupt_latency);
  EXPECT_EQ(sent, (std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(outside.arrivals.size(), 7U);
}

TEST_F(NicTest, HasRoomFor511DescriptorsUntilTheDriverTakesBackWhatWasSent) {
  const EthernetFrame frame = frame_between(here, there, 1472);
  EXPECT_EQ(nic.transmit_room(), 511U);
  for (std::uint32_t i = 0; i < 255; ++i) nic.transmit(frame, i, 2, 0s);
  EXPECT_EQ(nic.transmit_room(), 1U);
  calendar.run_until(1s);
  EXPECT_EQ(nic.transmit_room(), 1U);
  while (nic.take_sent()) {
  }
  EXPECT_EQ(nic.transmit_room(), 511U);
  EXPECT_EQ(nic.audit(), "");
}

TEST_F(NicTest, FillsTheWire) {
  const EthernetFrame frame = frame_between(here, there, 1472);
  for (std::uint32_t i = 0; i < 500; ++i) nic.transmit(frame, i, 1, 0s);
  calendar.run_until(1s);
  EXPECT_EQ(outside.arrivals.back().at - outside.arrivals.front().at, 499 * 1538 * 8ns);
}

TEST_F(NicTest, InterruptsOnceUntilTheDriverMasksHoweverMuchHappensMeanwhile) {
  for (std::uint32_t i = 0; i < 20; ++i) nic.post(i);
  for (int i = 0; i < 10; ++i) {
    receive(1);
    calendar.run_until(20us * (i + 1));
  }
  EXPECT_EQ(interrupts.size(), 1U);
  EXPECT_EQ(nic.counts().interrupts, 1U);
  nic.mask(200us);
  EXPECT_EQ(take_all(), 10U);
  nic.unmask(200us);
  receive(1);
  calendar.run_until(300us);
  EXPECT_EQ(nic.counts().interrupts, 2U);
}

TEST_F(NicTest, LowersItsLineWhenMasked) {
  nic.post(0);
  receive(1);
  const Time told = parameters.write_latency + parameters.byte_time * 1514;
  calendar.run_until(told + 100ns);  // before the interrupt has reached the processor
  nic.mask(told + 100ns);
  EXPECT_EQ(take_all(), 1U);
  nic.unmask(told + 100ns);
  calendar.run_until(1ms);
  EXPECT_TRUE(interrupts.empty());
}

TEST_F(InterruptingNicTest, ItsMaskedLimitsAreInForceWhileAHandlerRuns) {
  for (std::uint32_t i = 0; i < 20; ++i) nic.post(i);
  nic.mask(0s);
  nic.unmask(50us);  // by a processor that is ahead of the calendar
  receive(5, 100);
  calendar.run_until(10us);
  EXPECT_EQ(take_all(), 5U) << "five frames while masked, eight otherwise";
  receive(5, 100);
  calendar.run_until(30us);
  receive(1, 100);
  calendar.run_until(50us + parameters.interrupt_latency);
  EXPECT_EQ(interrupts, std::vector<Time>{50us + parameters.interrupt_latency});
}

TEST_F(InterruptingNicTest, TellsOfEightFramesOrAfter72Microseconds) {
  for (std::uint32_t i = 0; i < 20; ++i) nic.post(i);
  receive(9, 100);
  const Time each = parameters.byte_time * 142;
  handler = [&] {
    nic.mask(calendar.now());
    (void)take_all();
    nic.unmask(calendar.now());
  };
  calendar.run_until(1s);
  ASSERT_EQ(interrupts.size(), 2U);
  EXPECT_EQ(interrupts[0], parameters.write_latency + each * 8 + parameters.interrupt_latency);
  EXPECT_EQ(interrupts[1], parameters.write_latency + each * 9 + 72us + parameters.interrupt_latency);
}

}  // namespace
}  // namespace xensim
