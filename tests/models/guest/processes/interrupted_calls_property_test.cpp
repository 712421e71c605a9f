/// Whoever is killed, wherever it sleeps, dies and leaves nothing behind.
#include <rapidcheck.h>

#include "tests/models/guest/processes/process_fixture.hpp"

namespace xensim {
namespace {

using namespace signal_number;

const ProgramImage image{.path = "/bin/test", .dynamic = false};

Program executes(Self::Body main) { co_await Self{}.exec(image, main); }

/// What all of them share.
struct Things {
  Self::PipeEnds pipe;
  Self::SocketPair pair;
  std::int64_t set = -1, file = -1;
};

/// Calls that may sleep, over and over.
Program calls(Self self, const Things& things, const std::vector<int>& steps) {
  const std::vector<SemaphoreOperation> down{{0, -1}}, up{{0, 1}};
  co_await self.sigaction(user1, {.kind = SignalAction::Kind::handler, .restart = true});
  co_await self.sigaction(terminate, {.kind = SignalAction::Kind::handler});
  for (const int step : steps) {
    SelectSets sets;
    sets.read.set(static_cast<unsigned>(things.pipe.read));
    if (step == 0) co_await self.read(things.pipe.read, 3000);
    if (step == 1) co_await self.write(things.pipe.write, 3000);
    if (step == 2) co_await self.semop(things.set, down);
    if (step == 3) co_await self.semop(things.set, up);
    if (step == 4) co_await self.unix_receive(things.pair.one, 100);
    if (step == 5) co_await self.unix_send(things.pair.other, 40);
    if (step == 6) co_await self.lock(things.file, 0, 10);
    if (step == 7) co_await self.unlock(things.file, 0, 10);
    if (step == 8) co_await self.select(static_cast<unsigned>(things.pipe.read) + 1, sets, never);
    if (step == 9) co_await self.pause();
    if (step == 10) co_yield Compute{100us};
  }
}

/// To which child, and what.
using Sent = std::pair<std::size_t, SignalNumber>;

TEST(InterruptedCallsProperty, EverybodyDiesAndNobodyStaysInAQueue) {
  EXPECT_TRUE(rc::check([] {
    const auto all_steps = *rc::gen::container<std::vector<std::vector<int>>>(
        4, rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 11)));
    const auto signals = *rc::gen::container<std::vector<Sent>>(
        rc::gen::pair(rc::gen::inRange(std::size_t{0}, std::size_t{4}),
                      rc::gen::element(SignalNumber{signal_number::kill}, SignalNumber{user1},
                                       SignalNumber{terminate}, SignalNumber{stop}, SignalNumber{resume})));
    ProcessFixture fixture;
    std::size_t dead = 0;
    std::int64_t left = 1000;
    fixture.run(executes([&](Self self) -> Program {
      Things things;
      co_await self.pipe(things.pipe);
      co_await self.unix_pair(things.pair);
      things.set = co_await self.semget(1);
      things.file = co_await self.creat("/file");
      const Self::Body idler = [](Self) -> Program { co_return; };
      std::vector<std::int64_t> children;
      for (const std::vector<int>& steps : all_steps) {
        const Self::Body child = [&](Self born) { return calls(born, things, steps); };
        const std::int64_t born = co_await self.fork(child);
        children.push_back(born);
      }
      for (const Sent& sent : signals) {
        co_await self.gettimeofday();
        const std::int64_t brief = co_await self.fork(idler);
        for (std::int64_t waited = -1; waited != brief; dead += waited == brief ? 0 : 1) {
          waited = co_await self.wait();
        }
        co_await self.kill(children[sent.first], sent.second);
      }
      for (const std::int64_t child : children) co_await self.kill(child, signal_number::kill);
      for (; dead < children.size(); ++dead) co_await self.wait();
      left = co_await self.wait();
    }));
    RC_ASSERT(dead == all_steps.size());
    RC_ASSERT(left == -static_cast<std::int64_t>(CallError::no_process));
  }));
}

}  // namespace
}  // namespace xensim
