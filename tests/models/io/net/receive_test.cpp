#include <gtest/gtest.h>

#include "tests/models/io/net/net_bench.hpp"

namespace xensim {
namespace {

using test::Counts;
using test::NetBench;
using test::NetGuest;
using test::outside;
using test::tcp_packet;

class Receive : public testing::Test {
 protected:
  ~Receive() override { EXPECT_EQ(bench.audit(), ""); }

  NetStatus status_of(const RxRequest& request) {
    const std::uint32_t slot = bench.vif(web).page.rx.response_producer;
    bench.request_rx(web, request);
    bench.update(web);
    EXPECT_NE(bench.vif(web).page.rx.response_producer, slot) << "accepted";
    return bench.rx_response(web, slot).status;
  }
  void set_entry(std::uint32_t page, PageTableEntry entry) {
    ASSERT_EQ(bench.memory.update(web.domain, {bench.memory.entry(table, page, entry)}).status,
              HypercallStatus::done);
  }

  NetBench bench;
  NetGuest web = bench.add(600);
  const FrameNumber table = web.image.table(0);
  const EthernetFrame packet = tcp_packet(outside, web.ip, 1000);
};

TEST_F(Receive, APostedBuffersFrameLeavesTheDomainAndItsEntry) {
  const FrameNumber frame = web.image.pages[20];
  bench.post(web, 20);
  EXPECT_FALSE(bench.entry(web, 20).has(PageTableEntry::present));
  EXPECT_TRUE(bench.entry(web, 20).has(PageTableEntry::writable)) << "all other flags stay";
  EXPECT_FALSE(bench.memory.frame(frame).owner().valid());
  EXPECT_EQ(web.domain.frames.count, 599U);
  EXPECT_EQ(web.domain.total_pages, 600U);
  EXPECT_EQ(bench.memory.counts(table), (Counts{3, 2})) << "the entry, its own mapping and the buffer";
  EXPECT_FALSE(bench.memory.cpu.owed.all);
}

TEST_F(Receive, TheArrivingPageTakesTheBuffersPlace) {
  const FrameNumber before = web.image.pages[20];
  bench.post(web, 20);
  bench.arrive(packet);
  bench.deliver();
  const FrameNumber after = bench.entry(web, 20).frame();
  EXPECT_NE(after, before);
  EXPECT_TRUE(bench.entry(web, 20).has(PageTableEntry::present | PageTableEntry::writable));
  EXPECT_EQ(bench.memory.counts(after), (Counts{1, 1}));
  EXPECT_EQ(bench.memory.frame(after).owner(), web.domain.id);
  EXPECT_EQ(bench.memory.machine.machine_to_physical[after.value], 20U);
  EXPECT_EQ(bench.memory.machine.frames.free().first, before);
  EXPECT_EQ(web.domain.frames.count, 600U);
  EXPECT_EQ(bench.rx_response(web, 0), (RxResponse{20, 1054, NetStatus::ok, 18}));
  std::array<std::byte, 54> bytes{};
  load_bytes(bench.memory.machine.contents, after, 18, bytes);
  EXPECT_EQ(EthernetHeader::read(bytes)->destination, bench.vif(web).mac);
  EXPECT_EQ(Ipv4Header::read(std::span(bytes).subspan(14)), Ipv4Header::read(packet.network()));
}

TEST_F(Receive, ATableThatIsNoneOfTheDomainsOrNotInUseIsRefused) {
  const NetGuest other = bench.add(64);
  EXPECT_EQ(status_of({1, other.entry_of(20)}), NetStatus::bad_page);
  EXPECT_EQ(status_of({1, {0}}), NetStatus::bad_page) << "the monitor's";
  EXPECT_EQ(status_of({1, {0xffffffff}}), NetStatus::bad_page) << "beyond memory";
  EXPECT_EQ(status_of({1, web.address_of(30)}), NetStatus::bad_page) << "a page like any other";
  EXPECT_EQ(status_of({1, web.address_of(0)}), NetStatus::bad_page) << "the directory";
}

TEST_F(Receive, AFormerTableWithEntriesThatNobodyCheckedIsRefused) {
  const FrameNumber former = web.image.pages[40];
  set_entry(40, PageTableEntry{});
  ASSERT_EQ(bench.memory
                .update(web.domain, {bench.memory.extended(ExtendedCommand::pin_l1, former),
                                     bench.memory.extended(ExtendedCommand::unpin, former)})
                .status,
            HypercallStatus::done);
  bench.memory.machine.contents.store(former, 0, test::writable(web.image.pages[20]).bits);
  EXPECT_EQ(bench.memory.frame(former).type(), FrameType::l1);
  EXPECT_EQ(status_of({1, {former.value * page_size}}), NetStatus::bad_page);
}

TEST_F(Receive, ABufferMustBeMappedExactlyOnceAndNothingButMemory) {
  set_entry(500, test::writable(web.image.pages[21]));
  EXPECT_EQ(status_of({1, web.entry_of(21)}), NetStatus::bad_page) << "twice";
  set_entry(22, PageTableEntry{});
  EXPECT_EQ(status_of({1, web.entry_of(22)}), NetStatus::bad_page) << "not at all";
  EXPECT_EQ(status_of({1, web.entry_of(1)}), NetStatus::bad_page) << "the table itself";
  bench.send(web, 23, tcp_packet(web.ip, outside));
  bench.update(web);
  EXPECT_EQ(status_of({1, web.entry_of(23)}), NetStatus::bad_page) << "being sent";
  EXPECT_EQ(bench.did(NetStep::rx_refused), 4U);
}

TEST_F(Receive, WithoutABufferAPacketIsDropped) {
  bench.arrive(packet);
  bench.deliver();
  EXPECT_EQ(bench.did(NetStep::capacity_drop), 1U);
  EXPECT_EQ(bench.vif(web).page.rx.response_producer, 0U);
}

TEST_F(Receive, OfABurstBeforeTheSoftirq101PacketsAreKept) {
  bench.post(web, 20, 254);
  for (int i = 0; i < 300; ++i) bench.arrive(packet);
  EXPECT_EQ(bench.net.queued(), 101U);
  EXPECT_EQ(bench.did(NetStep::congestion_drop), 199U);
  bench.deliver();
  EXPECT_EQ(bench.did(NetStep::delivered), 101U);
}

TEST_F(Receive, AGuestThatDoesNotRunGetsWhatItPostedAndOneEvent) {
  bench.vif(web).page.rx.response_event = 1;
  bench.post(web, 20, 254);
  for (int i = 0; i < 300; ++i) {
    bench.arrive(packet);
    bench.deliver();
  }
  EXPECT_EQ(bench.did(NetStep::delivered), 254U);
  EXPECT_EQ(bench.did(NetStep::capacity_drop), 46U);
  EXPECT_EQ(bench.net.owed.events, std::vector{web.domain.id});
}

TEST_F(Receive, BuffersPostedTogetherNeedOneShootdown) {
  bench.post(web, 20, 254);
  for (int i = 0; i < 254; ++i) {
    bench.arrive(packet);
    bench.deliver();
  }
  EXPECT_EQ(bench.did(NetStep::shootdown), 1U);
  EXPECT_EQ(bench.did(NetStep::remote_shootdown), 0U);
  EXPECT_TRUE(bench.memory.cpu.owed.all);
}

TEST_F(Receive, AFlushBetweenPostingAndDeliverySavesTheShootdown) {
  bench.post(web, 20);
  ASSERT_EQ(bench.memory.update(web.domain, {bench.memory.extended(ExtendedCommand::tlb_flush)}).status,
            HypercallStatus::done);
  bench.arrive(packet);
  bench.deliver();
  EXPECT_EQ(bench.did(NetStep::shootdown), 0U);
}

TEST_F(Receive, TheRecordOfFlushesHas16Bits) {
  bench.post(web, 20);
  bench.memory.cpu.flushes += 65536;
  bench.arrive(packet);
  bench.deliver();
  EXPECT_EQ(bench.did(NetStep::shootdown), 1U) << "for nothing";
}

TEST_F(Receive, WhoHasMovedLeftNoTranslationsToShootDown) {
  bench.post(web, 20);
  MemoryCpu there;
  bench.net.move(web.id, there);
  bench.arrive(packet);
  bench.net.deliver_all(there);
  EXPECT_EQ(bench.did(NetStep::delivered), 1U);
  EXPECT_EQ(bench.did(NetStep::remote_packet), 0U);
  EXPECT_EQ(bench.did(NetStep::shootdown), 0U);
  bench.net.update({bench.memory.machine, there, web.domain}, 0s);
  bench.net.move({}, there);  // nobody
  EXPECT_EQ(bench.net.audit(), "");
}

TEST_F(Receive, AnotherProcessorIsShotDownFromAfar) {
  bench.post(web, 20);
  bench.arrive(packet);
  MemoryCpu interrupted;
  bench.net.deliver_all(interrupted);
  EXPECT_EQ(bench.did(NetStep::remote_shootdown), 1U);
  EXPECT_TRUE(bench.memory.cpu.owed.all);
  EXPECT_FALSE(interrupted.owed.all);
  EXPECT_EQ(interrupted.work[MemoryStep::map_slot], 2U);
}

TEST_F(Receive, AnEntryInUseAgainCostsThePacketNotTheFrame) {
  const FrameNumber frame = web.image.pages[20];
  bench.post(web, 20);
  set_entry(20, test::writable(web.image.pages[30]));
  bench.arrive(packet);
  bench.deliver();
  EXPECT_EQ(bench.rx_response(web, 0), (RxResponse{20, 0, NetStatus::bad_page, 0}));
  EXPECT_EQ(bench.entry(web, 20).frame(), web.image.pages[30]);
  EXPECT_EQ(bench.memory.frame(frame).owner(), web.domain.id);
  EXPECT_EQ(bench.memory.counts(frame), (Counts{0, 0}));
  EXPECT_EQ(bench.memory.frame(frame).need_flush, 1U) << "the guest may still write to it";
  EXPECT_EQ(bench.did(NetStep::entry_reused), 1U);
}

TEST_F(Receive, FlagsLeftInTheEntryDoNotMakeItGlobal) {
  bench.post(web, 20);
  set_entry(20, PageTableEntry{PageTableEntry::global | PageTableEntry::large | PageTableEntry::user});
  bench.arrive(packet);
  bench.deliver();
  EXPECT_TRUE(bench.entry(web, 20).has(PageTableEntry::user));
  EXPECT_FALSE(bench.entry(web, 20).has_any(PageTableEntry::global | PageTableEntry::large));
}

TEST_F(Receive, ATableThatOnlyItsBufferKeepsEndsWithIt) {
  const FrameNumber second = web.image.pages[40], buffer = web.image.pages[41];
  set_entry(40, PageTableEntry{});
  set_entry(41, PageTableEntry{});
  ASSERT_EQ(bench.memory
                .update(web.domain, {bench.memory.extended(ExtendedCommand::pin_l1, second),
                                     bench.memory.entry(second, 0, test::writable(buffer)),
                                     bench.memory.entry(second, 1, test::writable(web.image.pages[42]))})
                .status,
            HypercallStatus::done);
  bench.request_rx(web, {1, {second.value * page_size}});
  bench.update(web);
  ASSERT_EQ(bench.memory.update(web.domain, {bench.memory.extended(ExtendedCommand::unpin, second)}).status,
            HypercallStatus::done);
  EXPECT_EQ(bench.memory.counts(second), (Counts{1, 1}));
  bench.arrive(packet);
  bench.deliver();
  EXPECT_EQ(bench.memory.counts(second), (Counts{0, 0}));
  EXPECT_EQ(bench.memory.counts(web.image.pages[42]), (Counts{1, 1})) << "its own mapping only";
}

TEST_F(Receive, WhatTheRulesGiveToNobodyIsDomain0s) {
  const EthernetFrame stray = tcp_packet(outside, Ipv4Address::of(1, 2, 3, 4));
  bench.arrive(stray);
  bench.deliver();
  EXPECT_EQ(bench.did(NetStep::unrouted_drop), 1U) << "it has no interface yet";
  const NetGuest control = bench.add_control();
  bench.post(control, 20);
  bench.arrive(stray);
  bench.deliver();
  EXPECT_EQ(bench.rx_response(control, 0).status, NetStatus::ok);
}

TEST_F(Receive, ARemovedInterfaceGivesItsBuffersBackWhereTheyWere) {
  bench.post(web, 20, 3);
  set_entry(21, test::writable(web.image.pages[30]));
  bench.net.remove(web.id);
  EXPECT_EQ(bench.entry(web, 20), test::writable(web.image.pages[20]));
  EXPECT_EQ(bench.entry(web, 22), test::writable(web.image.pages[22]));
  EXPECT_EQ(bench.memory.counts(web.image.pages[20]), (Counts{1, 1}));
  EXPECT_EQ(bench.memory.counts(web.image.pages[21]), (Counts{0, 0}));
  EXPECT_EQ(web.domain.frames.count, 600U);
  EXPECT_EQ(bench.memory.counts(table), (Counts{2, 1}));
}

TEST_F(Receive, SteadyReceptionKeepsTheDomainsSizeAndTheFreeList) {
  const std::uint32_t free = bench.memory.machine.frames.free().count;
  bench.post(web, 20, 64);
  for (std::uint32_t i = 0; i < 2000; ++i) {
    bench.arrive(packet);
    bench.deliver();
    bench.post(web, 20 + i % 64);
  }
  EXPECT_EQ(bench.did(NetStep::delivered), 2000U);
  EXPECT_EQ(web.domain.frames.count, 600U - 64U);
  EXPECT_EQ(bench.memory.machine.frames.free().count, free);
}

}  // namespace
}  // namespace xensim
