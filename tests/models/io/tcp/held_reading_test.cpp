/// A machine outside that reads as slowly as it likes.
#include <gtest/gtest.h>

#include "tests/models/io/tcp/two_endpoints.hpp"

namespace xensim {
namespace {

struct HeldReading : testing::Test {
  HeldReading() {
    world.b.endpoint.listen(80);
    id = world.a.endpoint.connect(world.now, Ipv4Address::of(10, 0, 0, 2), 80);
    world.a.endpoint.hold(id);
    world.run(world.now + 10ms);
  }
  TwoEndpoints world;
  EndpointClient::Connection id{};
};

TEST_F(HeldReading, TheWindowClosesAndTheSenderWaits) {
  world.b.endpoint.send(world.now, world.b.connections.at(0), 1'000'000);
  world.run(world.now + 5s);
  EXPECT_EQ(world.a.got[id], 0U);
  EXPECT_FALSE(world.b.done[world.b.connections.at(0)]);
  // No more than the receive buffer had come.
  std::uint32_t waited = 0;
  while (const std::uint32_t part = world.a.endpoint.take(world.now, id, 4096)) waited += part;
  EXPECT_GT(waited, 20'000U);
  EXPECT_LT(waited, 87'380U);
}

TEST_F(HeldReading, TakingOpensTheWindowAgainUntilAllHasCome) {
  constexpr std::uint64_t all = 300'000;
  world.b.endpoint.send(world.now, world.b.connections.at(0), all);
  std::uint64_t taken = 0;
  for (int i = 0; i < 1000 && taken < all; ++i) {
    world.run(world.now + 10ms);
    const std::uint32_t part = world.a.endpoint.take(world.now, id, 4096);
    EXPECT_LE(part, 4096U);
    taken += part;
  }
  world.run(world.now + 1s);
  EXPECT_EQ(taken, all);
  EXPECT_TRUE(world.b.done[world.b.connections.at(0)]);
}

TEST_F(HeldReading, TheEndIsToldWhileBytesStillWait) {
  world.b.endpoint.send(world.now, world.b.connections.at(0), 1000);
  world.b.endpoint.shutdown(world.now, world.b.connections.at(0));
  world.run(world.now + 1s);
  EXPECT_TRUE(world.a.ends[id]);
  EXPECT_EQ(world.a.endpoint.take(world.now, id, 5000), 1000U);
  EXPECT_EQ(world.a.endpoint.take(world.now, id, 5000), 0U);
}

}  // namespace
}  // namespace xensim
