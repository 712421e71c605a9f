/// What each kind of page fault does, in counts: Linux 2.4.21 on bare hardware, and XenoLinux.
#include <gtest/gtest.h>

#include "tests/models/guest/processes/typical_program.hpp"

namespace xensim {
namespace {

using enum FaultResult::Outcome;
constexpr std::uint8_t data = TypicalProgram::data;
constexpr std::uint32_t megabyte = 1 << 20;

class PageFaults : public testing::TestWithParam<KernelBuild> {
 protected:
  PageFaults() { fixture.load(*space); }
  ~PageFaults() override { EXPECT_EQ(fixture.audit({space.get()}, files), ""); }

  /// What is expected on bare hardware; under the monitor each commit that has something is a hypercall.
  Since::Counts expected(std::uint64_t entries, std::uint64_t page_flushes, std::uint64_t tables = 0) const {
    Since::Counts counts{.table_entries = entries, .directory_entries = tables, .page_flushes = page_flushes};
    if (GetParam().paravirtual) {
      counts.hypercalls = 1 + tables;
      counts.requests = entries + page_flushes + tables + 2 * tables;
    }
    return counts;
  }
  Address map(std::uint32_t pages, std::uint8_t flags, std::shared_ptr<MappedFile> file = nullptr) {
    if (file) files.push_back(file.get());
    kept.push_back(file);
    return *space->map({.length = pages * page_size, .flags = flags, .file = std::move(file)});
  }

