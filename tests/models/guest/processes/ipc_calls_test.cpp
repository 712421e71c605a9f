/// Processes that talk to each other and wait for each other, through the running kernel.
#include "models/guest/memory/area.hpp"
#include "tests/models/guest/processes/process_fixture.hpp"

namespace xensim {
namespace {

const ProgramImage image{.path = "/bin/test", .dynamic = false};

Program executes(Self::Body body) {
  const Self::Body main = std::move(body);
  co_await Self{}.exec(image, main);
}

TEST(IpcCalls, AServerAnswersAClientThatConnectsByName) {
  struct Exchange {
    std::int64_t asked = 0, answered = 0, end = -1;
  } exchange;
  ProcessFixture fixture;
  const Self::Body client = [&exchange](Self self) -> Program {
    const std::int64_t socket = co_await self.unix_socket();
    co_await self.unix_connect(socket, "/server");
    co_await self.unix_send(socket, 50);
    exchange.answered = co_await self.unix_receive(socket, 8192);
  };
  const auto server = [&exchange, &client](Self self) -> Program {
    const std::int64_t socket = co_await self.unix_socket();
    co_await self.unix_bind(socket, "/server");
    co_await self.unix_listen(socket, 5);
    co_await self.fork(client);
    const std::int64_t connection = co_await self.unix_accept(socket);
    exchange.asked = co_await self.unix_receive(connection, 8192);
    co_await self.unix_send(connection, 700);
    exchange.end = co_await self.unix_receive(connection, 8192);
    co_await self.wait();
  };
  fixture.run(executes(server));
  EXPECT_EQ(exchange.asked, 50);
  EXPECT_EQ(exchange.answered, 700);
  EXPECT_EQ(exchange.end, 0) << "the client has exited";
}

TEST(IpcCalls, SelectSleepsUntilASocketHasSomethingToRead) {
  std::int64_t ready = 0, received = 0;
  bool which = false;
  ProcessFixture fixture;
  fixture.run(executes([&](Self self) -> Program {
    Self::SocketPair pair;
    co_await self.unix_pair(pair);
    const Self::Body child = [&pair](Self born) -> Program { co_await born.unix_send(pair.other, 3); };
    co_await self.fork(child);
    SelectSets sets;
    sets.read.set(static_cast<unsigned>(pair.one));
    ready = co_await self.select(static_cast<unsigned>(pair.one) + 1, sets, never);
    which = sets.read[static_cast<unsigned>(pair.one)];
    received = co_await self.unix_receive(pair.one, 100);
    co_await self.wait();
  }));
  EXPECT_EQ(ready, 1);
  EXPECT_TRUE(which);
  EXPECT_EQ(received, 3);
}

TEST(IpcCalls, ASegmentIsTheSameMemoryInAllProcessesThatAttachIt) {
  ProcessFixture fixture;
  const std::uint32_t before = fixture.unused_pages();
  std::int64_t address = 0;
  fixture.run(executes([&](Self self) -> Program {
    const std::int64_t segment = co_await self.shmget(16 * page_size);
    address = co_await self.shmat(segment);
    const Address start{static_cast<std::uint32_t>(address)};
    co_await self.touch(start, 4, Access::write);
    const Self::Body child = [start](Self born) -> Program {
      co_await born.touch(start, 4, Access::read);
      co_await born.touch(start, 4, Access::write);
    };
    co_await self.fork(child);
    co_await self.wait();
  }));
  EXPECT_GT(address, 0);
  EXPECT_EQ(fixture.did(KernelPath::segment_attach), 2U);
  EXPECT_EQ(before - fixture.unused_pages(), 4U) << "nobody removed it";
}

TEST(IpcCalls, TwoProcessesTakeTurnsBySemaphores) {
  std::vector<int> turns;
  ProcessFixture fixture;
  fixture.run(executes([&turns](Self self) -> Program {
    const std::int64_t set = co_await self.semget(2);
    const Self::Body child = [&turns, set](Self born) -> Program {
      const std::vector<SemaphoreOperation> wait{{1, -1}}, post{{0, 1}};
      for (int i = 0; i < 3; ++i) {
        co_await born.semop(set, wait);
        turns.push_back(2);
        co_await born.semop(set, post);
      }
    };
    co_await self.fork(child);
    const std::vector<SemaphoreOperation> wait{{0, -1}}, post{{1, 1}};
    for (int i = 0; i < 3; ++i) {
      turns.push_back(1);
      co_await self.semop(set, post);
      co_await self.semop(set, wait);
    }
    co_await self.wait();
  }));
  EXPECT_EQ(turns, (std::vector{1, 2, 1, 2, 1, 2}));
}

TEST(IpcCalls, AnAlarmTellsHowManySecondsWereLeftOfTheLast) {
  ProcessFixture fixture;
  std::vector<std::int64_t> left;
  fixture.run(executes([&](Self self) -> Program {
    left.push_back(co_await self.alarm(300));
    left.push_back(co_await self.alarm(15));
    left.push_back(co_await self.alarm(0));
    left.push_back(co_await self.alarm(0));
  }));
  EXPECT_EQ(left, (std::vector<std::int64_t>{0, 300, 15, 0}));
  EXPECT_EQ(fixture.did(KernelPath::sleep_timer), 4U) << "set or taken back";
}

TEST(IpcCalls, TheTimeOfDayIsInMicroseconds) {
  ProcessFixture fixture;
  std::int64_t first = 0, second = 0;
  fixture.run(executes([&](Self self) -> Program {
    first = co_await self.gettimeofday();
    co_await self.getppid();
    co_await self.gettimeofday();
    second = co_await self.gettimeofday();
  }));
  EXPECT_GE(second, first);
  EXPECT_LT(second - first, 100);
  EXPECT_EQ(fixture.did(KernelPath::time_of_day), 3U);
}

}  // namespace
}  // namespace xensim
