#include "models/io/arp/neighbours.hpp"

#include <gtest/gtest.h>

namespace xensim {
namespace {

struct ArpTest : testing::Test {
  ArpPacket reply() const { return {ArpPacket::Operation::reply, other_mac, other, mac, address}; }
  void known() {
    cache.wait(now, other, 1);
    cache.receive(now, reply());
    cache.messages.clear();
    cache.packets.clear();
  }
  void pass(Jiffies ticks) {
    for (; ticks > 0; --ticks) cache.run_timers(++now);
  }

  MacAddress mac{{2, 0, 0, 0, 0, 1}}, other_mac{{2, 0, 0, 0, 0, 2}};
  Ipv4Address address = Ipv4Address::of(10, 0, 0, 1), other = Ipv4Address::of(10, 0, 0, 2);
  NeighbourCache<int> cache{mac, address};
  Jiffies now = 1000;
};

TEST_F(ArpTest, PacketsWaitForTheAddressAndLeaveInOrder) {
  EXPECT_FALSE(cache.resolve(now, other));
  cache.wait(now, other, 1);
  cache.wait(now, other, 2);
  ASSERT_EQ(cache.messages.size(), 1U) << "one question for all";
  EXPECT_EQ(cache.messages[0].to, MacAddress::broadcast());
  EXPECT_EQ(cache.messages[0].arp.target_ip, other);
  cache.receive(now, reply());
  ASSERT_EQ(cache.packets.size(), 2U);
  EXPECT_EQ(cache.packets[0].packet, 1);
  EXPECT_EQ(cache.packets[1].to, other_mac);
  EXPECT_EQ(cache.resolve(now, other), other_mac);
}

TEST_F(ArpTest, TheOldestOfFourWaitingPacketsIsGivenUp) {
  for (int packet = 1; packet <= 4; ++packet) cache.wait(now, other, packet);
  EXPECT_EQ(cache.given_up, std::vector{1});
  cache.receive(now, reply());
  EXPECT_EQ(cache.packets.size(), 3U);
}

TEST_F(ArpTest, WhoDoesNotAnswerThreeTimesIsGivenUp) {
  cache.wait(now, other, 1);
  pass(299);
  EXPECT_EQ(cache.messages.size(), 3U);
  EXPECT_TRUE(cache.given_up.empty());
  pass(1);
  EXPECT_EQ(cache.given_up, std::vector{1});
  EXPECT_EQ(cache.size(), 0U);
}

TEST_F(ArpTest, AnOldAddressIsUsedAndFiveSecondsLaterCheckedByAskingItsOwner) {
  known();
  pass(3001);
  EXPECT_EQ(cache.resolve(now, other), other_mac);
  pass(499);
  EXPECT_TRUE(cache.messages.empty());
  pass(1);
  ASSERT_EQ(cache.messages.size(), 1U);
  EXPECT_EQ(cache.messages[0].to, other_mac);
  cache.receive(now, reply());
  EXPECT_FALSE(cache.deadline());
}

TEST_F(ArpTest, QuestionsForThisAddressAreAnsweredAndRemembered) {
  cache.receive(now, {ArpPacket::Operation::request, other_mac, other, {}, address});
  ASSERT_EQ(cache.messages.size(), 1U);
  EXPECT_EQ(cache.messages[0].arp.operation, ArpPacket::Operation::reply);
  EXPECT_EQ(cache.messages[0].arp.sender_mac, mac);
  EXPECT_EQ(cache.resolve(now, other), other_mac);
  cache.messages.clear();
  cache.receive(now, {ArpPacket::Operation::request, other_mac, other, {}, Ipv4Address::of(10, 0, 0, 9)});
  EXPECT_TRUE(cache.messages.empty());
}

}  // namespace
}  // namespace xensim
