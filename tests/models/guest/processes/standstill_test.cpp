/// Programs that can never go on, and others that only look so.
#include <gmock/gmock.h>

#include "models/guest/memory/area.hpp"
#include "tests/models/guest/processes/process_fixture.hpp"

namespace xensim {
namespace {

const ProgramImage image{.path = "/bin/test", .dynamic = false};

Program executes(Self::Body body) {
  const Self::Body main = std::move(body);
  co_await Self{}.exec(image, main);
}

/// What is said of a kernel on which nobody can go on any more, but by timers.
std::string deadlock_of(const Self::Body& body) {
  ProcessFixture fixture;
  fixture.run(executes(body));
  return fixture.deadlock();
}

constexpr std::size_t byte = 1;

Program reads(Self self, std::int64_t descriptor) { co_await self.read(descriptor, byte); }

TEST(Standstill, TwoProcessesThatReadFromEachOtherAreNamed) {
  Self::PipeEnds there, back;
  const Self::Body child = [&](Self born) { return reads(born, there.read); };
  EXPECT_EQ(deadlock_of([&](Self self) -> Program {
              co_await self.pipe(there);
              co_await self.pipe(back);
              co_await self.fork(child);
              co_await self.close(back.write);
              co_await self.close(there.read);
              co_await self.read(back.read, byte);
            }),
            "process 0 waits for process 1 (data in a pipe); process 1 waits for process 0 (data in a pipe)");
}

TEST(Standstill, SoAreAParentThatWaitsForAChildAndThisForTheParentToReadOn) {
  Self::PipeEnds pipe;
  const Self::Body child = [&](Self born) -> Program {
    co_await born.close(pipe.read);
    co_await born.write(pipe.write, 2 * 4096);
  };
  EXPECT_EQ(deadlock_of([&](Self self) -> Program {
              co_await self.pipe(pipe);
              co_await self.fork(child);
              co_await self.wait();
            }),
            "process 0 waits for process 1 (its end); process 1 waits for process 0 (room in a pipe)");
}

TEST(Standstill, AReaderThatHoldsTheOnlyOtherEndWaitsForItself) {
  Self::PipeEnds pipe;
  EXPECT_EQ(deadlock_of([&](Self self) -> Program {
              co_await self.pipe(pipe);
              co_await self.read(pipe.read, byte);
            }),
            "process 0 waits for process 0 (data in a pipe)");
}

TEST(Standstill, ProcessesThatAllWaitForSemaphoresWaitForEachOther) {
  std::int64_t set = 0;
  const std::vector<SemaphoreOperation> first{{0, -1}}, second{{1, -1}};
  const Self::Body child = [&](Self born) -> Program { co_await born.semop(set, second); };
  EXPECT_EQ(
      deadlock_of([&](Self self) -> Program {
        set = co_await self.semget(2);
        co_await self.fork(child);
        co_await self.semop(set, first);
      }),
      "process 0 waits for process 1 (semaphore set 0); process 1 waits for process 0 (semaphore set 0)");
}

TEST(Standstill, ASemaphoreThatNobodyIsLeftToRaiseIsOne) {
  const std::vector<SemaphoreOperation> down{{0, -1}};
  EXPECT_EQ(deadlock_of([&](Self self) -> Program {
              const std::int64_t set = co_await self.semget(1);
              co_await self.semop(set, down);
            }),
            "process 0 waits for semaphore set 0, and there is nobody to give it");
}

TEST(Standstill, TheCircleNeedNotContainTheProgramThatWaitsForIt) {
  Self::PipeEnds there, back;
  const Self::Body second = [&](Self born) { return reads(born, there.read); };
  const Self::Body first = [&](Self born) -> Program {
    co_await born.fork(second);
    co_await born.close(there.read);
    co_await born.close(back.write);
    co_await born.read(back.read, byte);
  };
  EXPECT_EQ(deadlock_of([&](Self self) -> Program {
              co_await self.pipe(there);
              co_await self.pipe(back);
              co_await self.fork(first);
              co_await self.close(there.write);
              co_await self.close(back.write);
              co_await self.wait();
            }),
            "process 1 waits for process 2 (data in a pipe); process 2 waits for process 1 (data in a pipe)");
}

// --- What is none -----------------------------------------------------------------------------------------

TEST(Standstill, AWriterThatSleepsForATimeWillGoOn) {
  Self::PipeEnds pipe;
  const Self::Body child = [&](Self born) -> Program {
    co_yield Sleep{1s};
    co_await born.write(pipe.write, byte);
  };
  EXPECT_EQ(deadlock_of([&](Self self) -> Program {
              co_await self.pipe(pipe);
              co_await self.fork(child);
              co_await self.read(pipe.read, byte);
            }),
            "");
}

TEST(Standstill, AServerThatWaitsForConnectionsMayGetSome) {
  const std::vector<SemaphoreOperation> down{{0, -1}};
  std::int64_t set = 0, socket = 0;
  const Self::Body waits_for_its_turn = [&](Self born) -> Program { co_await born.semop(set, down); };
  const Self::Body accepts = [&](Self born) -> Program { co_await born.unix_accept(socket); };
  EXPECT_EQ(deadlock_of([&](Self self) -> Program {
              set = co_await self.semget(1);
              socket = co_await self.unix_socket();
              co_await self.unix_bind(socket, "/server");
              co_await self.unix_listen(socket, 5);
              co_await self.fork(waits_for_its_turn);
              co_await self.fork(accepts);
              co_await self.wait();
            }),
            "");
}

TEST(Standstill, SelectIsTakenForWhatMayEnd) {
  Self::PipeEnds pipe;
  EXPECT_EQ(deadlock_of([&](Self self) -> Program {
              co_await self.pipe(pipe);
              SelectSets sets;
              sets.read.set(static_cast<unsigned>(pipe.read));
              co_await self.select(static_cast<unsigned>(pipe.read) + 1, sets, never);
            }),
            "");
}

TEST(Standstill, OneOfSeveralChildrenThatMayEndIsEnough) {
  Self::PipeEnds pipe;
  const Self::Body never_ends = [&](Self born) { return reads(born, pipe.read); };
  const Self::Body rests = [](Self) -> Program { co_yield Sleep{1h}; };
  EXPECT_EQ(deadlock_of([&](Self self) -> Program {
              co_await self.pipe(pipe);
              co_await self.fork(never_ends);
              co_await self.fork(rests);
              co_await self.wait();
            }),
            "");
}

TEST(Standstill, AChildThatIsLeftBehindByAProgramThatEndedIsNone) {
  Self::PipeEnds pipe;
  const Self::Body child = [&](Self born) { return reads(born, pipe.read); };
  EXPECT_EQ(deadlock_of([&](Self self) -> Program {
              co_await self.pipe(pipe);
              co_await self.fork(child);
            }),
            "");
}

TEST(Standstill, AProgramThatIsDoneMaySaySo) {
  Self::PipeEnds pipe;
  const Self::Body child = [&](Self born) { return reads(born, pipe.read); };
  EXPECT_EQ(deadlock_of([&](Self self) -> Program {
              co_await self.pipe(pipe);
              co_await self.fork(child);
              co_await self.wait_for_good();
            }),
            "");
}

TEST(Standstill, ProgramsThatEndAreNone) {
  EXPECT_EQ(deadlock_of([](Self self) -> Program { co_await self.getppid(); }), "");
}

}  // namespace
}  // namespace xensim
