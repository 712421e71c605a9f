/// Programs that ask a running kernel for what they need.
#include <gmock/gmock.h>

#include "tests/models/guest/processes/process_fixture.hpp"

namespace xensim {
namespace {

using testing::ElementsAre;

constexpr Address data = {0x08052000}, stack = {0xC0000000 - page_size};

/// A process begins without memory; exec gives it some.
Program executes(Self::Body main) {
  const ProgramImage image{.path = "/bin/test", .dynamic = false};
  co_await Self{}.exec(image, main);
}

struct Log {
  std::vector<std::int64_t> values;
  void operator()(std::int64_t value) { values.push_back(value); }
};

TEST(Process, ThatOnlyComputesHasNoMemory) {
  ProcessFixture fixture;
  const std::uint32_t before = fixture.unused_pages();
  const WorkingSet set = WorkingSet::constant(64, Time{97'500}, 8);
  const auto computes = [](const WorkingSet& its_set) -> Program { co_yield Compute{1ms, &its_set}; };
  fixture.run(computes(set));
  EXPECT_EQ(fixture.unused_pages(), before);
  EXPECT_EQ(fixture.did(KernelPath::space_create), 0U);
}

TEST(Process, ReadsAndWritesDevicesAndIsToldErrorsAsNegativeNumbers) {
  ProcessFixture fixture;
  Log log;
  const auto main = [&](Self self) -> Program {
    const std::int64_t zero = co_await self.open("/dev/zero");
    log(zero);
    log(co_await self.read(zero, 7));
    log(co_await self.close(zero));
    log(co_await self.read(zero, 7));
    log(co_await self.open("/nowhere"));
  };
  const Self::Body body = main;
  fixture.run(executes(body));
  EXPECT_THAT(log.values, ElementsAre(0, 7, 0, -static_cast<int>(CallError::bad_descriptor),
                                      -static_cast<int>(CallError::no_entry)));
}

TEST(Process, NullCallCostsTheGateAndItsPath) {
  ProcessFixture fixture;
  Log log;
  const auto main = [&](Self self) -> Program {
    for (int i = 0; i < 2; ++i) {
      const std::int64_t start = co_await self.clock();
      co_await self.getppid();
      log(co_await self.clock() - start);
    }
  };
  const Self::Body body = main;
  fixture.run(executes(body));
  const ProcessorCosts& processor = fixture.costs();
  const Cycles cycles = processor.software_interrupt_entry + processor.interrupt_return +
                        fixture.path_costs()[static_cast<std::size_t>(KernelPath::system_call)];
  const std::int64_t warm = cycles.count * 1250 / 3;
  EXPECT_THAT(log.values,
              ElementsAre(testing::Gt(warm), testing::AllOf(testing::Ge(warm), testing::Le(warm + 1))))
      << "picoseconds at 2.4 GHz, cold and warm";
}

TEST(Process, AFaultIsTakenOnceAndTheTranslationIsFoundAgainWithoutAWalk) {
  ProcessFixture fixture;
  Log log;
  const auto main = [&](Self self) -> Program {
    for (int i = 0; i < 3; ++i) {
      const std::int64_t start = co_await self.clock();
      co_await self.touch(data, 1, Access::write);
      log(co_await self.clock() - start);
    }
  };
  const Self::Body body = main;
  fixture.run(executes(body));
  EXPECT_GT(log.values[0], 0);
  EXPECT_EQ(log.values[1], 0);
  EXPECT_EQ(log.values[2], 0);
}

TEST(Process, ChildrenSeeACopyOfMemoryAndParentsGetTheirsBackWithoutCopying) {
  ProcessFixture fixture;
  std::uint64_t copied = 0, reused = 0;
  const auto child = [&](Self self) -> Program { co_await self.touch(data, 2, Access::write); };
  const Self::Body born = child;
  const auto main = [&](Self self) -> Program {
    co_await self.touch(data, 2, Access::write);
    copied = fixture.did(KernelPath::fault_copy);
    reused = fixture.did(KernelPath::fault_reuse);
    co_await self.fork(born);
    co_await self.wait();
    co_await self.touch(data, 2, Access::write);
  };
  const Self::Body body = main;
  fixture.run(executes(body));
  EXPECT_EQ(fixture.did(KernelPath::fault_copy) - copied, 2U) << "by the child";
  EXPECT_EQ(fixture.did(KernelPath::fault_reuse) - reused, 2U) << "by the parent, alone again";
}

TEST(Process, ForkAndWaitIsTwoSwitches) {
  ProcessFixture fixture;
  Log log;
  const auto child = [](Self self) -> Program { co_await self.getppid(); };
  const Self::Body born = child;
  const auto main = [&](Self self) -> Program {
    for (int i = 0; i < 3; ++i) {
      const std::uint64_t before = fixture.switches();
      co_await self.fork(born);
      co_await self.wait();
      log(static_cast<std::int64_t>(fixture.switches() - before));
    }
    log(co_await self.wait());
  };
  const Self::Body body = main;
  fixture.run(executes(body));
  EXPECT_THAT(log.values, ElementsAre(2, 2, 2, -static_cast<int>(CallError::no_process)));
}

TEST(Process, NumbersOfOrphansAreUsedAgain) {
  ProcessFixture fixture;
  Log log;
  const Self::Body grandchild = [](Self) -> Program { co_yield Compute{1ms, nullptr}; };
  const Self::Body child = [&](Self self) -> Program { co_await self.fork(grandchild); };
  const auto main = [&](Self self) -> Program {
    for (int i = 0; i < 10; ++i) {
      log(co_await self.fork(child));
      co_await self.wait();
      co_yield Compute{1ms, nullptr};
    }
  };
  const Self::Body body = main;
  fixture.run(executes(body));
  EXPECT_LE(*std::ranges::max_element(log.values), 6) << "few live at a time";
}

TEST(Process, EverythingIsFreeOnceAllHaveEnded) {
  ProcessFixture fixture;
  std::uint32_t before = 0;
  const auto first = [&](Self self) -> Program { co_await self.touch(data, 1, Access::write); };
  const Self::Body warm = first;
  fixture.run(executes(warm));  // its file stays in the page cache
  before = fixture.unused_pages();
  const auto grandchild = [](Self self) -> Program {
    co_await self.touch(stack, 1, Access::write);
    const Self::MapRequest anonymous{.length = 16 * page_size, .flags = AreaFlags::read | AreaFlags::write};
    const std::int64_t mapped = co_await self.mmap(anonymous);
    co_await self.touch({static_cast<std::uint32_t>(mapped)}, 16, Access::write);
  };
  const Self::Body last = grandchild;
  const auto child = [&](Self self) -> Program {
    co_await self.fork(last);  // and leaves it an orphan
    co_await self.touch(data, 2, Access::write);
  };
  const Self::Body born = child;
  const auto main = [&](Self self) -> Program {
    for (int i = 0; i < 5; ++i) co_await self.fork(born);
    for (int i = 0; i < 3; ++i) co_await self.wait();
  };
  const Self::Body body = main;
  fixture.run(executes(body));
  EXPECT_EQ(fixture.unused_pages(), before);
}

TEST(Process, ThatWritesWhereItMayNotIsKilledOrCatchesTheSignal) {
  ProcessFixture fixture;
  Log log;
  const auto careless = [&](Self self) -> Program {
    co_await self.touch(ProgramImage::base, 1, Access::write);
    log(99);
  };
  const Self::Body born = careless;
  const auto main = [&](Self self) -> Program {
    co_await self.fork(born);
    log(co_await self.wait());
    co_await self.sigaction(signal_number::segmentation_fault, {.kind = SignalAction::Kind::handler});
    log(co_await self.touch(ProgramImage::base, 1, Access::write));
    log(co_await self.getppid());
  };
  const Self::Body body = main;
  fixture.run(executes(body));
  EXPECT_THAT(log.values, ElementsAre(1, -static_cast<int>(CallError::bad_address), 1));
  EXPECT_EQ(fixture.did(KernelPath::signal_return), 1U);
}

TEST(Processes, TheFirstOfAKernelHasTwoPagesForTaskAndStackAsAllOthersHave) {
  ProcessFixture fixture;
  const std::uint32_t before = fixture.unused_pages();
  std::uint32_t alone = 0, with_child = 0;
  fixture.run([](ProcessFixture& on, std::uint32_t& first, std::uint32_t& second) -> Program {
    const Self self;
    co_await self.getppid();
    first = on.unused_pages();
    const Self::Body child = [&](Self born) -> Program {
      co_await born.getppid();
      second = on.unused_pages();
    };
    co_await self.fork(child);
    co_await self.wait();
  }(fixture, alone, with_child));
  EXPECT_EQ(before - alone, 2U);
  EXPECT_EQ(alone - with_child, 2U);
  EXPECT_EQ(fixture.unused_pages(), before);
}

TEST(PageTables, ThatQuicklistsHaveTooManyOfGoAtTheLatestWhenTheProcessorIsIdle) {
  for (int children = 10; children < 25; ++children) {
    ProcessFixture fixture({.smp = false, .paravirtual = true});
    const Self::Body child = [](Self self) -> Program { co_await self.touch({0x08048000}, 1, Access::read); };
    const auto main = [&](Self self) -> Program {
      for (int i = 0; i < children; ++i) co_await self.fork(child);
      for (int i = 0; i < children; ++i) co_await self.wait();
    };
    const Self::Body body = main;
    fixture.run(executes(body));
    EXPECT_LE(fixture.unused_tables(), PageTableCache::high) << children;
  }
}

TEST(Pages, OfAFileReadInSmallPiecesAreUsedOnceUnlessTheReaderSeeks) {
  ProcessFixture fixture;
  const auto active = [&] { return fixture.pages_of_memory().lists().size(Page::List::active); };
  std::uint32_t before = 0, in_sequence = 0, after_seek = 0;
  const auto main = [&](Self self) -> Program {
    co_await self.existing_file("/usr/tmp/pieces", Bytes{2 * page_size});
    const std::int64_t file = co_await self.open("/usr/tmp/pieces");
    before = active();
    for (int i = 0; i < 8; ++i) co_await self.read(file, 1024);
    in_sequence = active();
    co_await self.lseek(file, 512);
    co_await self.read(file, 1024);
    after_seek = active();
  };
  const Self::Body body = main;
  fixture.run(executes(body));
  EXPECT_EQ(in_sequence, before) << "each was used once";
  EXPECT_EQ(after_seek, before + 1);
}

/// Two processes and two pipes.
TEST(Pipes, APingPongBlocksTheReaderAndWakesItWithoutPreemptingTheWriter) {
  ProcessFixture fixture;
  constexpr int rounds = 10;
  std::vector<int> order;
  Self::PipeEnds there, back;
  std::uint64_t before = 0, after = 0;
  const auto echo = [&](Self self) -> Program {
    for (int i = 0; i < rounds; ++i) {
      co_await self.read(there.read, 1);
      order.push_back(2);
      co_await self.write(back.write, 1);
      order.push_back(3);
    }
  };
  const Self::Body born = echo;
  const auto main = [&](Self self) -> Program {
    co_await self.pipe(there);
    co_await self.pipe(back);
    co_await self.fork(born);
    for (int i = 0; i < rounds; ++i) {
      if (i == 1) before = fixture.switches();
      co_await self.write(there.write, 1);
      order.push_back(1);
      co_await self.read(back.read, 1);
    }
    after = fixture.switches();
    co_await self.wait();
  };
  const Self::Body body = main;
  fixture.run(executes(body));
  ASSERT_EQ(order.size(), 3U * rounds);
  for (std::size_t i = 0; i < order.size(); i += 3) {
    EXPECT_THAT(std::vector<int>(order.begin() + static_cast<std::ptrdiff_t>(i),
                                 order.begin() + static_cast<std::ptrdiff_t>(i) + 3),
                ElementsAre(1, 2, 3));
  }
  EXPECT_EQ(after - before, 2U * (rounds - 1)) << "one switch a direction";
}

TEST(Pipes, HoldAPageOfTheKernelsUntilBothEndsAreClosed) {
  ProcessFixture fixture;
  std::uint32_t before = 0, open = 0, after = 0;
  const auto main = [&](Self self) -> Program {
    Self::PipeEnds ends;
    before = fixture.unused_pages();
    co_await self.pipe(ends);
    open = fixture.unused_pages();
    co_await self.close(ends.write);
    EXPECT_EQ(fixture.unused_pages(), open);
    co_await self.close(ends.read);
    after = fixture.unused_pages();
  };
  const Self::Body body = main;
  fixture.run(executes(body));
  EXPECT_EQ(before - open, 1U);
  EXPECT_EQ(after, before);
}

TEST(Pipes, AReaderSeesTheEndOnceAllWritersAreGone) {
  ProcessFixture fixture;
  Log log;
  Self::PipeEnds ends;
  const auto writer = [&](Self self) -> Program {
    co_await self.close(ends.read);
    co_await self.write(ends.write, 3);
  };
  const Self::Body born = writer;
  const auto main = [&](Self self) -> Program {
    co_await self.pipe(ends);
    co_await self.fork(born);
    co_await self.close(ends.write);
    log(co_await self.read(ends.read, 100));
    log(co_await self.read(ends.read, 100));
  };
  const Self::Body body = main;
  fixture.run(executes(body));
  EXPECT_THAT(log.values, ElementsAre(3, 0));
}

TEST(Signals, ToOneselfRunTheHandlerBeforeTheCallReturns) {
  ProcessFixture fixture;
  std::uint64_t returned = 0;
  const auto main = [&](Self self) -> Program {
    co_await self.sigaction(signal_number::user1, {.kind = SignalAction::Kind::handler});
    co_await self.kill(0);
    EXPECT_EQ(fixture.did(KernelPath::signal_return), 0U);
    co_await self.kill(signal_number::user1);
    returned = fixture.did(KernelPath::signal_return);
  };
  const Self::Body body = main;
  fixture.run(executes(body));
  EXPECT_EQ(returned, 1U);
}

}  // namespace
}  // namespace xensim
