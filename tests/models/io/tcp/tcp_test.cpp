#include <gtest/gtest.h>

#include "tests/models/io/tcp/two_connections.hpp"
#include "tests/models/io/tcp/two_endpoints.hpp"

namespace xensim {
namespace {

using TcpTest = TwoConnections;
using State = TcpConnection::State;

TEST_F(TcpTest, AnOpeningSegmentOffersAllOptions) {
  client.connect(now, 1000);
  const TcpSegment syn = take(to_server);
  EXPECT_EQ(syn.flags, TcpHeader::syn);
  EXPECT_EQ(syn.max_segment, 1460);
  EXPECT_TRUE(syn.sack_permitted);
  EXPECT_TRUE(syn.stamped);
  EXPECT_EQ(syn.stamp, now);
  EXPECT_EQ(syn.window_scale, 0) << "three quarters of 87,380 bytes need none";
  EXPECT_EQ(syn.window, 4 * 1460) << "as much as the other side may send at first";
}

TEST_F(TcpTest, TimeStampsTakeTwelveBytesOfEachSegment) {
  open();
  EXPECT_EQ(client.state(), State::established);
  EXPECT_EQ(client.segment_size(), 1448U);
  EXPECT_TRUE(client_side.saw(TcpChange::established));
}

TEST_F(TcpTest, TheWindowOpensByOneSegmentForEachAcknowledgement) {
  open();
  (void)client.send(now, 20 * 1448);
  EXPECT_EQ(to_server.size(), 2U) << "the first window";
  deliver_to(server, to_server);
  ASSERT_EQ(to_client.size(), 1U) << "the first segments are acknowledged at once";
  deliver_to(client, to_client);
  EXPECT_EQ(client.congestion().size(), 3U);
  EXPECT_EQ(client.queue().in_flight(), 3U);
}

TEST(FirstCongestionWindow, IsThreeSegmentsToANeighbourAndTwoToOthers) {
  CongestionWindow window;
  window.begin(1448, {});
  EXPECT_EQ(window.size(), 2U) << "not known";
  window.begin(1448, Jiffies{2});
  EXPECT_EQ(window.size(), 3U);
  window.begin(1448, Jiffies{3});
  EXPECT_EQ(window.size(), 2U) << "more than 20 ms away";
  window.begin(1000, Jiffies{1});
  EXPECT_EQ(window.size(), 4U);
}

TEST_F(TcpTest, EverySecondSegmentIsAcknowledgedOnceCreditIsUsedUp) {
  open();
  transfer(100 * 1448);
  std::uint64_t segments = 0, acknowledgements = 0;
  std::uint64_t left = 200 * 1448;
  while (left > 0 || client.undelivered() > 0) {
    left -= client.send(now, left);
    while (!to_server.empty()) {
      deliver_to(server, to_server);
      ++segments;
      (void)server.read(UINT32_MAX);
    }
    acknowledgements += to_client.size();
    if (to_client.empty() && client.undelivered() > 0) pass(1);
    while (!to_client.empty()) deliver_to(client, to_client);
  }
  EXPECT_EQ(segments, 200U);
  EXPECT_NEAR(static_cast<double>(acknowledgements), 100, 15);
}

TEST_F(TcpTest, ALoneSegmentIsAcknowledgedAfter40Milliseconds) {
  open();
  transfer(100 * 1448);
  pass(10);
  (void)client.send(now, 100);
  deliver();
  (void)server.send(now, 10);  // a reply: from now on acknowledgements wait for data to go with
  deliver();
  pass(1);
  (void)client.send(now, 100);
  deliver_to(server, to_server);
  ASSERT_TRUE(to_client.empty());
  pass(3);
  EXPECT_TRUE(to_client.empty());
  pass(1);
  EXPECT_EQ(to_client.size(), 1U);
}

TEST_F(TcpTest, ASecondSmallSegmentWaitsForTheFirstToBeAcknowledged) {
  open();
  (void)client.send(now, 10);
  ASSERT_EQ(to_server.size(), 1U);
  (void)client.send(now, 10);
  (void)client.send(now, 10);
  EXPECT_EQ(to_server.size(), 1U);
  deliver();
  EXPECT_EQ(server.readable(), 30U) << "together";
  client.set_no_delay(now, true);
  (void)client.send(now, 10);
  (void)client.send(now, 10);
  EXPECT_EQ(to_server.size(), 2U);
}

TEST_F(TcpTest, ASmallSegmentBehindLargeOnesDoesNotWait) {
  open();
  transfer(50 * 1448);
  (void)client.send(now, 1448 + 10);
  EXPECT_EQ(to_server.size(), 2U) << "no other small one is on its way";
}

TEST_F(TcpTest, OneLossIsRepairedByThreeSelectiveAcknowledgements) {
  open();
  transfer(100 * 1448);
  const std::uint32_t window = client.congestion().size();
  ASSERT_GE(window, 8U);
  (void)client.send(now, 8 * 1448);
  to_server.pop_front();
  while (!to_server.empty()) deliver_to(server, to_server);
  ASSERT_GE(to_client.size(), 4U);
  EXPECT_EQ(to_client[0].sack_count, 1);
  EXPECT_EQ(to_client[0].sacks[0].end - to_client[0].sacks[0].begin, 1448U);
  for (int i = 0; i < 2; ++i) deliver_to(client, to_client);
  EXPECT_TRUE(to_server.empty()) << "it could have been overtaken";
  deliver_to(client, to_client);
  ASSERT_EQ(to_server.size(), 1U);
  deliver();
  EXPECT_EQ(server.readable(), 8 * 1448U);
  EXPECT_EQ(client.counts().retransmissions, 1U);
  EXPECT_EQ(client.counts().timeouts, 0U);
  EXPECT_LE(client.congestion().threshold(), window / 2);
}

TEST_F(TcpTest, ATimerRepairsALossAtTheEndAfter200Milliseconds) {
  open();
  transfer(50 * 1448);
  (void)client.send(now, 1448);
  to_server.clear();
  pass(20);
  EXPECT_TRUE(to_server.empty());
  pass(2);
  EXPECT_EQ(to_server.size(), 1U);
  EXPECT_EQ(client.congestion().size(), 1U);
  to_server.clear();
  pass(39);
  EXPECT_TRUE(to_server.empty()) << "twice as long";
  pass(3);
  EXPECT_EQ(to_server.size(), 1U);
  deliver();
  EXPECT_EQ(server.readable(), 1448U);
}

TEST_F(TcpTest, WithoutTimeStampsARepeatedSegmentSaysNothingOfTheRoundTripTime) {
  settings.time_stamps = false;
  open();
  transfer(50 * 1460);
  const Jiffies smoothed = client.round_trip().smoothed();
  (void)client.send(now, 1460);
  to_server.clear();
  pass(22);
  ASSERT_EQ(to_server.size(), 1U) << "the repetition";
  pass(16);  // until it arrives
  ASSERT_EQ(to_server.size(), 1U);
  deliver();
  pass(5);  // until it is acknowledged
  deliver();
  EXPECT_EQ(client.undelivered(), 0U);
  EXPECT_EQ(client.round_trip().smoothed(), smoothed)
      << "nobody knows which of the two was acknowledged (Karn)";
}

TEST_F(TcpTest, OpeningIsGivenUpAfterFiveRepetitions) {
  client.connect(now, 1000);
  pass(300);
  EXPECT_EQ(to_server.size(), 2U) << "3 s";
  pass((6 + 12 + 24 + 48) * 100);
  EXPECT_EQ(to_server.size(), 6U);
  EXPECT_FALSE(client.failed());
  pass(9600);
  EXPECT_TRUE(client.failed());
}

TEST_F(TcpTest, SequenceNumbersWrapAround) {
  open(0xffff0000U);
  transfer(1'000'000);
  EXPECT_EQ(client.undelivered(), 0U);
  EXPECT_EQ(client.audit(), "");
}

TEST_F(TcpTest, AnIdleConnectionBeginsAgainWithASmallWindow) {
  open();
  transfer(200 * 1448);
  const std::uint32_t window = client.congestion().size();
  ASSERT_GT(window, 16U);
  pass(50);
  (void)client.send(now, 1448);
  EXPECT_LE(client.congestion().size(), window / 4);
  deliver();
  pass(2000);
  (void)client.send(now, 1448);
  EXPECT_EQ(client.congestion().size(), 2U);
}

TEST_F(TcpTest, WhoeverClosesFirstWaitsAMinute) {
  open();
  client.close(now);
  deliver();
  pass(4);
  deliver();
  EXPECT_EQ(client.state(), State::fin_wait_2) << "acknowledged when nothing came to go with";
  EXPECT_TRUE(server_side.saw(TcpChange::ended));
  server.close(now);
  deliver();
  EXPECT_EQ(server.state(), State::closed);
  EXPECT_EQ(client.state(), State::time_wait);
  pass(5999);
  EXPECT_EQ(client.state(), State::time_wait);
  pass(1);
  EXPECT_TRUE(client.is_over());
}

TEST_F(TcpTest, ClosingWithUnreadDataResets) {
  open();
  (void)client.send(now, 10);
  deliver();
  server.close(now);
  deliver();
  EXPECT_TRUE(client.failed());
}

TEST_F(TcpTest, AFullQueueOfThisMachineReducesTheWindowOnce) {
  open();
  transfer(200 * 1448);
  const std::uint32_t window = client.congestion().size();
  client_side.refuse = true;
  (void)client.send(now, 4 * 1448);
  client_side.refuse = false;
  EXPECT_EQ(client.congestion().threshold(), window / 2);
  EXPECT_EQ(client.counts().local_drops > 0, true);
  while (client.undelivered() > 0) {
    pass(1);
    deliver();
    (void)server.read(UINT32_MAX);
  }
}

TEST(TcpOverALink, GigabitEthernetCarries941MegabitsOfPayloadASecond) {
  NetworkEndpoint::Options first = TwoEndpoints::options(1), second = TwoEndpoints::options(2);
  first.socket_buffer = second.socket_buffer = 131072;
  TwoEndpoints two(first, second);
  two.gap = 12304ns;
  two.b.endpoint.listen(5001);
  const auto id = two.a.endpoint.connect(two.now, second.address, 5001);
  two.a.endpoint.send(two.now, id, 40'000'000);
  const Time start = two.now;
  while (!two.a.done[id]) two.run(two.now + 1ms);
  const double rate = 40'000'000 * 8 / to_seconds(two.now - start);
  EXPECT_NEAR(rate, 941.48e6, 5e6);
  EXPECT_EQ(two.a.endpoint.tcp().at(id).counts().retransmissions, 0U);
}

TEST(TcpLayerSpec, ConnectionsBeyondALimitDoNotWaitAfterTheirEnd) {
  NetworkEndpoint::Options first = TwoEndpoints::options(1);
  first.tcp.most_waiting = 2;
  TwoEndpoints two(first);
  two.b.endpoint.listen(80);
  for (int i = 0; i < 3; ++i) {
    const auto id = two.a.endpoint.connect(two.now, TwoEndpoints::options(2).address, 80);
    two.run(two.now + 10ms);
    two.a.endpoint.close(two.now, id);
    two.run(two.now + 10ms);
    two.b.endpoint.close(two.now, two.b.connections.back());
    two.run(two.now + 100ms);
  }
  EXPECT_EQ(two.a.endpoint.tcp().size(), 2U);
  EXPECT_EQ(two.a.endpoint.tcp().counts().not_waited, 1U);
  EXPECT_EQ(two.a.endpoint.tcp().audit(), "");
  two.run(two.now + 70s);
  EXPECT_EQ(two.a.endpoint.tcp().size(), 0U);
  EXPECT_EQ(two.a.endpoint.tcp().audit(), "");
}

TEST(TcpLayerSpec, AListenerKeepsOneMoreConnectionThanItsBacklog) {
  struct Host final : TcpLayer::Host {
    bool transmit(TcpConnection&, const TcpSegment&, TcpBuffer) override { return true; }
    void transmit_unconnected(const TcpPair&, const TcpSegment& segment) override { out = segment; }
    void changed(TcpConnection&, TcpChange) override {}
    void gone(TcpConnection&) override {}
    TcpSegment out;
  };
  Host host;
  const TcpSettings settings;
  TcpLayer layer(host, settings);
  ASSERT_TRUE(layer.listen(80, {.backlog = 2}));
  EXPECT_FALSE(layer.listen(80, {}));
  for (std::uint16_t port = 1; port <= 5; ++port) {
    const TcpPair pair{Ipv4Address::of(10, 0, 0, 1), Ipv4Address::of(10, 0, 0, 2), 80, port};
    const TcpSegment syn{
        .source_port = port, .destination_port = 80, .sequence = 7, .window = 1000, .flags = TcpHeader::syn};
    layer.receive(1, pair, syn, {}, 0);
    const TcpSegment third{.source_port = port,
                           .destination_port = 80,
                           .sequence = 8,
                           .acknowledgement = host.out.sequence + 1,
                           .window = 1000,
                           .flags = TcpHeader::acknowledge};
    layer.receive(1, pair, third, {}, 0);
  }
  EXPECT_EQ(layer.counts().accepted, 3U);
  EXPECT_TRUE(layer.accept(80).has_value());
}

}  // namespace
}  // namespace xensim
