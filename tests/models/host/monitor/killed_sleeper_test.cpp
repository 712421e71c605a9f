/// Whom a kernel kills for lack of memory dies at once where it sleeps.
#include <gtest/gtest.h>

#include "core/json.hpp"
#include "tests/models/host/process_plan.hpp"

namespace xensim {
namespace {

constexpr std::uint32_t mb = (1U << 20) / page_size;

/// Maps so much, touches part of it, and sleeps for ever.
Program sleeps_on_memory(Self self, Self::PipeEnds never_written) {
  const Self::MapRequest request{.length = 2 * mb * page_size, .flags = AreaFlags::read | AreaFlags::write};
  for (int i = 0; i < 30; ++i) {  // little by little nobody refuses
    const Address start{static_cast<std::uint32_t>(co_await self.mmap(request))};
    if (i < 2) co_await self.touch(start, 2 * mb, Access::write);
  }
  co_await self.read(never_written.read, 1);
}

Program touches_more_than_is_left(Self self, std::uint32_t& touched) {
  const Self::MapRequest request{.length = 64 * page_size, .flags = AreaFlags::read | AreaFlags::write};
  for (int i = 0; i < 48; ++i) {  // 12 MB
    const Address start{static_cast<std::uint32_t>(co_await self.mmap(request))};
    co_await self.touch(start, 64, Access::write);
    touched += 64;
  }
}

TEST(KilledSleeper, TheVictimOfTheOutOfMemoryKillerFreesItsMemoryAlthoughItSleeps) {
  TestHost host({{"name", "xen"}, {"memory", "16 MiB"}, {"swap", "64 KiB"}, {"file_system", "64 MiB"}},
                {.audit = false});
  std::int64_t sleeper = -1, dead = -1;
  std::uint32_t touched = 0;
  const Self::Body body = [&](Self self) -> Program {
    Self::PipeEnds ends;
    co_await self.pipe(ends);
    const Self::Body first = [ends](Self born) { return sleeps_on_memory(born, ends); };
    const Self::Body second = [&touched](Self born) { return touches_more_than_is_left(born, touched); };
    sleeper = co_await self.fork(first);
    co_yield Sleep{1s};
    co_await self.fork(second);
    dead = co_await self.wait();
    for (;;) co_yield Sleep{1s};
  };
  host.start(executes(body));
  host.run_until(30s);
  EXPECT_EQ(host.platform->audit(), "");
  EXPECT_EQ(host.read().at("dom1/memory/kills"), 1);
  EXPECT_EQ(dead, sleeper);
  EXPECT_EQ(touched, 12 * mb) << "it had to wait for the sleeper's memory";
}

}  // namespace
}  // namespace xensim
