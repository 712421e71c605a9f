#include "tests/models/guest/network/network_fixture.hpp"

namespace xensim {
namespace {

constexpr std::size_t buffer = 8192;
constexpr SocketAddress peer{NetworkFixture::there, 5001};

/// Results of a program's calls.
struct Results {
  std::int64_t connected = 1, ended = 1;
  std::uint64_t sent = 0, received = 0;
  bool done = false;
  Time at{};
};

Program send_all(Self self, Results& results, std::uint64_t bytes, SocketAddress to) {
  const std::int64_t socket = co_await self.socket();
  co_await self.set_option(socket, SocketOption::send_buffer, 131072);
  results.connected = co_await self.connect(socket, to);
  while (results.connected == 0 && results.sent < bytes) {
    const std::int64_t count = co_await self.write(
        socket, static_cast<std::size_t>(std::min<std::uint64_t>(buffer, bytes - results.sent)));
    if (count <= 0) break;
    results.sent += static_cast<std::uint64_t>(count);
  }
  co_await self.shutdown(socket);
  results.ended = co_await self.read(socket, buffer);
  co_await self.close(socket);
  results.at = Time{co_await self.clock()};
  results.done = true;
}

Program receive_all(Self self, Results& results, std::uint16_t port) {
  const std::int64_t listener = co_await self.socket();
  co_await self.set_option(listener, SocketOption::receive_buffer, 131072);
  const SocketAddress here{.port = port};
  co_await self.bind(listener, here);
  results.connected = co_await self.listen(listener);
  const std::int64_t socket = co_await self.accept(listener);
  for (;;) {
    results.ended = co_await self.read(socket, buffer);
    if (results.ended <= 0) break;
    results.received += static_cast<std::uint64_t>(results.ended);
  }
  co_await self.close(socket);
  co_await self.close(listener);
  results.at = Time{co_await self.clock()};
  results.done = true;
}

struct GuestNetworkTest : testing::TestWithParam<std::pair<std::uint32_t, bool>> {
  NetworkFixture all{GetParam().first, GetParam().second};
  Results results;
};

TEST_P(GuestNetworkTest, AProgramSendsToAMachineOutside) {
  constexpr std::uint64_t bytes = 3'000'000;
  all.outside.listen(5001);
  all.on_connected = [&](std::uint32_t id) { all.outside.shutdown(all.now(), id); };
  all.start(send_all({}, results, bytes, peer));
  all.run(2s);
  EXPECT_TRUE(results.done);
  EXPECT_EQ(results.sent, bytes);
  EXPECT_EQ(results.ended, 0) << "the other side ended";
  ASSERT_EQ(all.connections.size(), 1U);
  EXPECT_EQ(all.got[all.connections[0]], bytes);
  EXPECT_TRUE(all.ends[all.connections[0]]);
  EXPECT_EQ(all.audit(), "");
}

TEST_P(GuestNetworkTest, AProgramReceivesFromAMachineOutside) {
  constexpr std::uint64_t bytes = 3'000'000;
  all.start(receive_all({}, results, 5001));
  all.run(10ms);
  const auto id = all.outside.connect(all.now(), NetworkFixture::here, 5001);
  all.outside.send(all.now(), id, bytes);
  all.outside.shutdown(all.now(), id);
  all.run(2s);
  EXPECT_TRUE(results.done);
  EXPECT_EQ(results.received, bytes);
  EXPECT_TRUE(all.ends[id]);
  EXPECT_TRUE(all.done[id]);
  EXPECT_EQ(all.audit(), "");
}

INSTANTIATE_TEST_SUITE_P(Interfaces, GuestNetworkTest,
                         testing::Values(std::pair{1500U, true}, std::pair{1500U, false},
                                         std::pair{500U, true}));

TEST(GuestLoopback, TwoProgramsOfOneKernelTalk) {
  NetworkFixture all;
  Results sender, receiver;
  all.start(receive_all({}, receiver, 5001));
  all.run(10ms);
  all.start(send_all({}, sender, 1'000'000, {Ipv4Address::of(127, 0, 0, 1), 5001}));
  all.run(3s);
  EXPECT_TRUE(sender.done);
  EXPECT_TRUE(receiver.done);
  EXPECT_EQ(receiver.received, 1'000'000U);
  EXPECT_EQ(all.frames_out, 0U) << "nothing leaves the machine";
  EXPECT_EQ(all.audit(), "");
}

TEST(GuestNetwork, AConnectionToNobodyIsRefused) {
  NetworkFixture all;
  Results results;
  all.start(send_all({}, results, 1, peer));
  all.run(1s);
  EXPECT_EQ(results.connected, -static_cast<std::int64_t>(CallError::connection_refused));
  EXPECT_TRUE(results.done);
}

struct Tries {
  std::int64_t accepted = 0, read = 0, ready_before = 0, ready_after = 0, readable_bytes = 0;
};

Program try_without_waiting(Self self, Tries& tries) {
  const std::int64_t listener = co_await self.socket();
  const SocketAddress here{.port = 80};
  co_await self.bind(listener, here);
  co_await self.listen(listener);
  co_await self.set_nonblocking(listener, true);
  tries.accepted = co_await self.accept(listener);
  SelectSets sets;
  sets.read.set(static_cast<std::size_t>(listener));
  tries.ready_before = co_await self.select(64, sets);
  co_yield Sleep{100ms};
  tries.ready_after = co_await self.select(64, sets);
  const std::int64_t socket = co_await self.accept(listener);
  co_await self.set_nonblocking(socket, true);
  tries.readable_bytes = co_await self.read(socket, buffer);
  tries.read = co_await self.read(socket, buffer);
}

TEST(GuestNetwork, SocketsThatDoNotWaitSayTryAgainAndSelectSaysWhenNotTo) {
  NetworkFixture all;
  Tries tries;
  all.start(try_without_waiting({}, tries));
  all.run(50ms);
  const auto id = all.outside.connect(all.now(), NetworkFixture::here, 80);
  all.outside.send(all.now(), id, 100);
  all.run(300ms);
  constexpr auto try_again = -static_cast<std::int64_t>(CallError::try_again);
  EXPECT_EQ(tries.accepted, try_again);
  EXPECT_EQ(tries.ready_before, 0);
  EXPECT_EQ(tries.ready_after, 1);
  EXPECT_EQ(tries.readable_bytes, 100);
  EXPECT_EQ(tries.read, try_again);
}

TEST(GuestNetwork, ASleepingReaderWorksOnItsSegmentsItself) {
  NetworkFixture all;
  Results results;
  all.start(receive_all({}, results, 5001));
  all.run(10ms);
  const auto id = all.outside.connect(all.now(), NetworkFixture::here, 5001);
  all.run(20ms);
  std::uint64_t calls_when_acknowledged = 0;
  all.tap = [&](bool leaves, const EthernetFrame&) {
    if (leaves) calls_when_acknowledged = all.did(KernelPath::tcp_receive_call);
  };
  all.outside.send(all.now(), id, 100);
  all.run(100ms);
  EXPECT_EQ(calls_when_acknowledged, 2U) << "the call has gone on before the acknowledgement leaves";
  EXPECT_EQ(results.received, 100U);
}

Program write_once(Self self, Results& results, std::size_t bytes) {
  const std::int64_t socket = co_await self.socket();
  co_await self.set_option(socket, SocketOption::send_buffer, 131072);
  results.connected = co_await self.connect(socket, peer);
  results.sent = static_cast<std::uint64_t>(co_await self.write(socket, bytes));
}

TEST(GuestNetwork, AcknowledgementsThatComeDuringAWriteAreWorkedOnAtItsEnd) {
  constexpr std::size_t segments = 40, payload = 1448;
  NetworkFixture all;
  all.gap = 2us;
  all.delay = 1us;
  Results results;
  std::uint64_t answers = 0, cut_before_next = 0;
  all.tap = [&](bool leaves, const EthernetFrame& frame) {
    if (!leaves && results.connected == 0) ++answers;
    if (leaves && answers > 0 && cut_before_next == 0 && frame.length() > payload) {
      cut_before_next = all.did(KernelPath::tcp_send_segment);
    }
  };
  all.outside.listen(5001);
  all.start(write_once({}, results, segments * payload));
  all.run(100ms);
  EXPECT_EQ(results.sent, segments * payload);
  EXPECT_EQ(cut_before_next, segments) << "two went out at once, the others when the call let the socket go";
  EXPECT_EQ(all.got[all.connections.at(0)], segments * payload);
}

Program shares_its_socket(Self self, Results& results, GuestProcess*& victim) {
  const std::int64_t socket = co_await self.socket();
  results.connected = co_await self.connect(socket, peer);
  const Self::Body writer = [&, socket](Self child) -> Program {
    Call tells_itself{Call::Kind::system, [&](ProcessKernel&, GuestProcess& caller) -> CallResult {
                        victim = &caller;
                        return {};
                      }};
    co_await tells_itself;
    results.sent = static_cast<std::uint64_t>(co_await child.write(socket, buffer));
  };
  co_await self.fork(writer);
  results.received = static_cast<std::uint64_t>(co_await self.read(socket, buffer));
}

TEST(GuestNetwork, AWriterThatIsKilledInTheMiddleOfACallLeavesTheSocketToTheOthers) {
  NetworkFixture all;
  Results results;
  GuestProcess* victim = nullptr;
  bool killed = false;
  all.tap = [&](bool leaves, const EthernetFrame& frame) {
    if (!leaves || victim == nullptr || killed || frame.length() < 1000) return;
    killed = true;  // as for lack of memory, between two segments
    victim->dies = true;
    victim->signals.force(signal_number::kill);
  };
  all.outside.listen(5001);
  all.start(shares_its_socket({}, results, victim));
  all.run(100ms);
  ASSERT_TRUE(killed);
  EXPECT_EQ(results.sent, 0U) << "it is dead";
  all.outside.send(all.now(), all.connections.at(0), 100);
  all.run(200ms);
  EXPECT_EQ(results.received, 100U);
  EXPECT_EQ(all.audit(), "");
}

Program echo(Self self, int& count) {
  const std::int64_t socket = co_await self.socket(SocketKind::datagram);
  const SocketAddress here{.port = 7};
  co_await self.bind(socket, here);
  for (;;) {
    SocketAddress from;
    const std::int64_t bytes = co_await self.receive_from(socket, buffer, from);
    co_await self.send_to(socket, static_cast<std::size_t>(bytes), from);
    ++count;
  }
}

TEST(GuestNetwork, DatagramsAreEchoed) {
  NetworkFixture all;
  int echoed = 0, answered = 0;
  all.on_datagram = [&](std::uint16_t port, std::uint32_t bytes) {
    EXPECT_EQ(port, 7);
    EXPECT_EQ(bytes, 64U);
    ++answered;
  };
  all.start(echo({}, echoed));
  for (int i = 0; i < 5; ++i) {
    all.run(all.now() + 3ms);
    all.outside.send_datagram(all.now(), 9000, NetworkFixture::here, 7, 64);
  }
  all.run(all.now() + 20ms);
  EXPECT_EQ(echoed, 5);
  EXPECT_EQ(answered, 5);
  EXPECT_EQ(all.audit(), "");
}

TEST(GuestNetwork, AWriterThatFillsItsBufferSleepsUntilAThirdOfItIsFree) {
  NetworkFixture all;
  Results results;
  all.outside.listen(5001);
  all.start(send_all({}, results, 10'000'000, peer));
  all.run(200ms);
  EXPECT_GT(all.did(KernelPath::wait_entry), 10U);
  // 131,070 bytes of buffer hold 73 segments; each sleep is for a third of them or more.
  EXPECT_LT(all.did(KernelPath::wait_entry), 10'000'000U / 1448 / 20);
}

Program waits_to_read(Self self, std::int64_t& received) {
  const std::int64_t socket = co_await self.socket(SocketKind::datagram);
  const SocketAddress here{.port = 7};
  co_await self.bind(socket, here);
  co_yield Sleep{500ms};
  co_await self.set_nonblocking(socket, true);
  while (co_await self.read(socket, buffer) > 0) ++received;
}

TEST(GuestNetwork, HowManyDatagramsWaitDependsOnTheMemoryThatTheDeviceTakesForEach) {
  for (const auto& [frame_size, expected] : {std::pair{0U, 246}, std::pair{2253U, 29}}) {
    NetworkFixture all;
    all.frame_size = frame_size;
    std::int64_t received = 0;
    all.start(waits_to_read({}, received));
    all.run(10ms);
    for (int i = 0; i < 300; ++i) {
      all.outside.send_datagram(all.now(), 9000, NetworkFixture::here, 7, 18);
      all.run(all.now() + 1ms);
    }
    all.run(1s);
    EXPECT_NEAR(static_cast<double>(received), expected, 1) << frame_size;
  }
}

Program sends_now_and_then(Self self) {
  const std::int64_t socket = co_await self.socket();
  co_await self.connect(socket, peer);
  for (int i = 0; i < 100; ++i) {
    co_await self.write(socket, 100);
    co_yield Sleep{1s};
  }
}

TEST(GuestNetwork, ANeighbourThatAcknowledgesNeedNotBeAskedAgain) {
  NetworkFixture all;
  int asked = 0;
  all.tap = [&](bool leaves, const EthernetFrame& frame) {
    const auto ethernet = EthernetHeader::read(frame.known());
    if (!leaves || !ethernet || ethernet->type != EtherType::arp) return;
    const auto arp = ArpPacket::read(frame.network());
    if (arp && arp->operation == ArpPacket::Operation::request) ++asked;
  };
  all.outside.listen(5001);
  all.start(sends_now_and_then({}));
  all.run(90s);
  EXPECT_EQ(asked, 1);
}

struct Names {
  SocketAddress before, after;
  std::int64_t seconds_left = 0;
};

Program asks_for_names(Self self, Names& names) {
  const std::int64_t socket = co_await self.socket();
  co_await self.getsockname(socket, names.before);
  co_await self.alarm(300);
  co_await self.connect(socket, peer);
  co_await self.getsockname(socket, names.after);
  co_yield Sleep{1500ms};
  names.seconds_left = co_await self.alarm(0);
}

TEST(GuestNetwork, ASocketsNameIsItsAddressOnceItIsConnected) {
  NetworkFixture all;
  Names names;
  all.outside.listen(5001);
  all.start(asks_for_names({}, names));
  all.run(2s);
  EXPECT_EQ(names.before, SocketAddress{});
  EXPECT_EQ(names.after.ip, NetworkFixture::here);
  EXPECT_EQ(names.after.port, 1024) << "the first port of a machine with 128 MB";
  EXPECT_EQ(names.seconds_left, 299) << "of an alarm after 300, in whole seconds";
}

}  // namespace
}  // namespace xensim
