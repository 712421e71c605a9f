/// What was changed through mappings becomes part of files.
#include "models/guest/memory/area.hpp"
#include "tests/models/guest/processes/process_fixture.hpp"

namespace xensim {
namespace {

const ProgramImage image{.path = "/bin/test", .dynamic = false};
constexpr std::uint32_t pages = 8;

Program executes(Self::Body main) { co_await Self{}.exec(image, main); }

/// A file of eight pages, mapped shared.
Program maps(Self self, Address& start) {
  const std::int64_t file = co_await self.creat("/file");
  for (std::uint32_t i = 0; i < pages; ++i) co_await self.write(file, page_size);
  start = {static_cast<std::uint32_t>(
      co_await self.mmap({.length = pages * page_size,
                          .flags = AreaFlags::read | AreaFlags::write | AreaFlags::shared,
                          .file = file}))};
}

TEST(Msync, FindsEachChangeOnce) {
  ProcessFixture fixture;
  std::vector<std::uint64_t> cleaned;
  std::uint64_t faults = 0;
  fixture.run(executes([&](Self self) -> Program {
    Address start;
    co_await maps(self, start);
    const auto touch = [&](std::uint32_t count) { return self.touch(start, count, Access::write); };
    for (const std::uint32_t changed : {3U, 0U, 1U}) {
      co_await touch(changed);
      faults = fixture.did(KernelPath::fault);
      const std::uint64_t before = fixture.did(KernelPath::protect_entry);
      co_await self.msync(start, pages * page_size, Self::Synchronize::later);
      cleaned.push_back(fixture.did(KernelPath::protect_entry) - before);
    }
    co_await touch(3);
    faults = fixture.did(KernelPath::fault) - faults;
  }));
  EXPECT_EQ(cleaned, (std::vector<std::uint64_t>{3, 0, 1}));
  EXPECT_EQ(faults, 0U) << "the pages stay mapped and writable";
}

TEST(Msync, FailsWhereNothingIsMapped) {
  ProcessFixture fixture;
  std::int64_t behind = 0, nothing = -1;
  fixture.run(executes([&](Self self) -> Program {
    Address start;
    co_await maps(self, start);
    behind = co_await self.msync(start, (pages + 100000) * page_size, Self::Synchronize::later);
    nothing = co_await self.msync(start, 0, Self::Synchronize::now);
  }));
  EXPECT_EQ(behind, -static_cast<std::int64_t>(CallError::no_memory));
  EXPECT_EQ(nothing, 0);
}

}  // namespace
}  // namespace xensim
