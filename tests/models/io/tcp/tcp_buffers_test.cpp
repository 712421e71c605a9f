/// What a connection keeps for its peer, and offers it.
#include "tests/models/io/tcp/two_connections.hpp"

namespace xensim {
namespace {

using TcpBuffers = TwoConnections;

TEST_F(TcpBuffers, ASendBufferOf128KBIsDoubledUpToItsLimit) {
  settings.option_limit = 65535;
  open();
  client.set_send_buffer(131072);
  EXPECT_EQ(client.send_buffer(), 131070U);
  const std::uint64_t taken = client.send(now, 1 << 20);
  EXPECT_EQ(taken, 73U * 1448) << "overhead of each segment counts";
  EXPECT_FALSE(client.writable());
}

TEST_F(TcpBuffers, ASendBufferGrowsWithTheWindowUntilAProgramFixesIt) {
  open();
  EXPECT_EQ(client.send_buffer(), 16384U);
  transfer(400 * 1448);
  EXPECT_GT(client.send_buffer(), 4 * 16384U);
  EXPECT_LE(client.send_buffer(), settings.max_send_buffer);
}

TEST_F(TcpBuffers, AWriterIsWokenWhenAThirdOfTheBufferIsFree) {
  open();
  client.set_send_buffer(65536);
  transfer(100 * 1448);
  client_side.changes.clear();
  (void)client.send(now, 1 << 20);
  while (!client_side.saw(TcpChange::writable)) {
    ASSERT_FALSE(to_server.empty() && to_client.empty());
    const std::uint32_t queued = client.undelivered();
    if (!to_server.empty()) deliver_to(server, to_server);
    (void)server.read(UINT32_MAX);
    server.after_reading(now, 1448);
    if (!to_client.empty()) deliver_to(client, to_client);
    ASSERT_LE(client.undelivered(), queued);
  }
  const double part = client.undelivered() / 1448.0 * TcpSettings::send_size(1448) / client.send_buffer();
  EXPECT_LE(part, 0.68);
  EXPECT_GE(part, 0.60);
}

TEST_F(TcpBuffers, AWriterWithoutMemoryAsksAgainATenthOfASecondLater) {
  open();
  ASSERT_EQ(client.send(now, 1448), 1448U);
  client_side.starved = true;
  EXPECT_EQ(client.send(now, 1448), 0U);
  EXPECT_FALSE(client.writable());
  EXPECT_EQ(client.audit(), "");
  deliver();
  pass(9);
  EXPECT_FALSE(client_side.saw(TcpChange::writable)) << "though all was acknowledged";
  client_side.starved = false;
  pass(1);
  EXPECT_TRUE(client_side.saw(TcpChange::writable));
  EXPECT_EQ(client.send(now, 1448), 1448U);
}

TEST_F(TcpBuffers, AReaderThatDoesNotReadClosesTheWindowAndIsProbed) {
  open();
  while (client.peer_window() > 1448) {
    (void)client.send(now, 1 << 20);
    deliver();
    pass(5);
    deliver();
  }
  const std::uint32_t waiting = client.undelivered();
  EXPECT_GT(waiting, 0U);
  pass(3000);
  ASSERT_FALSE(to_server.empty()) << "probes";
  EXPECT_LT(to_server.size(), 12U) << "ever more seldom";
  to_server.clear();
  to_client.clear();
  server.after_reading(now, server.read(UINT32_MAX));
  EXPECT_EQ(to_client.size(), 1U) << "the window has doubled";
  deliver();
  EXPECT_LT(client.undelivered(), waiting);
}

TEST_F(TcpBuffers, TheOfferedWindowGrowsOnlyWhileOverheadIsSmall) {
  open();
  const std::uint32_t first = server.window().offered();
  transfer(200 * 1448);
  EXPECT_GT(server.window().offered(), 10 * first);

  // 448 bytes in buffers for 1,536 waste memory: a quarter of the largest buffer is offered at most.
  ReceiveWindow window;
  window.begin(262142, 460, true);
  window.open(174760);
  for (int i = 0; i < 10000; ++i) {
    window.grow(448, TcpSettings::receive_size(514), 0, 448, 174760);
  }
  EXPECT_LT(window.selected(0, 448), 34000U);
  EXPECT_GT(window.selected(0, 448), 30000U);
}

}  // namespace
}  // namespace xensim
