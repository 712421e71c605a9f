/// What is only read changes the disk, too: times of access.
#include <gtest/gtest.h>

#include <string>

#include "core/json.hpp"
#include "tests/models/host/process_plan.hpp"

namespace xensim {
namespace {

enum class Use { stat, read, map, execute, list };

const std::string name = "/usr/file";
const ProgramImage image{.path = "/bin/used"};

Program ends(Self /*self*/) { co_return; }

/// Ten times a second.
Program uses(Self self, Use use) {
  co_await self.existing_file(name, Bytes{page_size});
  const std::int64_t file = co_await self.open(name), directory = co_await self.open("/usr");
  const Self::Body nothing = ends;
  const Self::Body child = [&nothing](Self born) -> Program { co_await born.exec(image, nothing); };
  for (;;) {
    if (use == Use::stat) co_await self.stat(name);
    if (use == Use::read) co_await self.pread(file, 1, 0);
    if (use == Use::map) {
      const auto start = co_await self.mmap({.length = page_size, .flags = AreaFlags::read, .file = file});
      co_await self.munmap({static_cast<std::uint32_t>(start)}, page_size);
    }
    if (use == Use::execute) {
      co_await self.fork(child);
      co_await self.wait();
    }
    if (use == Use::list) {
      co_await self.lseek(directory, 0);
      co_await self.getdents(directory);
    }
    co_yield Sleep{90ms};
  }
}

Values after(Use use, Time end) {
  TestHost host({{"name", "native"}}, {.audit = false});
  const Self::Body body = [use](Self self) { return uses(self, use); };
  host.start(executes(body));
  host.run_until(end);
  EXPECT_EQ(host.platform->audit(), "");
  return host.read();
}

class AccessTimes : public testing::TestWithParam<Use> {};

TEST_P(AccessTimes, ChangeAnInodeThatIsCommittedEveryFiveSeconds) {
  const Values early = after(GetParam(), 8s), late = after(GetParam(), 28s);
  EXPECT_GE(late.at("journal/commits") - early.at("journal/commits"), 3);
  EXPECT_LE(late.at("journal/commits") - early.at("journal/commits"), 5);
  EXPECT_GT(late.at("disk/writes"), early.at("disk/writes"));
}

INSTANTIATE_TEST_SUITE_P(Uses, AccessTimes, testing::Values(Use::read, Use::map, Use::execute, Use::list));

TEST(AccessTimes, StayWhatTheyAreWhenAFileIsLookedAt) {
  const Values early = after(Use::stat, 8s), late = after(Use::stat, 28s);
  EXPECT_EQ(late.at("journal/commits"), early.at("journal/commits"));
  EXPECT_EQ(late.at("disk/writes"), early.at("disk/writes"));
}

}  // namespace
}  // namespace xensim
