#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "tests/models/host/xen/xen_memory_fixture.hpp"

namespace xensim {
namespace {

class FramesThatTheMonitorLooksAt : public testing::Test {
 protected:
  [[nodiscard]] XenPaging::Hooks hooks() {
    XenPaging::Hooks hooks;
    hooks.frames = [this](std::span<const FrameNumber> frames) { told.assign(frames.begin(), frames.end()); };
    return hooks;
  }

  MonitoredMemory host;
  MemoryDomain domain{.id = DomainId{1}};
  const KernelLayout layout =
      build_domain_memory({host.machine, host.cpu, host.domain0}, domain, 1024).value();
  std::vector<FrameNumber> told;
  XenPaging paging{host.machine, host.cpu, domain, layout, hooks()};
};

TEST_F(FramesThatTheMonitorLooksAt, AreTheTablesAgainAndAgainAndEachEntrysOwnInOrder) {
  constexpr PageNumber table{500};
  constexpr std::uint32_t first = 600, count = 100;
  paging.make_table(table);
  (void)paging.commit();

  std::vector<EntryUpdate> updates;
  for (std::uint32_t i = 0; i < count; ++i) {
    const FrameNumber frame = paging.frame({first + i});
    updates.push_back({i, PageTableEntry::to(frame, PageTableEntry::present | PageTableEntry::user)});
  }
  paging.set_entries(table, updates);
  (void)paging.commit();

  const FrameNumber of_table = paging.frame(table);
  ASSERT_GE(told.size(), count + 2);
  EXPECT_EQ(told.front(), of_table);
  EXPECT_EQ(told[told.size() - 2], of_table) << "before the last entry, as if it had been told each time";
  std::uint32_t next = first, since = 0;
  for (const FrameNumber frame : told) {
    since = frame == of_table ? 0 : since + 1;
    EXPECT_LE(since, 25U) << "too few for it to leave a cache";
    if (frame != of_table) {
      EXPECT_EQ(frame, paging.frame({next++}));
    }
  }
  EXPECT_EQ(next, first + count);
}

TEST_F(FramesThatTheMonitorLooksAt, OfANewBaseAreTheDirectorysAndThatOfTheOld) {
  constexpr PageNumber directory{500};
  paging.make_directory(directory);
  (void)paging.commit();
  const FrameNumber old = domain.base;
  paging.load(directory, 0xc0001000);
  EXPECT_EQ(told, (std::vector<FrameNumber>{paging.frame(directory), old}));
}

}  // namespace
}  // namespace xensim
