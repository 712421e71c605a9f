/// Signals end sleeps (signal(7)): which calls are interrupted, which are made again, who dies where it
/// sleeps.
#include "tests/models/guest/processes/process_fixture.hpp"

namespace xensim {
namespace {

using namespace signal_number;

const ProgramImage image{.path = "/bin/test", .dynamic = false};
const SignalAction handler{.kind = SignalAction::Kind::handler};
const SignalAction restarting{.kind = SignalAction::Kind::handler, .restart = true};
constexpr std::int64_t interrupted = -static_cast<std::int64_t>(CallError::interrupted);

Program executes(Self::Body body) {
  const Self::Body main = std::move(body);
  co_await Self{}.exec(image, main);
}

/// A child sleeps in a call, and its parent sends it a signal.
struct Scene {
  ProcessFixture fixture;
  std::int64_t result = 1000, child = -1;
  Self::PipeEnds about_to_sleep;

  /// The child, in which `sleep` tells its result; the parent sends `number` and then runs `then`.
  void run(std::function<Call(Self)> sleep, SignalAction action, SignalNumber number,
           std::function<Call(Self)> then) {
    const Self::Body sleeper = [&](Self self) -> Program {
      if (action.kind != SignalAction::Kind::standard) co_await self.sigaction(number, action);
      co_await self.write(about_to_sleep.write, 1);
      result = co_await sleep(self);
    };
    fixture.run(executes([&](Self self) -> Program {
      co_await self.pipe(about_to_sleep);
      co_await self.pipe(data);
      set = co_await self.semget(1);
      listener = co_await self.socket();
      co_await self.bind(listener, {.port = 80});
      co_await self.listen(listener);
      datagrams = co_await self.socket(SocketKind::datagram);
      co_await self.bind(datagrams, {.port = 53});
      co_await self.unix_pair(pair);
      child = co_await self.fork(sleeper);
      co_await self.read(about_to_sleep.read, 1);
      // The child goes on to its sleep while the parent waits for it here.
      const Self::Body idler = [](Self) -> Program { co_return; };
      co_await self.fork(idler);
      co_await self.wait();
      sent = co_await self.kill(child, number);
      if (then) co_await then(self);
      waited = co_await self.wait();
    }));
  }
  Self::PipeEnds data;
  Self::SocketPair pair;
  std::int64_t set = -1, listener = -1, datagrams = -1, sent = 1000, waited = 1000;
};

TEST(InterruptedCalls, AHandlerInterruptsASleepInEveryCallThatWaitsForOthers) {
  SelectSets sets;
  SocketAddress from;
  const std::vector<SemaphoreOperation> down{{0, -1}};
  struct Case {
    const char* name;
    std::function<Call(const Scene&, Self)> sleep;
  };
  const std::vector<Case> cases{
      {"read of a pipe", [](const Scene& scene, Self self) { return self.read(scene.data.read, 1); }},
      {"receive", [](const Scene& scene, Self self) { return self.unix_receive(scene.pair.one, 1); }},
      {"accept", [](const Scene& scene, Self self) { return self.accept(scene.listener); }},
      {"receive_from",
       [&](const Scene& scene, Self self) { return self.receive_from(scene.datagrams, 1, from); }},
      {"semop", [&](const Scene& scene, Self self) { return self.semop(scene.set, down); }},
      {"select", [&](const Scene& /*scene*/, Self self) { return self.select(0, sets, never); }},
      {"pause", [](const Scene& /*scene*/, Self self) { return self.pause(); }},
  };
  for (const Case& sleeping : cases) {
    Scene scene;
    scene.run([&](Self self) { return sleeping.sleep(scene, self); }, handler, user1, {});
    EXPECT_EQ(scene.sent, 0) << sleeping.name;
    EXPECT_EQ(scene.result, interrupted) << sleeping.name;
    EXPECT_EQ(scene.waited, scene.child) << sleeping.name;
  }
}

TEST(InterruptedCalls, TheStandardActionKillsWhereItSleeps) {
  Scene scene;
  scene.run([&](Self self) { return self.read(scene.data.read, 1); }, {}, signal_number::kill, {});
  EXPECT_EQ(scene.result, 1000) << "it never came back";
  EXPECT_EQ(scene.waited, scene.child);
}

TEST(InterruptedCalls, ReadIsMadeAgainIfTheHandlerWantsIt) {
  Scene scene;
  scene.run([&](Self self) { return self.read(scene.data.read, 5); }, restarting, user1,
            [&](Self self) { return self.write(scene.data.write, 5); });
  EXPECT_EQ(scene.result, 5);
  EXPECT_EQ(scene.fixture.did(KernelPath::signal_frame), 1U);
}

TEST(InterruptedCalls, SelectAndSemaphoresAreNeverMadeAgainAfterAHandler) {
  SelectSets sets;
  Scene selecting;
  selecting.run([&](Self self) { return self.select(0, sets, never); }, restarting, user1, {});
  EXPECT_EQ(selecting.result, interrupted);
  const std::vector<SemaphoreOperation> down{{0, -1}};
  Scene scene;
  scene.run([&](Self self) { return self.semop(scene.set, down); }, restarting, user1, {});
  EXPECT_EQ(scene.result, interrupted);
}

TEST(InterruptedCalls, WhatIsIgnoredWakesNobody) {
  Scene scene;
  scene.run([&](Self self) { return self.read(scene.data.read, 5); }, {.kind = SignalAction::Kind::ignore},
            user1, [&](Self self) { return self.write(scene.data.write, 5); });
  EXPECT_EQ(scene.result, 5);
}

TEST(InterruptedCalls, WhoIsStoppedWaitsUntilItMayGoOnAndThenFinishesItsCall) {
  Scene scene;
  scene.run([&](Self self) { return self.read(scene.data.read, 5); }, {}, stop,
            [&](Self self) { return self.write(scene.data.write, 5); });
  EXPECT_EQ(scene.result, 1000) << "nobody has let it go on";
  Scene other;
  other.run([&](Self self) { return self.read(other.data.read, 5); }, {}, stop,
            [&](Self self) {
              const Self::Body writer = [&](Self born) -> Program {
                co_await born.write(other.data.write, 5);
                co_await born.kill(other.child, resume);
              };
              return self.fork(writer);
            });
  EXPECT_EQ(other.result, 5);
}

TEST(InterruptedCalls, ASleeperThatIsKilledLeavesItsQueueToOthers) {
  // Two wait for a semaphore; the first is killed, the second gets what comes.
  std::int64_t second = 1000;
  const std::vector<SemaphoreOperation> down{{0, -1}};
  Scene scene;
  scene.run([&](Self self) { return self.semop(scene.set, down); }, {}, signal_number::kill,
            [&](Self self) {
              const Self::Body other = [&](Self born) -> Program {
                const std::vector<SemaphoreOperation> up{{0, 1}};
                co_await born.semop(scene.set, up);
                second = co_await born.semop(scene.set, down);
              };
              return self.fork(other);
            });
  EXPECT_EQ(second, 0);
}

TEST(InterruptedCalls, AChildThatDiesInterruptsItsParentOnlyIfThatHandlesIt) {
  for (const bool handles : {false, true}) {
    ProcessFixture fixture;
    std::int64_t result = 1000;
    fixture.run(executes([&](Self self) -> Program {
      if (handles) co_await self.sigaction(signal_number::child, handler);
      Self::PipeEnds ends;
      co_await self.pipe(ends);
      const Self::Body brief = [](Self) -> Program { co_return; };
      co_await self.fork(brief);
      result = co_await self.read(ends.read, 1);
    }));
    EXPECT_EQ(result, handles ? interrupted : 1000);
  }
}

TEST(InterruptedCalls, WaitGivesTheDeadChildAlthoughItsSignalCameToo) {
  ProcessFixture fixture;
  std::int64_t child = -1, waited = -1;
  fixture.run(executes([&](Self self) -> Program {
    co_await self.sigaction(signal_number::child, handler);
    const Self::Body brief = [](Self) -> Program { co_return; };
    child = co_await self.fork(brief);
    waited = co_await self.wait();
  }));
  EXPECT_EQ(waited, child);
  EXPECT_EQ(fixture.did(KernelPath::signal_frame), 1U);
}

TEST(InterruptedCalls, ASignalEndsASleepForTime) {
  ProcessFixture fixture;
  bool went_on = false;
  fixture.run(executes([&](Self self) -> Program {
    Self::PipeEnds ends;
    co_await self.pipe(ends);
    const Self::Body sleeper = [&](Self born) -> Program {
      co_await born.sigaction(user1, handler);
      co_await born.write(ends.write, 1);
      co_yield Sleep{1000s};  // there is no clock here
      went_on = true;
    };
    const std::int64_t id = co_await self.fork(sleeper);
    co_await self.read(ends.read, 1);
    const Self::Body idler = [](Self) -> Program { co_return; };
    co_await self.fork(idler);
    co_await self.wait();
    co_await self.kill(id, user1);
  }));
  EXPECT_TRUE(went_on);
}

TEST(InterruptedCalls, WhoComputesIsKilledOnItsWayToUserMode) {
  ProcessFixture fixture;
  std::int64_t computed = 0, waited = -1, id = -1;
  fixture.run(executes([&](Self self) -> Program {
    const Self::Body hog = [&](Self) -> Program {
      for (;;) {
        co_yield Compute{1ms};
        ++computed;
      }
    };
    id = co_await self.fork(hog);
    co_await self.kill(id, terminate);
    waited = co_await self.wait();
  }));
  EXPECT_EQ(waited, id);
  EXPECT_EQ(computed, 0);
}

TEST(InterruptedCalls, NobodyIsThereToBeKilled) {
  ProcessFixture fixture;
  std::int64_t result = 0, nonsense = 0;
  fixture.run(executes([&](Self self) -> Program {
    result = co_await self.kill(77, user1);
    nonsense = co_await self.kill(0, 65);
  }));
  EXPECT_EQ(result, -static_cast<std::int64_t>(CallError::no_process));
  EXPECT_EQ(nonsense, -static_cast<std::int64_t>(CallError::invalid));
}

}  // namespace
}  // namespace xensim
