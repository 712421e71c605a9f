/// A XenoLinux driver, the monitor and the wire: what each packet takes.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "tests/models/host/xen/xen_network_fixture.hpp"

namespace xensim {
namespace {

using Guest = NetworkMachine::Guest;

TEST(XenNetwork, PostsBuffersWhenItIsOpenedWithOneHypercall) {
  NetworkMachine machine;
  EXPECT_EQ(machine.guest(0).vif.posted.size(), XenNetwork::most_posted);
  EXPECT_EQ(machine.guest(0).driver.counts().updates, 1U);
  EXPECT_EQ(machine.did(NetStep::rx_refused), 0U);
  EXPECT_EQ(machine.audit(), "");
}

TEST(XenNetwork, APacketGoesOutByTheNicUnderTheMachinesOwnAddress) {
  NetworkMachine machine;
  Guest& guest = machine.guest(0);
  const EthernetFrame packet = NetworkMachine::packet(guest.address, addresses::outside(0));
  ASSERT_TRUE(guest.client.send(guest.driver, packet));
  EXPECT_EQ(machine.audit(), "");
  machine.pass(1ms);
  ASSERT_EQ(machine.outside.frames.size(), 1U);
  EXPECT_EQ(machine.outside.frames[0].length(), packet.length());
  EXPECT_EQ(EthernetHeader::read(machine.outside.frames[0].known())->source, addresses::host_interface);
  machine.schedule(guest);
  EXPECT_EQ(guest.client.packets_sent, 1U);
  EXPECT_EQ(machine.audit(), "");
}

TEST(XenNetwork, AReceivedFrameOfAnyLengthTakesAWholeBuffer) {
  NetworkMachine machine;
  const NetworkDevice& device = machine.guest(0).driver;
  EXPECT_EQ(device.receive_size(60), 188U + 16 + 2049);
  EXPECT_EQ(device.receive_size(1514), device.receive_size(60));
}

TEST(XenNetwork, ABurstTakesOneHypercallAndTheMonitorFindsTheRest) {
  // The first is under way when the others are put into the ring; its completion finds them.
  NetworkMachine machine;
  Guest& guest = machine.guest(0);
  const std::uint64_t before = guest.driver.counts().updates;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(
        guest.client.send(guest.driver, NetworkMachine::packet(guest.address, addresses::outside(0))));
  }
  EXPECT_EQ(guest.driver.counts().updates - before, 1U);
  machine.pass(5ms);
  EXPECT_EQ(machine.outside.frames.size(), 100U);
  EXPECT_EQ(guest.driver.counts().updates - before, 1U);
  machine.schedule(guest);
  EXPECT_EQ(guest.client.packets_sent, 100U);
  EXPECT_EQ(machine.audit(), "");
}

TEST(XenNetwork, AFullRingStopsTheQueueUntilThereIsRoom) {
  NetworkMachine machine;
  Guest& guest = machine.guest(0);
  const EthernetFrame packet = NetworkMachine::packet(guest.address, addresses::outside(0), 1400);
  for (std::uint32_t i = 0; i < XenNetwork::most_sent; ++i)
    ASSERT_TRUE(guest.client.send(guest.driver, packet)) << i;
  EXPECT_FALSE(guest.client.send(guest.driver, packet));
  EXPECT_EQ(guest.client.rooms, 0U);
  machine.pass(10ms);
  machine.schedule(guest);
  EXPECT_EQ(guest.client.rooms, 1U);
  EXPECT_EQ(guest.client.packets_sent, XenNetwork::most_sent);
  EXPECT_EQ(machine.outside.frames.size(), XenNetwork::most_sent);
  EXPECT_EQ(machine.audit(), "");
}

TEST(XenNetwork, APacketThatCrossesAPageIsCopied) {
  NetworkMachine machine;
  Guest& guest = machine.guest(0);
  const EthernetFrame packet = NetworkMachine::packet(guest.address, addresses::outside(0), 1000);
  ASSERT_TRUE(guest.client.send(guest.driver, packet, 3500));
  EXPECT_EQ(guest.driver.counts().copied, 1U);
  EXPECT_EQ(machine.audit(), "");
  machine.pass(1ms);
  machine.schedule(guest);
  EXPECT_EQ(machine.outside.frames.size(), 1U);
  EXPECT_EQ(guest.client.packets_sent, 1U);
  EXPECT_EQ(machine.audit(), "");
}

TEST(XenNetwork, AReceivedPacketsPageIsExchangedForThePostedOne) {
  NetworkMachine machine;
  Guest& guest = machine.guest(0);
  machine.arrive(guest);
  machine.pass(1ms);
  EXPECT_EQ(machine.did(NetStep::delivered), 1U);
  ASSERT_TRUE(guest.events.any());
  const std::uint64_t hypercalls = guest.memory.xen_paging().counts().hypercalls;
  machine.schedule(guest);
  ASSERT_EQ(guest.client.arrived.size(), 1U);
  const auto header = EthernetHeader::read(guest.client.arrived[0].known());
  EXPECT_EQ(header->destination, guest.driver.mac());
  EXPECT_EQ(guest.client.arrived[0].length(), 1054U);
  EXPECT_EQ(guest.memory.xen_paging().counts().hypercalls, hypercalls) << "the monitor wrote the entry";
  EXPECT_EQ(machine.audit(), "");
}

TEST(XenNetwork, SteadyReceptionTakesOneHypercallIn64PacketsAndNoneForPageTables) {
  NetworkMachine machine(2, 1);
  Guest& guest = machine.guest(0);
  const auto run = [&](int packets) {
    for (int i = 0; i < packets; ++i) {
      machine.arrive(guest);
      machine.pass(200us);
      machine.schedule(guest);
    }
  };
  run(64);
  const XenNetwork::Counts before = guest.driver.counts();
  const XenPaging::Counts tables = guest.memory.xen_paging().counts();
  const std::uint64_t events = guest.events_marked;
  run(640);
  EXPECT_EQ(guest.driver.counts().received - before.received, 640U);
  EXPECT_EQ(guest.driver.counts().updates - before.updates, 10U);
  EXPECT_EQ(guest.events_marked - events, 640U) << "one for each batch, here of one packet";
  EXPECT_EQ(guest.memory.xen_paging().counts().hypercalls, tables.hypercalls);
  EXPECT_EQ(guest.memory.xen_paging().counts().requests, tables.requests);
  EXPECT_EQ(machine.audit(), "");
}

TEST(XenNetwork, ABatchOfPacketsIsOneEvent) {
  NetworkMachine machine;
  Guest& guest = machine.guest(0);
  machine.arrive(guest, 50);
  machine.pass(5ms);
  EXPECT_EQ(machine.did(NetStep::delivered), 50U);
  EXPECT_EQ(guest.events_marked, 1U);
  EXPECT_LT(machine.interrupts, 50U) << "the NIC holds interrupts back";
  machine.schedule(guest);
  EXPECT_EQ(guest.client.arrived.size(), 50U);
}

TEST(XenNetwork, AGuestThatDoesNotRunLosesWhatItHasNoBuffersFor) {
  NetworkMachine machine;
  Guest& guest = machine.guest(0);
  for (int i = 0; i < 300; ++i) {
    machine.arrive(guest);
    machine.pass(100us);
  }
  machine.pass(1ms);
  EXPECT_EQ(machine.did(NetStep::delivered), 254U);
  EXPECT_EQ(machine.did(NetStep::capacity_drop), 46U);
  EXPECT_EQ(guest.events_marked, 1U);
  EXPECT_GE(machine.did(NetStep::shootdown), 1U);
  EXPECT_LE(machine.did(NetStep::shootdown), 2U) << "all were posted between two flushes, or around one";
  EXPECT_EQ(machine.audit(), "");
  machine.schedule(guest);
  EXPECT_EQ(guest.client.arrived.size(), 254U);
  EXPECT_EQ(guest.vif.posted.size(), 254U) << "and has them all again";
  EXPECT_EQ(machine.audit(), "");
}

TEST(XenNetwork, AnotherProcessorsTlbIsFlushedByInterrupt) {
  NetworkMachine machine(2, 2);
  machine.arrive(machine.guest(0));  // on the second processor, the NIC interrupts the first
  machine.pass(1ms);
  EXPECT_EQ(machine.remote_flushes, 1U);
  machine.arrive(machine.guest(1));  // on the first
  machine.pass(1ms);
  EXPECT_EQ(machine.did(NetStep::shootdown), 2U);
  EXPECT_EQ(machine.remote_flushes, 1U);
}

TEST(XenNetwork, NothingStaleIsLeftInATlbThatTheExchangeShouldHaveFlushed) {
  NetworkMachine machine;
  std::vector<std::uint32_t> recent;
  Guest& guest = machine.guest(0);
  const auto lent = [&](PageNumber page) { return guest.driver.posted(page); };
  for (int round = 0; round < 30; ++round) {
    // The kernel has lately used what it is about to post again.
    for (std::uint32_t page = 0; page < Guest::pages - 64; page += 37) {
      if (!lent({page})) guest.memory.kernel_access({page}, Access::write);
    }
    for (const std::uint32_t page : recent) {
      if (!lent({page})) guest.memory.kernel_access({page}, Access::write);
    }
    machine.arrive(guest, 10);
    machine.pass(1ms);
    EXPECT_EQ(guest.memory.audit(lent), "");
    machine.schedule(guest);
    EXPECT_EQ(guest.memory.audit(lent), "");
    recent = guest.client.pages;
    guest.client.pages.clear();
  }
  EXPECT_EQ(machine.did(NetStep::delivered), 300U);
}

TEST(XenNetwork, DomainsReachEachOtherWithoutTheNic) {
  NetworkMachine machine;
  Guest &a = machine.guest(0), &b = machine.guest(1);
  ASSERT_TRUE(a.client.send(a.driver, NetworkMachine::packet(a.address, b.address, 700)));
  machine.schedule_all();
  ASSERT_EQ(b.client.arrived.size(), 1U);
  EXPECT_EQ(b.client.arrived[0].length(), 754U);
  EXPECT_EQ(EthernetHeader::read(b.client.arrived[0].known())->destination, b.driver.mac());
  EXPECT_EQ(machine.did(NetStep::byte_copied), 754U);
  EXPECT_EQ(a.client.packets_sent, 1U) << "at once: its page was copied";
  EXPECT_EQ(machine.network.nic().counts().sent, 0U);
  EXPECT_EQ(machine.audit(), "");
}

TEST(XenNetwork, ASenderThatOverwhelmsItsNeighbourLosesPacketsNotTheRing) {
  NetworkMachine machine;
  Guest &a = machine.guest(0), &b = machine.guest(1);
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(a.client.send(a.driver, NetworkMachine::packet(a.address, b.address, 100)));
    machine.schedule(a);
  }
  machine.schedule(b);
  EXPECT_EQ(b.client.arrived.size(), 254U);
  EXPECT_EQ(machine.did(NetStep::capacity_drop), 746U);
  EXPECT_EQ(a.client.packets_sent, 1000U);
  EXPECT_EQ(machine.audit(), "");
}

