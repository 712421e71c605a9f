/// How a domain's first page tables come about.
#include "models/host/monitor/domain_memory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tests/models/host/xen/xen_memory_fixture.hpp"

namespace xensim {
namespace {

class DomainMemory : public testing::TestWithParam<MemoryRules> {
 protected:
  std::optional<KernelLayout> build(std::uint32_t pages) {
    host.domains = {&domain};
    return build_domain_memory({host.machine, host.cpu, host.domain0}, domain, pages);
  }
  [[nodiscard]] FrameNumber frame(PageNumber page) const {
    return domain_frames(host.machine, domain)[page.value];
  }
  Mmu::Result access(PageNumber page, Access kind) {
    return host.mmu.translate(KernelLayout::address_of(page), kind, Privilege::ring1, domain.base,
                              host.machine.contents);
  }

  MonitoredMemory host{GetParam()};
  MemoryDomain domain{.id = DomainId{7}};
};
INSTANTIATE_TEST_SUITE_P(Releases, DomainMemory, testing::Values(xen_1_0_memory, xen_1_2_memory),
                         [](const auto& rules) { return rules.param.virtual_entries ? "Xen12" : "Xen10"; });

TEST(KernelLayout, PutsTheDirectoryLastAndTheTablesBeforeItInReverseOrder) {
  constexpr KernelLayout layout{4096};
  EXPECT_EQ(layout.tables(), 5u) << "four for 16 MB, one for the shared page behind them";
  EXPECT_EQ(layout.directory(), PageNumber{4095});
  EXPECT_EQ(layout.table(0), PageNumber{4094});
  EXPECT_EQ(layout.table(4), PageNumber{4090});
  EXPECT_EQ(layout.start_info(), PageNumber{4089});
  EXPECT_EQ(layout.usable(), 4089u);
  EXPECT_EQ(KernelLayout{4095}.tables(), 4u);
  EXPECT_EQ(KernelLayout{KernelLayout::most_pages}.tables(),
            guest_directory_entries - KernelLayout::base.directory_index());
}

TEST_P(DomainMemory, IsBuiltWithTwoRequestsAPageOneATableAndAPin) {
  ASSERT_TRUE(build(2048));
  const MemoryWork& work = host.cpu.work;
  EXPECT_EQ(work[MemoryStep::m2p_request], 2048u);
  EXPECT_EQ(work[MemoryStep::pin], 1u);
  if (!GetParam().virtual_entries) {
    EXPECT_EQ(work[MemoryStep::normal_request], 2048u + 3);
    EXPECT_EQ(work[MemoryStep::leaf_update], 2048u);
    EXPECT_EQ(work[MemoryStep::directory_update], 3u);
    EXPECT_EQ(work[MemoryStep::entry_scanned], 1008u + 3 * 1024) << "tables are empty when they are entered";
    EXPECT_EQ(work[MemoryStep::entry_present], 0u);
  } else {
    EXPECT_EQ(work[MemoryStep::entry_scanned], 1008u + 3 * 1024);
    EXPECT_EQ(work[MemoryStep::entry_present], 3u + 2048);
  }
  EXPECT_EQ(host.audit(), "");
}

TEST_P(DomainMemory, IsMappedInSmallPagesWritableButForTheTables) {
  const auto layout = build(1500);
  ASSERT_TRUE(layout);
  for (std::uint32_t i = 0; i < 1500; ++i) {
    const PageNumber page{i};
    ASSERT_EQ(access(page, Access::read), (Mmu::Result{.frame = frame(page), .fault = {}})) << i;
    ASSERT_EQ(access(page, Access::write).faulted(), layout->holds_tables(page)) << i;
  }
  for (const Tlb::Entry& entry : host.mmu.data_tlb().visible()) {
    EXPECT_FALSE(entry.translation.has(PageTableEntry::global));
    EXPECT_FALSE(entry.translation.has(PageTableEntry::large));
  }
  EXPECT_EQ(domain.base, frame(layout->directory()));
}

TEST_P(DomainMemory, IsClosedToTheDomainsPrograms) {
  ASSERT_TRUE(build(64));
  const auto result = host.mmu.translate(KernelLayout::base, Access::read, Privilege::ring3, domain.base,
                                         host.machine.contents);
  EXPECT_TRUE(result.faulted());
}

TEST_P(DomainMemory, FillsTheTableThatLeadsFromFramesToPages) {
  ASSERT_TRUE(build(100));
  const auto frames = domain_frames(host.machine, domain);
  for (std::uint32_t i = 0; i < 100; ++i) {
    EXPECT_EQ(host.machine.machine_to_physical[frames[i].value], i);
  }
}

TEST_P(DomainMemory, IsTheSameOnFramesThatAnotherDomainLeftFullOfEntries) {
  ASSERT_TRUE(build(1024));
  release(host.machine, domain);
  ASSERT_TRUE(build(1024));
  EXPECT_EQ(host.audit(), "");
  EXPECT_EQ(access({5}, Access::write).frame, frame({5}));
}

TEST_P(DomainMemory, IsNotBuiltIfFramesAreTooFew) {
  const std::uint32_t free = host.machine.frames.free().count;
  EXPECT_FALSE(build(free + 1));
  EXPECT_EQ(host.machine.frames.free().count, free);
  EXPECT_FALSE(domain.base.valid());
  EXPECT_EQ(host.audit(), "");
}

TEST_P(DomainMemory, OfAnImpossibleSizeIsRefusedByName) {
  EXPECT_THAT([this] { (void)build(KernelLayout::most_pages + 1); },
              testing::ThrowsMessage<SimulationError>(testing::HasSubstr("domain 7 cannot be built")));
}

TEST_P(DomainMemory, IsAllFreeAgainWhenTheDomainIsGone) {
  const std::uint32_t free = host.machine.frames.free().count;
  ASSERT_TRUE(build(1000));
  EXPECT_EQ(host.machine.frames.free().count, free - 1000);
  release(host.machine, domain);
  EXPECT_EQ(host.machine.frames.free().count, free);
  EXPECT_EQ(host.audit(), "");
}

}  // namespace
}  // namespace xensim
