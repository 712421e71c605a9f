#include <rapidcheck.h>

#include "models/guest/network/unix_calls.hpp"
#include "tests/models/guest/processes/calls_fixture.hpp"

namespace xensim {
namespace {

constexpr ProcessId client_id{1}, server_id{2}, other_id{3};

struct UnixSocketTest : testing::Test, Calls {
  UnixSocketTest() {
    one = static_cast<unsigned>(sockets.pair(process, other).value);
    did.restart();
  }
  WriteCall sending(std::size_t bytes, ProcessId by = client_id) {
    return {{by, std::span(room).first(bytes)}};
  }
  ReadCall receiving(std::size_t bytes, ProcessId by = server_id) {
    return {{by, std::span(room).first(bytes)}};
  }
  CallResult send(unsigned descriptor, std::size_t bytes) {
    WriteCall call = sending(bytes);
    return sockets.send(process, descriptor, call);
  }
  CallResult receive(unsigned descriptor, std::size_t bytes) {
    ReadCall call = receiving(bytes);
    return sockets.receive(process, descriptor, call);
  }
  Readiness poll(unsigned descriptor) { return process.table.get(descriptor)->poll(nullptr); }
  UnixSocket& socket(unsigned descriptor) {
    return dynamic_cast<UnixSocket&>(*process.table.peek(descriptor));
  }