TEST(XenNetwork, WithoutARuleAPacketIsDroppedAndItsSenderTold) {
  NetworkMachine machine;
  Guest& guest = machine.guest(0);
  ASSERT_TRUE(guest.client.send(guest.driver,
                                NetworkMachine::packet(Ipv4Address::of(1, 2, 3, 4), addresses::outside(0))));
  machine.pass(1ms);
  machine.schedule(guest);
  EXPECT_TRUE(machine.outside.frames.empty());
  EXPECT_EQ(guest.driver.counts().refused, 1U);
  EXPECT_EQ(machine.did(NetStep::tx_unrouted), 1U);
}

TEST(XenNetwork, WithoutMemoryForBuffersItReceivesNothingUntilThereIsSome) {
  NetworkMachine machine;
  Guest& guest = machine.guest(0);
  std::vector<PageNumber> taken, taken_from_slabs;
  for (int i = 0; i < 10; ++i) {
    while (const auto page = guest.guest.pages.allocate(0, PageAllocator::Need::reserve))
      taken.push_back(*page);
    while (const auto page = guest.guest.packets.allocate()) taken_from_slabs.push_back(*page);
    machine.arrive(guest, 50);
    machine.pass(10ms);
    machine.schedule(guest);
  }
  EXPECT_EQ(machine.did(NetStep::delivered), 254U);
  EXPECT_EQ(machine.did(NetStep::capacity_drop), 246U);
  for (const PageNumber page : taken) (void)guest.guest.pages.put(page);
  for (const PageNumber page : taken_from_slabs) guest.guest.packets.free(page);
  ASSERT_TRUE(guest.client.send(guest.driver, NetworkMachine::packet(guest.address, addresses::outside(0))));
  machine.pass(1ms);
  machine.schedule(guest);
  EXPECT_EQ(guest.vif.posted.size(), 254U);
  EXPECT_EQ(machine.audit(), "");
}

