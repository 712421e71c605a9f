/// The native driver with a stub for the protocols above it.
#include "models/host/native/native_network.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "tests/models/guest/memory/memory_fixture.hpp"
#include "tests/models/testbed.hpp"

namespace xensim {
namespace {

const MacAddress here{{0, 6, 0x5b, 1, 2, 3}}, there{{0, 6, 0x5b, 4, 5, 6}};

EthernetFrame datagram(const MacAddress& source, const MacAddress& destination, std::uint32_t payload) {
  const Ipv4Header ip{.source = Ipv4Address::of(10, 0, 0, 1), .destination = Ipv4Address::of(10, 0, 0, 2)};
  return udp_frame({destination, source}, ip, {5001, 5001}, payload);
}

/// What the driver hands up.
struct Protocols final : NetworkClient {
  void received(unsigned /*vcpu*/, const NetworkPacket& packet) override { packets.push_back(packet); }
  void sent(unsigned /*vcpu*/, PageNumber page) override { sent_pages.push_back(page); }
  void has_room(unsigned /*vcpu*/) override { ++wakes; }
  std::vector<NetworkPacket> packets;
  std::vector<PageNumber> sent_pages;
  int wakes = 0;
};

struct Outside final : FrameReceiver {
  void arrived(const EthernetFrame& /*frame*/) override { ++frames; }
  std::uint32_t frames = 0;
};

class NativeNetworkTest : public ::testing::Test, private VirtualMachine {
 protected:
  NativeNetworkTest() {
    network.attach(protocols);
    network.nic().connect(wire);
    memory.work.on(&processor_);
    network.open(0, memory.kernel, memory.guest);
  }
  /// Frames from outside, at the present.
  void arrive(std::uint32_t frames, std::uint32_t payload) {
    for (std::uint32_t i = 0; i < frames; ++i) network.nic().arrived(datagram(there, here, payload));
  }
  /// Lets time pass; the processor does nothing but serve the network. Interrupts come between polls.
  void run_until(Time end) {
    while (calendar.next() <= end || interrupted || network.scheduled()) {
      if (interrupted) {
        interrupted = false;
        ++interrupts;
        network.interrupt(0);
      } else if (network.scheduled()) {
        last = network.poll(0);
        ++polls;
      } else {
        calendar.dispatch();
        processor_.idle_until(calendar.now());
        continue;
      }
      calendar.run_until(std::max(calendar.now(), processor_.clock.local()));
    }
  }
  /// The processor does something else.
  void busy_until(Time end) {
    calendar.run_until(end);
    processor_.idle_until(end);
  }
  [[nodiscard]] std::string audit() const {
    std::vector<std::uint32_t> references(memory.guest.pages.size());
    network.count_references(references);
    memory.guest.packets.count_references(references);
    for (const NetworkPacket& packet : protocols.packets) ++references[packet.page.value];
    return memory.guest.pages.audit(references);
  }

  Calibration calibration = testbed_calibration();
  Calendar calendar;
  MemoryFixture memory;
  Protocols protocols;
  bool interrupted = false;
  int interrupts = 0, polls = 0;
  NativeNetwork::Polled last = NativeNetwork::Polled::done;

 private:
  [[nodiscard]] Processor& processor(unsigned /*vcpu*/) override { return processor_; }
  void switch_address_space(unsigned /*vcpu*/) override {}
  void kick(unsigned /*vcpu*/, unsigned /*target*/) override {}
  void resume() {}
  [[nodiscard]] VirtualMachine& machine() { return *this; }

  ProcessorCosts costs_{calibration};
  ProcessorShape shape_ = testbed_processor;
  SurvivalTable survival_{8192, 8};
  Event resume_ = Event::calling<&NativeNetworkTest::resume>(*this);