  std::vector<std::byte> room = std::vector<std::byte>(65536);
  UnixCalls sockets{context, calls};
  unsigned one = 0, other = 0;
};

TEST_F(UnixSocketTest, WhatIsSentWakesTheReceiverAndIsCopiedTwice) {
  ReadCall read = receiving(8192);
  EXPECT_TRUE(sockets.receive(process, other, read).sleeps);
  const CallResult sent = send(one, 100);
  EXPECT_EQ(sent.value, 100);
  EXPECT_EQ(sent.wakes, (Wakes{{server_id, false}}));
  const CallResult received = sockets.receive(process, other, read);
  EXPECT_EQ(received.value, 100) << "a stream gives what there is";
  EXPECT_EQ(did[KernelPath::copy_user], 2U);
  EXPECT_EQ(did[KernelPath::unix_send], 1U);
  EXPECT_EQ(did[KernelPath::unix_receive], 1U);
  EXPECT_EQ(did[KernelPath::socket_call], 2U) << "what goes on after a sleep is the same call";
}

TEST_F(UnixSocketTest, ManyMessagesAreReadAtOnceAndALongOneInParts) {
  (void)send(one, 10);
  (void)send(one, 20);
  EXPECT_EQ(receive(other, 100).value, 30);
  EXPECT_EQ(did[KernelPath::unix_receive], 2U);
  (void)send(one, 100);
  EXPECT_EQ(receive(other, 60).value, 60);
  EXPECT_EQ(receive(other, 60).value, 40);
}

TEST_F(UnixSocketTest, ASenderSleepsWhenItsBufferIsFullUntilThreeQuartersAreRead) {
  WriteCall write = sending(65536);
  ASSERT_EQ(sockets.send(process, one, write).value, 65536) << "the last message may go beyond the buffer";
  WriteCall more = sending(10);
  EXPECT_TRUE(sockets.send(process, one, more).sleeps);
  EXPECT_FALSE(poll(one).writable);
  EXPECT_EQ(receive(other, UnixSocket::largest_message).wakes, Wakes{});
  EXPECT_EQ(receive(other, UnixSocket::largest_message).wakes, Wakes{});
  EXPECT_FALSE(poll(one).writable);
  (void)receive(other, 10000);
  EXPECT_EQ(receive(other, 6384).wakes, Wakes{}) << "a quarter and the overhead of a message are in use";
  EXPECT_EQ(receive(other, UnixSocket::largest_message).wakes, (Wakes{{client_id, false}}));
  EXPECT_TRUE(poll(one).writable);
  EXPECT_EQ(sockets.send(process, one, more).value, 10);
}

TEST_F(UnixSocketTest, APeerThatClosesLetsTheRestBeReadAndThenEnds) {
  (void)send(one, 5);
  ReadCall read = receiving(100, other_id);
  EXPECT_EQ(sockets.receive(process, other, read).value, 5);
  ReadCall waiting = receiving(100);
  ASSERT_TRUE(sockets.receive(process, other, waiting).sleeps);
  EXPECT_EQ(calls.close(process, one).wakes, (Wakes{{server_id, false}}));
  const CallResult end = sockets.receive(process, other, waiting);
  EXPECT_TRUE(end.ok());
  EXPECT_EQ(end.value, 0);
  EXPECT_EQ(send(other, 1).error, CallError::broken_pipe);
  EXPECT_TRUE(poll(other).readable) << "the end can be read";
}

TEST_F(UnixSocketTest, AClientConnectsByNameBeforeTheServerAccepts) {
  const auto server = static_cast<unsigned>(sockets.socket(process).value);
  must(sockets.bind(process, server, "/socket"));
  must(sockets.listen(process, server, 5));
  UnixCalls::Accepting accept{{server_id}};
  ASSERT_TRUE(sockets.accept(process, server, accept).sleeps);

  const auto client = static_cast<unsigned>(sockets.socket(process).value);
  UnixCalls::Connecting connect{{client_id}};
  const CallResult connected = sockets.connect(process, client, "/socket", connect);
  EXPECT_TRUE(connected.ok());
  EXPECT_EQ(connected.wakes, (Wakes{{server_id, false}}));
  EXPECT_EQ(send(client, 7).value, 7) << "nobody has accepted yet";
  const auto accepted = static_cast<unsigned>(sockets.accept(process, server, accept).value);
  EXPECT_EQ(receive(accepted, 100).value, 7);
}

TEST_F(UnixSocketTest, ConnectingSleepsWhileTheQueueOfTheListenerIsFull) {
  const auto server = static_cast<unsigned>(sockets.socket(process).value);
  must(sockets.bind(process, server, "/socket"));
  must(sockets.listen(process, server, 0));
  const auto connect = [&](UnixCalls::Connecting& call, unsigned descriptor) {
    return sockets.connect(process, descriptor, "/socket", call);
  };
  const auto first = static_cast<unsigned>(sockets.socket(process).value);
  const auto second = static_cast<unsigned>(sockets.socket(process).value);
  UnixCalls::Connecting calls_in_progress[2]{{{client_id}}, {{other_id}}};
  EXPECT_TRUE(connect(calls_in_progress[0], first).ok());
  EXPECT_TRUE(connect(calls_in_progress[1], second).sleeps);
  UnixCalls::Accepting accept{{server_id}};
  EXPECT_EQ(sockets.accept(process, server, accept).wakes, (Wakes{{other_id, false}}));
  EXPECT_TRUE(connect(calls_in_progress[1], second).ok());
}

TEST_F(UnixSocketTest, NamesAreRefusedThatNobodyListensTo) {
  const auto client = static_cast<unsigned>(sockets.socket(process).value);
  UnixCalls::Connecting call{{client_id}};
  EXPECT_EQ(sockets.connect(process, client, "/nothing", call).error, CallError::no_entry);
  const auto server = static_cast<unsigned>(sockets.socket(process).value);
  must(sockets.bind(process, server, "/socket"));
  EXPECT_EQ(sockets.bind(process, server, "/socket").error, CallError::exists);
  UnixCalls::Connecting early{{client_id}}, late{{client_id}};
  EXPECT_EQ(sockets.connect(process, client, "/socket", early).error, CallError::connection_refused);
  must(calls.close(process, server));
  EXPECT_EQ(sockets.connect(process, client, "/socket", late).error, CallError::connection_refused);
}

TEST_F(UnixSocketTest, WhoseSideWasNeverAcceptedIsToldWhenTheListenerCloses) {
  const auto server = static_cast<unsigned>(sockets.socket(process).value);
  must(sockets.bind(process, server, "/socket"));
  must(sockets.listen(process, server, 5));
  const auto client = static_cast<unsigned>(sockets.socket(process).value);
  UnixCalls::Connecting connect{{client_id}};
  must(sockets.connect(process, client, "/socket", connect));
  must(calls.close(process, server));
  EXPECT_EQ(receive(client, 1).value, 0);
  EXPECT_EQ(send(client, 1).error, CallError::broken_pipe);
}

TEST(UnixSocketProperty, EveryByteSentIsReceivedOnceAndTheBufferIsChargedWithTheRest) {
  EXPECT_TRUE(rc::check("send and receive in any order", [] {
    struct Bench final : UnixSocketTest {
      void TestBody() override {}
    } bench;
    std::size_t sent = 0, received = 0;
    const auto steps = *rc::gen::container<std::vector<std::pair<bool, std::uint16_t>>>(
        rc::gen::pair(rc::gen::arbitrary<bool>(), rc::gen::inRange<std::uint16_t>(1, 40000)));
    for (const auto& [sends, bytes] : steps) {
      if (sends) {
        bench.socket(bench.one).nonblocking = true;
        const CallResult result = bench.send(bench.one, bytes);
        if (result.ok()) sent += static_cast<std::size_t>(result.value);
      } else {
        bench.socket(bench.other).nonblocking = true;
        const CallResult result = bench.receive(bench.other, bytes);
        if (result.ok()) received += static_cast<std::size_t>(result.value);
      }
      RC_ASSERT(bench.socket(bench.other).unread() == sent - received);
      RC_ASSERT(bench.socket(bench.one).audit().empty());
      RC_ASSERT(bench.socket(bench.other).audit().empty());
    }
  }));
}

}  // namespace
}  // namespace xensim