TEST(XenNetwork, InterfacesWithABacklogTakeTurnsAtTheNic) {
  NetworkMachine machine;
  for (int i = 0; i < 250; ++i) {
    for (const auto& guest : machine.all) {
      ASSERT_TRUE(guest->client.send(guest->driver,
                                     NetworkMachine::packet(guest->address, addresses::outside(0), 1400)));
    }
  }
  machine.pass(20ms);
  machine.schedule_all();
  EXPECT_EQ(machine.outside.frames.size(), 500U);
  // Behind what the first had in the NIC before the other came, they alternate.
  int repeats = 0;
  for (std::size_t i = 300; i + 1 < 480; ++i) {
    const auto source = [&](std::size_t frame) {
      return Ipv4Header::read(machine.outside.frames[frame].network())->source;
    };
    repeats += source(i) == source(i + 1) ? 1 : 0;
  }
  EXPECT_LT(repeats, 10);
}

TEST(XenNetwork, CreditHoldsADomainToItsRate) {
  NetworkMachine machine;
  Guest& guest = machine.guest(0);
  auto& logic = machine.network.logic();
  ASSERT_EQ(logic.set_credit(machine.memory.control(), guest.vif.id, 5000, 10ms), HypercallStatus::done);
  const EthernetFrame packet = NetworkMachine::packet(guest.address, addresses::outside(0), 946);
  ASSERT_EQ(packet.length(), 1000U);
  for (int i = 0; i < 12; ++i) ASSERT_TRUE(guest.client.send(guest.driver, packet));
  const std::uint64_t expected[] = {5, 10, 12};
  Time next = 10ms;
  for (const std::uint64_t sent : expected) {
    machine.pass(next - machine.calendar.now() - 1ms);
    EXPECT_EQ(machine.outside.frames.size(), sent);
    machine.pass(1ms);
    for (const auto& timer : std::exchange(machine.timers, {})) {
      EXPECT_LE(timer.at, next);
      machine.expire(timer.cpu);
    }
    next += 10ms;
  }
  EXPECT_EQ(machine.audit(), "");
}

