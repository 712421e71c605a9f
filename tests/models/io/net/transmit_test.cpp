#include <gtest/gtest.h>

#include "tests/models/io/net/net_bench.hpp"

namespace xensim {
namespace {

using test::Counts;
using test::NetBench;
using test::NetGuest;
using test::outside;
using test::tcp_packet;

class Transmit : public testing::Test {
 protected:
  ~Transmit() override { EXPECT_EQ(bench.audit(), ""); }

  /// What one request with these fields is answered.
  NetStatus status_of(const TxRequest& request) {
    const std::uint32_t slot = bench.vif(web).page.tx.response_producer;
    bench.request_tx(web, request);
    bench.update(web);
    EXPECT_NE(bench.vif(web).page.tx.response_producer, slot) << "no answer";
    return bench.tx_response(web, slot).status;
  }
  [[nodiscard]] Counts counts(std::uint32_t page) { return bench.memory.counts(web.image.pages[page]); }

  NetBench bench;
  NetGuest web = bench.add(64), mail = bench.add(64);
};

TEST_F(Transmit, APacketGoesToTheWireWithItsFramePinnedUntilTheNicIsDone) {
  const EthernetFrame packet = tcp_packet(web.ip, outside, 1000);
  bench.send(web, 10, packet, 77);
  bench.update(web);
  EXPECT_TRUE(bench.net.owed.transmit);
  EXPECT_EQ(counts(10), (Counts{2, 1}));
  const auto sent = bench.transmit();
  ASSERT_TRUE(sent);
  EXPECT_EQ(bench.net.on_wire(*sent).length(), packet.length());
  EXPECT_EQ(Ipv4Header::read(bench.net.on_wire(*sent).network()), Ipv4Header::read(packet.network()));
  EXPECT_EQ(bench.vif(web).page.tx.response_producer, 0U);
  bench.net.transmitted(*sent, bench.memory.cpu, 0s);
  EXPECT_EQ(counts(10), (Counts{1, 1}));
  EXPECT_EQ(bench.tx_response(web, 0), (TxResponse{77, NetStatus::ok}));
  EXPECT_EQ(bench.vif(web).counters.tx_bytes, packet.length());
}

TEST_F(Transmit, EverySenderBearsTheAddressOfTheNic) {
  bench.send(web, 10, tcp_packet(web.ip, outside));
  bench.update(web);
  EXPECT_EQ(EthernetHeader::read(bench.net.on_wire(*bench.transmit()).known())->source, test::nic_mac);
  std::array<std::byte, 14> own{};
  load_bytes(bench.memory.machine.contents, web.image.pages[10], 0, own);
  EXPECT_EQ(EthernetHeader::read(own)->source, test::nic_mac) << "written into the guest's buffer";
}

TEST_F(Transmit, AddressResolutionIsToldTheAddressOfTheNicToo) {
  bench.send(web, 10,
             arp_frame({}, {.sender_mac = bench.vif(web).mac, .sender_ip = web.ip, .target_ip = outside}));
  bench.update(web);
  const auto sent = bench.transmit();
  ASSERT_TRUE(sent);
  EXPECT_EQ(ArpPacket::read(bench.net.on_wire(*sent).network())->sender_mac, test::nic_mac);
}

TEST_F(Transmit, TheHeaderIsTheMonitorsButTheRestChangesUnderTheDevice) {
  bench.send(web, 10, tcp_packet(web.ip, outside));
  bench.update(web);
  bench.memory.machine.contents.words(web.image.pages[10]).fill(0xffffffff);
  const EthernetFrame wire = bench.net.on_wire(*bench.transmit());
  EXPECT_EQ(Ipv4Header::read(wire.network())->source, web.ip);
  EXPECT_EQ(TcpHeader::read(wire.transport()), std::nullopt) << "60 bytes of options";
}

TEST_F(Transmit, SizesFromAHeaderToAFullFrameAreAllowed) {
  const Address page = web.address_of(10);
  EXPECT_EQ(status_of({0, 33, page}), NetStatus::bad_page);
  EXPECT_EQ(status_of({0, 1515, page}), NetStatus::bad_page);
  EXPECT_EQ(status_of({0, 0, page}), NetStatus::bad_page);
  EXPECT_EQ(status_of({0, 65535, page}), NetStatus::bad_page);
  for (const std::uint16_t size : {std::uint16_t{34}, std::uint16_t{1514}}) {
    bench.send(web, 10, tcp_packet(web.ip, outside));
    TxRing& ring = bench.vif(web).page.tx;
    ring.store(ring.request_producer - 1, TxRequest{0, size, page});
    bench.update(web);
    const auto sent = bench.transmit();
    ASSERT_TRUE(sent);
    EXPECT_EQ(bench.net.on_wire(*sent).length(), size);
    bench.net.transmitted(*sent, bench.memory.cpu, 0s);
  }
}

TEST_F(Transmit, APacketMustEndBeforeItsPageDoes) {
  EXPECT_EQ(status_of({0, 100, {web.address_of(10).value + 4096 - 100}}), NetStatus::bad_page);
  EXPECT_EQ(status_of({0, 100, {web.address_of(10).value + 4095 - 100}}), NetStatus::bad_page) << "no packet";
  EXPECT_EQ(bench.did(NetStep::tx_refused), 2U);
}

TEST_F(Transmit, FramesThatAreNotTheSendersAreRefused) {
  EXPECT_EQ(status_of({0, 60, mail.address_of(10)}), NetStatus::bad_page);
  EXPECT_EQ(status_of({0, 60, {0}}), NetStatus::bad_page) << "the monitor's";
  EXPECT_EQ(status_of({0, 60, {0xfffff000}}), NetStatus::bad_page) << "beyond memory";
}

TEST_F(Transmit, NothingIsSentFromAPageTableSinceTheMonitorWritesIntoIt) {
  const FrameNumber table = web.image.table(0);
  const std::uint32_t before = bench.memory.machine.contents.load(table, 1);
  // Entry 3 would pass for the type of IP.
  ASSERT_EQ(
      bench.memory.update(web.domain, {bench.memory.entry(table, 3, PageTableEntry{0x00000008})}).status,
      HypercallStatus::done);
  EXPECT_EQ(status_of({0, 60, {table.value * page_size}}), NetStatus::bad_page);
  EXPECT_EQ(bench.memory.machine.contents.load(table, 1), before);
}

TEST_F(Transmit, OtherProtocolsAreRefused) {
  EthernetFrame packet = tcp_packet(web.ip, outside);
  store_network(packet.known(), EthernetHeader::type_offset, std::uint16_t{0x86dd});
  bench.send(web, 10, packet);
  bench.update(web);
  EXPECT_EQ(bench.tx_response(web, 0).status, NetStatus::bad_page);
}

TEST_F(Transmit, AForgedSenderIsDroppedUnlessItIsDomain0) {
  bench.send(web, 10, tcp_packet(mail.ip, outside));
  bench.update(web);
  EXPECT_EQ(bench.tx_response(web, 0).status, NetStatus::dropped);
  const NetGuest control = bench.add_control();
  bench.send(control, 10, tcp_packet(outside, outside));
  bench.update(control);
  EXPECT_TRUE(bench.transmit());
}

TEST_F(Transmit, APacketForANeighbourIsCopiedAndAnsweredAtOnce) {
  bench.post(mail, 20);
  bench.send(web, 10, tcp_packet(web.ip, mail.ip, 700), 5);
  bench.update(web);
  EXPECT_EQ(bench.tx_response(web, 0), (TxResponse{5, NetStatus::ok}));
  EXPECT_EQ(bench.did(NetStep::byte_copied), 754U);
  EXPECT_FALSE(bench.transmit());
  EXPECT_TRUE(bench.net.owed.receive);
  bench.deliver();
  EXPECT_EQ(bench.rx_response(mail, 0), (RxResponse{20, 754, NetStatus::ok, 18}));
  std::array<std::byte, 54> bytes{};
  load_bytes(bench.memory.machine.contents, bench.entry(mail, 20).frame(), 18, bytes);
  EXPECT_EQ(EthernetHeader::read(bytes)->destination, bench.vif(mail).mac);
  EXPECT_EQ(Ipv4Header::read(std::span(bytes).subspan(14))->source, web.ip);
}

TEST_F(Transmit, WithoutAFreePageALocalPacketIsRefused) {
  std::vector<FrameNumber> taken;
  while (bench.memory.machine.frames.free().count > 0) taken.push_back(bench.net.take_page());
  bench.send(web, 10, tcp_packet(web.ip, mail.ip));
  bench.update(web);
  EXPECT_EQ(bench.tx_response(web, 0).status, NetStatus::bad_page);
  EXPECT_EQ(bench.did(NetStep::out_of_pages), 1U);
  for (const FrameNumber page : taken) bench.net.put_page(page);
}

TEST_F(Transmit, InterfacesWithABacklogTakeTurnsPacketByPacket) {
  for (std::uint16_t i = 0; i < 10; ++i) {
    bench.send(web, 10, tcp_packet(web.ip, outside, 1400), i);
    bench.send(mail, 10, tcp_packet(mail.ip, outside, 10), i);
  }
  bench.update(web);
  bench.update(mail);
  std::vector<Transmission> nic;
  std::string order;
  const auto fill = [&](std::size_t limit) {
    while (nic.size() < limit) {
      const auto sent = bench.transmit();
      if (!sent) return;
      order += sent->vif == web.id ? 'A' : 'B';
      nic.push_back(*sent);
    }
  };
  fill(4);
  EXPECT_EQ(order, "ABAB");
  while (!nic.empty()) {
    bench.net.transmitted(nic.front(), bench.memory.cpu, 0s);
    nic.erase(nic.begin());
    fill(4);
  }
  EXPECT_EQ(order, "ABABABABABABABABABAB");
}

TEST_F(Transmit, WhatIsAddedWhileTheRingDrainsNeedsNoHypercall) {
  bench.send(web, 10, tcp_packet(web.ip, outside));
  bench.update(web);
  for (std::uint32_t i = 1; i < 10; ++i) bench.send(web, 10 + i, tcp_packet(web.ip, outside));
  std::uint32_t sent = 0;
  while (const auto packet = bench.transmit()) {
    ++sent;
    bench.net.transmitted(*packet, bench.memory.cpu, 0s);
  }
  EXPECT_EQ(sent, 10U);
  EXPECT_EQ(bench.did(NetStep::hypercall), 1U);
}

TEST_F(Transmit, AnEventIsDueExactlyWhenResponsesReachTheThreshold) {
  bench.vif(web).page.tx.response_event = 3;
  for (std::uint32_t i = 0; i < 8; ++i) bench.send(web, 10 + i, tcp_packet(mail.ip, outside));
  bench.update(web);
  EXPECT_EQ(bench.net.owed.events, std::vector{web.domain.id});
  bench.net.owed.clear();
  bench.vif(web).page.tx.response_event = 3 + 256;
  for (std::uint32_t i = 0; i < 255; ++i) bench.send(web, 10, tcp_packet(mail.ip, outside));
  bench.update(web);
  EXPECT_TRUE(bench.net.owed.events.empty()) << "the monitor's index never has that value";
}

TEST_F(Transmit, AtMost255RequestsAreUnderWay) {
  for (std::uint32_t i = 0; i < 255; ++i) bench.send(web, 10, tcp_packet(web.ip, outside));
  bench.update(web);
  EXPECT_EQ(bench.did(NetStep::header_copied), 255U);
  bench.vif(web).page.tx.request_producer = 100;
  bench.update(web);
  EXPECT_EQ(bench.did(NetStep::tx_request), 255U) << "the ring is closed until there is a response";
}

TEST_F(Transmit, AGuestOfSeveralInterfacesIsServedUpToTheFirstThatIsMissing) {
  ASSERT_TRUE(bench.net.add(web.domain, bench.memory.cpu, "web"));
  ASSERT_TRUE(bench.net.add(web.domain, bench.memory.cpu, "web"));
  Vif& third = *bench.net.find(VifId::of(web.domain.id, 2));
  third.page.tx.request_producer = 1;
  bench.net.remove(VifId::of(web.domain.id, 1));
  bench.update(web);
  EXPECT_EQ(third.page.tx.response_producer, 0U);
  ASSERT_EQ(bench.net.add(web.domain, bench.memory.cpu, "web"), VifId::of(web.domain.id, 1));
  bench.update(web);
  EXPECT_EQ(third.page.tx.response_producer, 1U);
}

TEST_F(Transmit, ADomainHasAtMostEightInterfacesEachWithItsOwnAddress) {
  std::vector<MacAddress> macs{bench.vif(web).mac, bench.vif(mail).mac};
  for (std::uint32_t i = 1; i < 8; ++i) {
    macs.push_back(bench.net.find(*bench.net.add(web.domain, bench.memory.cpu, "web"))->mac);
  }
  EXPECT_FALSE(bench.net.add(web.domain, bench.memory.cpu, "web"));
  std::sort(macs.begin(), macs.end());
  EXPECT_EQ(std::adjacent_find(macs.begin(), macs.end()), macs.end());
  for (const MacAddress& mac : macs) EXPECT_EQ(mac.bytes[0], 0xaa);
  EXPECT_EQ(bench.vif(bench.add_control()).mac, test::nic_mac);
}

TEST_F(Transmit, ARemovedInterfaceLeavesTheNicWhatItHas) {
  for (std::uint32_t i = 0; i < 3; ++i) bench.send(web, 10 + i, tcp_packet(web.ip, outside));
  bench.update(web);
  const auto sent = bench.transmit();
  bench.net.remove(web.id);
  EXPECT_EQ(counts(10), (Counts{2, 1}));
  EXPECT_EQ(counts(11), (Counts{1, 1}));
  EXPECT_EQ(bench.net.sending(web.domain.id), 1U);
  EXPECT_FALSE(bench.transmit());
  ASSERT_EQ(bench.net.add(web.domain, bench.memory.cpu, "web"), web.id);
  bench.net.transmitted(*sent, bench.memory.cpu, 0s);
  EXPECT_EQ(counts(10), (Counts{1, 1}));
  EXPECT_EQ(bench.vif(web).page.tx.response_producer, 0U) << "no response to who did not ask";
}

TEST_F(Transmit, OnlyDomain0SetsRulesAndCredits) {
  EXPECT_EQ(bench.net.add_rule(web.domain, {}), HypercallStatus::not_permitted);
  EXPECT_EQ(bench.net.remove_rule(web.domain, {}), HypercallStatus::not_permitted);
  EXPECT_EQ(bench.net.set_credit(web.domain, web.id, 1, 1s), HypercallStatus::not_permitted);
  EXPECT_EQ(bench.net.rules().list().size(), 4U);
  EXPECT_EQ(bench.net.remove_rule(bench.memory.domain0, {}), HypercallStatus::invalid) << "no such rule";
  EXPECT_EQ(bench.net.set_credit(bench.memory.domain0, VifId{12345}, 1, 1s), HypercallStatus::invalid);
}

// --- Credit ---

class CreditShaping : public Transmit {
 protected:
  CreditShaping() { bench.net.set_credit(bench.memory.domain0, web.id, 3000, 10ms); }
  /// As many packets of 1000 bytes as the interface may send by then.
  std::uint32_t drain(Time now) {
    std::uint32_t sent = 0;
    while (const auto packet = bench.transmit(now)) {
      ++sent;
      bench.net.transmitted(*packet, bench.memory.cpu, now);
    }
    return sent;
  }
  void request(std::uint32_t packets) {
    for (std::uint32_t i = 0; i < packets; ++i) bench.send(web, 10 + i, tcp_packet(web.ip, outside, 946));
  }
};

TEST_F(CreditShaping, AnInterfaceOutOfCreditWaitsForTheNextInterval) {
  request(8);
  bench.update(web, 1ms);
  EXPECT_EQ(drain(1ms), 3U);
  ASSERT_EQ(bench.net.owed.refills.size(), 1U);
  EXPECT_EQ(bench.net.owed.refills[0].vif, web.id);
  EXPECT_EQ(bench.net.owed.refills[0].at, 10ms);
  bench.update(web, 9ms);
  EXPECT_EQ(drain(9ms), 0U);
  EXPECT_EQ(bench.net.owed.refills.size(), 1U) << "one timer";
  bench.net.refill(web.id, bench.memory.cpu, 10ms);
  EXPECT_EQ(drain(10ms), 3U);
  EXPECT_EQ(bench.net.owed.refills[1].at, 20ms);
  bench.net.refill(web.id, bench.memory.cpu, 20ms);
  EXPECT_EQ(drain(20ms), 2U);
}

TEST_F(CreditShaping, UnusedIntervalsDoNotAddUp) {
  request(8);
  bench.update(web, 100ms);
  EXPECT_EQ(drain(100ms), 6U) << "the first bucket, and one that is filled when that is empty";
  EXPECT_EQ(bench.net.owed.refills[0].at, 110ms);
}

TEST_F(CreditShaping, LocalPacketsSpendCreditToo) {
  for (std::uint32_t i = 0; i < 4; ++i) bench.send(web, 10 + i, tcp_packet(web.ip, mail.ip, 946));
  bench.update(web, 1ms);
  EXPECT_EQ(bench.did(NetStep::local_copy), 3U);
  bench.deliver();
}

TEST_F(CreditShaping, APacketLargerThanTheBucketWrapsIt) {
  bench.net.set_credit(bench.memory.domain0, web.id, 500, 10ms);
  request(8);
  bench.update(web, 20ms);
  EXPECT_EQ(drain(20ms), 8U) << "what remains wraps round: as good as no limit";
}

TEST_F(CreditShaping, AnIntervalOfZeroIsNoLimit) {
  bench.net.set_credit(bench.memory.domain0, web.id, 1, 0s);
  request(8);
  bench.update(web, 0s);
  EXPECT_EQ(drain(0s), 8U);
}

}  // namespace
}  // namespace xensim
