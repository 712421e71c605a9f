/// A child in its parent's address space.
#include <gmock/gmock.h>

#include "tests/models/guest/processes/process_fixture.hpp"

namespace xensim {
namespace {

const ProgramImage image{.path = "/bin/test", .dynamic = false},
    other{.path = "/bin/other", .dynamic = false};
constexpr Address data{0x08052000};

Program executes(Self::Body main) { co_await Self{}.exec(image, main); }

TEST(Vfork, TheParentSleepsUntilTheChildExecutesAnotherProgram) {
  ProcessFixture fixture;
  std::vector<std::string> order;
  std::uint64_t areas = 0, entries = 0;
  std::int64_t born = -1, dead = -1;
  const Self::Body replaced = [&](Self self) -> Program {
    order.emplace_back("other program");
    co_await self.touch(data, 1, Access::write);
  };
  const Self::Body child = [&](Self self) -> Program {
    order.emplace_back("child");
    co_await self.touch(data, 2, Access::write);
    areas = fixture.did(KernelPath::area_copy) - areas;
    entries = fixture.did(KernelPath::copy_entry) - entries;
    co_await self.exec(other, replaced);
  };
  fixture.run(executes([&](Self self) -> Program {
    co_await self.touch(data, 2, Access::write);
    areas = fixture.did(KernelPath::area_copy);
    entries = fixture.did(KernelPath::copy_entry);
    born = co_await self.vfork(child);
    order.emplace_back("parent");
    dead = co_await self.wait();
  }));
  ASSERT_EQ(order.size(), 3U);
  EXPECT_EQ(order.front(), "child");
  EXPECT_GT(born, 0);
  EXPECT_EQ(dead, born);
  EXPECT_EQ(areas, 0U) << "no area was copied";
  EXPECT_EQ(entries, 0U) << "nor any entry";
}

TEST(Vfork, WhatTheChildHasTouchedIsTheParentsWhenItHasEnded) {
  ProcessFixture fixture;
  const std::uint32_t before = fixture.unused_pages();
  std::uint64_t faults = 0;
  const Self::Body child = [&](Self self) -> Program { co_await self.touch(data, 3, Access::write); };
  fixture.run(executes([&](Self self) -> Program {
    co_await self.vfork(child);
    faults = fixture.did(KernelPath::fault);
    co_await self.touch(data, 3, Access::write);
    faults = fixture.did(KernelPath::fault) - faults;
    co_await self.wait();
  }));
  EXPECT_EQ(faults, 0U);
  EXPECT_EQ(fixture.did(KernelPath::space_create), 1U);
  EXPECT_LE(fixture.unused_pages(), before) << "but for the programs in the page cache";
}

TEST(Vfork, AChildThatIsKilledGivesTheMemoryBack) {
  ProcessFixture fixture;
  std::int64_t touched = -1;
  const Self::Body child = [](Self self) -> Program { co_await self.kill(signal_number::kill); };
  fixture.run(executes([&](Self self) -> Program {
    co_await self.vfork(child);
    touched = co_await self.touch(data, 1, Access::write);
    co_await self.wait();
  }));
  EXPECT_EQ(touched, 0);
}

}  // namespace
}  // namespace xensim