TEST(XenNetwork, ADomainThatDiesWithPacketsOutstandingLeavesNothingBehind) {
  NetworkMachine machine;
  Guest& guest = machine.guest(0);
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(
        guest.client.send(guest.driver, NetworkMachine::packet(guest.address, addresses::outside(0), 1400)));
  }
  machine.arrive(guest, 5);
  EXPECT_GT(machine.network.sending(DomainId{1}), 0U);
  machine.network.remove(DomainId{1});
  EXPECT_EQ(machine.network.audit(), "");
  machine.pass(5ms);
  EXPECT_EQ(machine.network.sending(DomainId{1}), 0U) << "the NIC is done with its memory";
  EXPECT_EQ(machine.network.logic().rules().list().size(), 2U) << "the other domain's";
  EXPECT_EQ(machine.memory.audit({&guest.memory.domain(), &machine.guest(1).memory.domain()},
                                 machine.network.held()),
            "");
  EXPECT_EQ(machine.network.audit(), "");
}

TEST(XenNetwork, AGuestThatWritesNonsenseIntoItsRingsHarmsNobodyElse) {
  EXPECT_TRUE(rc::check([](const std::vector<std::array<std::uint32_t, 3>>& nonsense) {
    NetworkMachine machine;
    Guest &hostile = machine.guest(0), &good = machine.guest(1);
    for (const auto& [what, word, value] : nonsense) {
      VifPage& page = hostile.vif.page;
      if (what % 4 == 0) page.tx.request_producer = value;
      if (what % 4 == 1) page.rx.request_producer = value;
      if (what % 4 == 2) page.tx.store(word, TxRequest{1, static_cast<std::uint16_t>(value), {word}});
      if (what % 4 == 3) page.rx.store(word, RxRequest{1, {value}});
      machine.hypercall(hostile.cpu, DomainId{1});
      RC_ASSERT(good.client.send(good.driver, NetworkMachine::packet(good.address, addresses::outside(0))));
      machine.arrive(good);
      machine.pass(1ms);
      machine.schedule(good);
      RC_ASSERT(machine.network.audit() == "");
      RC_ASSERT(machine.memory.audit({&hostile.memory.domain(), &good.memory.domain()},
                                     machine.network.held()) == "");
    }
    RC_ASSERT(good.client.arrived.size() == nonsense.size());
    RC_ASSERT(good.client.packets_sent == nonsense.size());
    RC_ASSERT(machine.outside.frames.size() == nonsense.size());
  }));
}

/// A packet's price in monitor time, in steady state.
TEST(XenNetwork, EachPacketTakesAFewMicrosecondsOfTheMonitor) {
  NetworkMachine machine(1, 1);
  Guest& guest = machine.guest(0);
  const auto receive = [&](int packets) {
    for (int i = 0; i < packets; i += 8) {
      machine.arrive(guest, 8);
      machine.pass(500us);
      machine.schedule(guest);
    }
  };
  receive(256);
  const Time before = machine.monitor_time();
  receive(512);
  const double receive_us = to_seconds(machine.monitor_time() - before) * 1e6 / 512;
  RecordProperty("receive_us", std::to_string(receive_us));
  EXPECT_GT(receive_us, 0.5);
  EXPECT_LT(receive_us, 5);
}

}  // namespace
}  // namespace xensim