 protected:
  Processor processor_{CpuId{0}, shape_, costs_, survival_, calendar, resume_, false};
  Outside outside;
  Wire wire{calendar, LinkParameters(calibration), outside};
  NativeNetwork network{calendar, calibration, machine(), {.mac = here}, [this] { interrupted = true; }};
};

TEST_F(NativeNetworkTest, TakesItsBuffersFromTheGuestsMemory) {
  const std::uint32_t free = MemoryFixture().guest.pages.free_pages();
  EXPECT_EQ(memory.guest.pages.free_pages(), free - 200);
  EXPECT_EQ(audit(), "");
}

TEST_F(NativeNetworkTest, HandsUpALongPacketInItsBufferAndPostsAnother) {
  arrive(1, 1472);
  run_until(1ms);
  ASSERT_EQ(protocols.packets.size(), 1U);
  EXPECT_EQ(protocols.packets[0].frame.length(), 1514U);
  EXPECT_EQ(memory.did(KernelPath::nic_refill), 1U);
  EXPECT_EQ(memory.did(KernelPath::copy_line), 0U);
  EXPECT_EQ(interrupts, 1);
  EXPECT_EQ(audit(), "");
}

TEST_F(NativeNetworkTest, CopiesAShortPacketAndKeepsItsBuffer) {
  arrive(1, 100);
  run_until(1ms);
  EXPECT_EQ(protocols.packets.size(), 1U);
  EXPECT_EQ(memory.did(KernelPath::nic_refill), 0U);
  EXPECT_EQ(memory.did(KernelPath::copy_line), 3U) << "142 bytes";
  EXPECT_EQ(memory.did(KernelPath::skb_allocate), 1U) << "of its own size";
  EXPECT_EQ(audit(), "");
}

TEST_F(NativeNetworkTest, APacketsPageIsUsedAgainWithoutThePageAllocator) {
  const std::uint64_t before = memory.did(KernelPath::page_allocate);
  for (int i = 0; i < 10; ++i) {
    arrive(1, 1472);
    run_until(calendar.now() + 1ms);
    ASSERT_EQ(protocols.packets.size(), 1U);
    memory.guest.packets.free(protocols.packets[0].page);
    protocols.packets.clear();
  }
  EXPECT_EQ(memory.did(KernelPath::page_allocate) - before, 1U);
  EXPECT_EQ(memory.did(KernelPath::page_free), 0U);
  EXPECT_EQ(audit(), "");
}

TEST_F(NativeNetworkTest, PollsWhileThereIsMoreAndInterruptsOnceForAll) {
  arrive(150, 1472);
  busy_until(1ms);
  run_until(10ms);
  EXPECT_EQ(protocols.packets.size(), 150U);
  EXPECT_EQ(interrupts, 1);
  EXPECT_GE(memory.did(KernelPath::nic_poll), 3U) << "64 packets a round";
  EXPECT_EQ(last, NativeNetwork::Polled::done);
  arrive(1, 1472);
  run_until(20ms);
  EXPECT_EQ(interrupts, 2);
}

TEST_F(NativeNetworkTest, LosesNothingWhileBuffersAreRefilledAndWhatExceedsThemOtherwise) {
  arrive(230, 1472);
  run_until(10ms);
  EXPECT_EQ(protocols.packets.size(), 200U);
  EXPECT_EQ(network.nic().counts().no_buffer, 30U);
  for (int i = 0; i < 10; ++i) {
    arrive(100, 1472);
    run_until(20ms + i * 1ms);
  }
  EXPECT_EQ(protocols.packets.size(), 1200U);
  EXPECT_EQ(audit(), "");
}

TEST_F(NativeNetworkTest, LetsOthersRunAfter300Packets) {
  // Each packet that is handed up brings another.
  for (int i = 0; i < 2; ++i) arrive(100, 1472);
  std::uint32_t until_exhausted = 0;
  while (last != NativeNetwork::Polled::exhausted) {
    if (interrupted) {
      interrupted = false;
      network.interrupt(0);
    }
    if (network.scheduled()) {
      const std::size_t before = protocols.packets.size();
      last = network.poll(0);
      if (protocols.packets.size() > before) {
        ++until_exhausted;
        arrive(1, 1472);
      }
    }
    calendar.run_until(std::max(calendar.now() + 10us, processor_.clock.local()));
    ASSERT_LT(until_exhausted, 1000U);
  }
  EXPECT_EQ(until_exhausted, 300U);
  EXPECT_TRUE(network.scheduled());
}

TEST_F(NativeNetworkTest, ReportsSentPagesAndWakesTheQueueWhenAQuarterOfTheRingIsFree) {
  const PageNumber page = *memory.guest.pages.allocate();
  const NetworkPacket packet{datagram(here, there, 1472), page, 0};
  int taken = 0;
  while (network.transmit(0, packet)) ++taken;
  EXPECT_EQ(taken, 511);
  EXPECT_EQ(protocols.wakes, 0);
  run_until(20ms);
  EXPECT_EQ(protocols.sent_pages.size(), 511U);
  EXPECT_EQ(protocols.wakes, 1);
  EXPECT_EQ(outside.frames, 511U);
  EXPECT_TRUE(network.transmit(0, packet));
}

}  // namespace
}  // namespace xensim