  MemoryFixture fixture{GetParam()};
  std::vector<std::shared_ptr<MappedFile>> kept;
  std::vector<MappedFile*> files;
  std::unique_ptr<AddressSpace> space = AddressSpace::create(fixture.guest);
};
INSTANTIATE_TEST_SUITE_P(Kernels, PageFaults,
                         testing::Values(KernelBuild{}, KernelBuild{.smp = false, .paravirtual = true}),
                         [](const auto& kernel) {
                           return kernel.param.paravirtual ? "XenoLinux" : "Native";
                         });

TEST_P(PageFaults, TheFirstWriteToAnonymousMemoryZeroesAPageWithoutAFlush) {
  const Address page = map(2, data);
  ASSERT_EQ(fixture.write(page, 1), std::nullopt);  // makes the table
  const Since since(fixture);
  EXPECT_EQ(fixture.write({page.value + page_size}, 1), std::nullopt);
  EXPECT_EQ(since.counts(), expected(1, 0));
  EXPECT_EQ(since.did(KernelPath::zero_page), 1u);
  EXPECT_EQ(fixture.last_fault, minor);
  EXPECT_EQ(space->resident(), 2u);
}

TEST_P(PageFaults, TheFirstFaultOfARegionMakesItsTable) {
  const Address page = map(1, data);
  fixture.paging->commit();
  const Since since(fixture);
  EXPECT_EQ(fixture.write(page, 1), std::nullopt);
  EXPECT_EQ(since.counts(), expected(1, 0, 1));
  EXPECT_EQ(since.did(KernelPath::zero_page), 2u);
}

TEST_P(PageFaults, AReadMapsTheZeroPageAndAWriteAfterItFaultsAgain) {
  const Address page = map(1, data);
  EXPECT_EQ(fixture.read(page), 0u);
  EXPECT_EQ(space->resident(), 0u);
  const Since since(fixture);
  EXPECT_EQ(fixture.write(page, 1), std::nullopt);
  EXPECT_EQ(since.counts(), expected(1, 1));
  EXPECT_EQ(since.did(KernelPath::zero_page), 1u) << "cleared, not copied";
  EXPECT_EQ(since.did(KernelPath::copy_page), 0u);
  EXPECT_EQ(fixture.faults, 2u);
  EXPECT_EQ(space->resident(), 1u);
}

TEST_P(PageFaults, AFilesPageIsMappedFromTheCacheAndCountsAsMajor) {
  const Address start = map(4, AreaFlags::read | AreaFlags::shared, fixture.file(4));
  EXPECT_EQ(fixture.read(start), 1000u);
  const Since since(fixture);
  EXPECT_EQ(fixture.read({start.value + page_size}), 1001u);
  EXPECT_EQ(since.counts(), expected(1, 0)) << "one entry: no fault-around";
  EXPECT_EQ(fixture.last_fault, major);
}

TEST_P(PageFaults, AWriteToAPrivateFilePageCopiesItInOneFault) {
  const auto file = fixture.file(2);
  const Address start = map(2, data, file);
  (void)fixture.read(start);
  const Since since(fixture);
  EXPECT_EQ(fixture.write({start.value + page_size}, 5), std::nullopt);
  EXPECT_EQ(since.counts(), expected(1, 0));
  EXPECT_EQ(since.did(KernelPath::copy_page), 1u);
  EXPECT_EQ(fixture.memory.load(fixture.paging->frame(*file->page(1)), 0), 1001u);
  EXPECT_EQ(fixture.read({start.value + page_size}), 5u);
}

TEST_P(PageFaults, APrivateFilePageReadBeforeItIsWrittenIsCopiedWithAFlushOfOnePage) {
  const auto file = fixture.file(1);
  const Address start = map(1, data, file);
  (void)fixture.read(start);
  const Since since(fixture);
  EXPECT_EQ(fixture.write({start.value + 4}, 5), std::nullopt);
  EXPECT_EQ(since.counts(), expected(1, 1));
  EXPECT_EQ(since.did(KernelPath::copy_page), 1u);
  EXPECT_EQ(fixture.read(start), 1000u) << "the rest of the page was copied";
}

TEST_P(PageFaults, MmapLatencyOf8MegabytesTakes52FaultsAnd104EntriesAnd2Flushes) {
  const auto file = fixture.file(8 * megabyte / page_size);
  const Since since(fixture);
  const Address start = map(8 * megabyte / page_size, data | AreaFlags::shared, file);
  for (std::uint32_t offset = 0; offset < 8 * megabyte / 10; offset += 16 << 10) {
    ASSERT_EQ(fixture.write({start.value + offset}, 1), std::nullopt);
  }
  EXPECT_TRUE(space->unmap(start, 8 * megabyte));
  EXPECT_EQ(fixture.faults, 52u);
  EXPECT_EQ(since.counts().table_entries, 104u);
  EXPECT_EQ(since.counts().directory_entries, 2u) << "one table, made and freed";
  EXPECT_EQ(since.counts().flushes, 2u);
  EXPECT_EQ(since.counts().page_flushes, 0u);
  EXPECT_EQ(since.did(KernelPath::copy_page), 0u);
  EXPECT_EQ(file->dirty(), 52u);
  if (GetParam().paravirtual) {
    EXPECT_EQ(since.counts().hypercalls, 52u + 1u + 3u) << "faults, a table, then zap, table freed, flush";
  }
}

TEST_P(PageFaults, AFaultWhileWritesAreQueuedIsOnlyRetriedUnderTheMonitor) {
  const Address page = map(1, data);
  const auto table = fixture.guest.tables.take_table();
  EXPECT_EQ(space->fault({page, PageFault::write | PageFault::user}).outcome,
            GetParam().paravirtual ? retry : minor);
  fixture.guest.tables.release_table(*table);
}

TEST_P(PageFaults, AnAccessThatNoAreaAllowsIsABadAddress) {
  std::uint32_t value = 0;
  const Address page = map(1, AreaFlags::read);
  EXPECT_EQ(fixture.read({page.value + page_size}, value), bad_address);
  EXPECT_EQ(fixture.write(page, 1), bad_address);
  EXPECT_EQ(fixture.read({0xC0000000}, value), bad_address);
  EXPECT_EQ(fixture.read(map(1, 0), value), bad_address) << "PROT_NONE";
}

TEST_P(PageFaults, BeyondTheEndOfItsFileAMappingIsABusError) {
  std::uint32_t value = 0;
  const Address start = map(3, AreaFlags::read, fixture.file(2));
  EXPECT_EQ(fixture.read({start.value + page_size}, value), std::nullopt);
  EXPECT_EQ(fixture.read({start.value + 2 * page_size}, value), bus_error);
}

TEST_P(PageFaults, AStackGrowsTo32BytesBelowTheStackPointerAndTo8Megabytes) {
  const Address top = AddressSpace::user_end;
  ASSERT_TRUE(space->map({.length = page_size,
                          .flags = data | AreaFlags::grows_down,
                          .address = Address{top.value - page_size},
                          .fixed = true}));
  fixture.stack_pointer = {top.value - 3 * page_size};
  EXPECT_EQ(fixture.write({fixture.stack_pointer.value - 36}, 1), bad_address);
  EXPECT_EQ(fixture.write({fixture.stack_pointer.value - 32}, 1), std::nullopt);
  EXPECT_EQ(space->mapped_pages(), 4u);
  fixture.stack_pointer = {top.value - (8 << 20)};
  EXPECT_EQ(fixture.write(fixture.stack_pointer, 1), std::nullopt);
  fixture.stack_pointer.value -= 4;
  EXPECT_EQ(fixture.write(fixture.stack_pointer, 1), bad_address);
}

TEST_P(PageFaults, WithoutMemoryAFaultSaysSo) {
  const Address page = map(1, data);
  std::vector<PageNumber> hoard;
  while (const auto taken = fixture.guest.pages.allocate()) hoard.push_back(*taken);
  EXPECT_EQ(fixture.write(page, 1), no_memory);
  for (const PageNumber taken : hoard) fixture.guest.pages.put(taken);
  EXPECT_EQ(fixture.write(page, 1), std::nullopt);
}

/// The page cache lacks the page.
struct AbsentFile final : MappedFile {
  std::uint32_t pages() const override { return 8; }
  std::optional<PageNumber> page(std::uint32_t) override { return {}; }
  void dirtied(std::uint32_t) override {}
};

TEST_P(PageFaults, APageThatTheCacheLacksHasToBeReadFirst) {
  const auto file = std::make_shared<AbsentFile>();
  const Address start = *space->map({.length = 4 * page_size, .flags = data, .file = file, .file_page = 2});
  const FaultResult result = space->fault({{start.value + page_size}, PageFault::user});
  EXPECT_EQ(result, (FaultResult{read_page, file.get(), 3}));
}

}  // namespace
}  // namespace xensim
