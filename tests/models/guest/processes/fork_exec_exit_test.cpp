/// What fork, exec and exit do to page tables, in counts: Linux 2.4.21 on bare hardware, and XenoLinux.
#include <gtest/gtest.h>

#include "models/guest/processes/executable.hpp"
#include "tests/models/guest/processes/typical_program.hpp"

namespace xensim {
namespace {

constexpr KernelBuild xenolinux{.smp = false, .paravirtual = true};
constexpr std::uint64_t V = TypicalProgram::areas, P = TypicalProgram::resident, W = TypicalProgram::written,
                        T = TypicalProgram::tables;

/// Tables of an earlier process wait on the quicklists.
void warm(MemoryFixture& fixture, TypicalProgram& parent) {
  parent.space->fork().reset();
  ASSERT_EQ(fixture.guest.tables.size(), fixture.queued != nullptr ? T + 1 : T);
}

TEST(TypicalProgram, HasTheSizeThatTheCountsBelowAssume) {
  MemoryFixture fixture;
  const TypicalProgram program(fixture);
  EXPECT_EQ(program.space->areas().size(), V);
  EXPECT_EQ(program.space->resident(), P);
  EXPECT_EQ(fixture.audit({program.space.get()}, program.files()), "");
}

TEST(Fork, CopiesEveryPresentEntryProtectsTheParentsWritableOnesAndFlushesOnce) {
  MemoryFixture fixture;
  TypicalProgram parent(fixture);
  warm(fixture, parent);
  const Since since(fixture);
  const auto child = parent.space->fork();
  EXPECT_EQ(since.counts(), (Since::Counts{.table_entries = P, .directory_entries = T, .flushes = 1}))
      << "the first fork has write-protected the parent already";
  EXPECT_EQ(since.did(KernelPath::copy_entry), P);
  EXPECT_EQ(since.did(KernelPath::area_copy), V);
  EXPECT_EQ(since.did(KernelPath::zero_page), 0u) << "tables come from the quicklist";
  EXPECT_EQ(since.did(KernelPath::directory_page), 1u) << "a native directory is always made afresh";
  EXPECT_EQ(child->resident(), P);
  EXPECT_EQ(fixture.audit({parent.space.get(), child.get()}, parent.files()), "");
}

TEST(Fork, OfAProcessThatNeverForkedWrites110EntriesForTheChildAnd25ForTheParent) {
  MemoryFixture fixture;
  TypicalProgram parent(fixture);
  const Since since(fixture);
  const auto child = parent.space->fork();
  EXPECT_EQ(since.counts(), (Since::Counts{.table_entries = P + W, .directory_entries = T, .flushes = 1}));
  EXPECT_EQ(since.did(KernelPath::write_protect_entry), W);
  EXPECT_EQ(since.did(KernelPath::zero_page), T) << "the quicklist was empty";
}

TEST(Fork, UnderTheMonitorTakesOneHypercallPerTableAndOneAtTheEnd) {
  MemoryFixture fixture(xenolinux);
  TypicalProgram parent(fixture);
  warm(fixture, parent);
  // The parent writes all its private pages again, as sole owner.
  for (const Area& area : parent.space->areas()) {
    if (!area.has(AreaFlags::write)) continue;
    for (Address page = area.range.start; page < area.range.end; page.value += page_size) {
      if (is_resident(parent.space->tables().entry(page))) {
        ASSERT_EQ(fixture.write(page, 1), std::nullopt);
      }
    }
  }
  const Since since(fixture);
  const auto child = parent.space->fork();
  EXPECT_EQ(since.counts(), (Since::Counts{.table_entries = P + W,
                                           .directory_entries = T,
                                           .flushes = 1,
                                           .page_flushes = 0,
                                           .hypercalls = T + 1,
                                           .requests = P + W + T + 1}));
  EXPECT_EQ(since.did(KernelPath::directory_page), 0u) << "directories are kept, pinned";
  EXPECT_EQ(fixture.audit({parent.space.get(), child.get()}, parent.files()), "");
}

TEST(Fork, UnderTheMonitorPinsEachTableThatTheQuicklistsDoNotHave) {
  MemoryFixture fixture(xenolinux);
  TypicalProgram parent(fixture);
  const Since since(fixture);
  const auto child = parent.space->fork();
  EXPECT_EQ(since.counts().requests, P + W + T + 1 + 2 * (T + 1)) << "each made read-only and pinned";
  // Each table's allocation may wait, so what is queued goes first: the directory, then entries so far.
  EXPECT_EQ(since.counts().hypercalls, 2 * T + 1);
}

TEST(Exit, FlushesOncePerAreaAndOnceAtTheEnd) {
  MemoryFixture fixture;
  TypicalProgram parent(fixture);
  const auto child = parent.space->fork();
  fixture.load(*child);
  const Since since(fixture);
  child->clear();
  EXPECT_EQ(since.counts(), (Since::Counts{.table_entries = P, .directory_entries = T, .flushes = V + 1}));
  EXPECT_EQ(since.did(KernelPath::page_free), 0u) << "all pages are the parent's too";
  EXPECT_EQ(child->resident(), 0u);
  EXPECT_EQ(child->mapped_pages(), 0u);
  EXPECT_EQ(fixture.audit({parent.space.get(), child.get()}, parent.files()), "");
}

TEST(Exit, UnderTheMonitorTakesAHypercallMoreForTheTables) {
  MemoryFixture fixture(xenolinux);
  TypicalProgram parent(fixture);
  const auto child = parent.space->fork();
  fixture.load(*child);
  const Since since(fixture);
  child->clear();
  EXPECT_EQ(since.counts(), (Since::Counts{.table_entries = P,
                                           .directory_entries = T,
                                           .flushes = V + 1,
                                           .page_flushes = 0,
                                           .hypercalls = V + 2,
                                           .requests = P + T + V + 1}));
}

TEST(Exit, OfASpaceWithSeveralUsersOnSmpFlushesBeforeAnyPageIsFreed) {
  MemoryFixture fixture({.smp = true});
  const auto space = AddressSpace::create(fixture.guest);
  space->used_by(1);
  fixture.load(*space);
  space->users = 2;
  const auto start = space->map({.length = 1200 * page_size, .flags = TypicalProgram::data});
  for (std::uint32_t i = 0; i < 1200; ++i) {
    ASSERT_EQ(fixture.write({start->value + i * page_size}, i), std::nullopt);
  }
  const Since since(fixture);
  const std::uint64_t interrupts = fixture.bare->counts().remote_flushes;
  EXPECT_TRUE(space->unmap(*start, 1200 * page_size));
  EXPECT_EQ(since.counts().flushes, 3u + 1u) << "508, 508 and 184 entries, then the tables";
  EXPECT_EQ(fixture.bare->counts().remote_flushes - interrupts, 4u);
  EXPECT_EQ(fixture.audit({space.get()}), "");
}

TEST(SmpKernel, ExecutesOneLockedOperationPerEntryAndSomePerTableAreaAndFreedPage) {
  MemoryFixture fixture({.smp = true, .paravirtual = false});
  TypicalProgram parent(fixture);
  const Since forking(fixture);
  auto child = parent.space->fork();
  EXPECT_EQ(forking.did(KernelPath::locked_operation), P + W + 3 * T + 4 * V + (T + 1))
      << "the last for pages taken from their zone";
  fixture.load(*child);
  const Since copying(fixture);
  ASSERT_EQ(fixture.write(TypicalProgram::heap, 2), std::nullopt);
  EXPECT_EQ(copying.did(KernelPath::locked_operation), 13u);
  const Since exiting(fixture);
  child->clear();
  EXPECT_EQ(exiting.did(KernelPath::locked_operation), P + 3 * 1 + 5 * V);
}

class BothKernels : public testing::TestWithParam<KernelBuild> {};
INSTANTIATE_TEST_SUITE_P(Kernels, BothKernels, testing::Values(KernelBuild{}, xenolinux),
                         [](const auto& kernel) {
                           return kernel.param.paravirtual ? "XenoLinux" : "Native";
                         });

TEST_P(BothKernels, ParentAndChildDoNotSeeEachOthersWrites) {
  MemoryFixture fixture(GetParam());
  TypicalProgram parent(fixture);
  const auto child = parent.space->fork();
  ASSERT_EQ(fixture.write(TypicalProgram::heap, 1), std::nullopt);
  fixture.load(*child);
  EXPECT_EQ(fixture.read(TypicalProgram::heap), TypicalProgram::heap.value);
  ASSERT_EQ(fixture.write(TypicalProgram::heap, 2), std::nullopt);
  fixture.load(*parent.space);
  EXPECT_EQ(fixture.read(TypicalProgram::heap), 1u);
}

TEST_P(BothKernels, WhoWritesFirstAfterForkCopiesAndWhoIsLeftDoesNot) {
  MemoryFixture fixture(GetParam());
  TypicalProgram parent(fixture);
  auto child = parent.space->fork();
  fixture.load(*child);
  const Since first(fixture);
  ASSERT_EQ(fixture.write(TypicalProgram::heap, 2), std::nullopt);
  EXPECT_EQ(first.did(KernelPath::copy_page), 1u);
  EXPECT_EQ(first.counts().page_flushes, 1u);
  child.reset();
  fixture.load(*parent.space);
  const Since second(fixture);
  ASSERT_EQ(fixture.write(TypicalProgram::heap, 1), std::nullopt);
  EXPECT_EQ(second.did(KernelPath::copy_page), 0u);
  EXPECT_EQ(second.did(KernelPath::fault_reuse), 1u);
  EXPECT_EQ(second.counts().table_entries, 1u);
  EXPECT_EQ(second.counts().page_flushes, 1u);
}

TEST_P(BothKernels, EverythingIsFreeOnceAllProcessesAndFilesAreGone) {
  MemoryFixture fixture(GetParam());
  {
    TypicalProgram parent(fixture);
    auto child = parent.space->fork();
    fixture.load(*child);
    for (std::uint32_t i = 0; i < 6; ++i) {
      ASSERT_EQ(fixture.write({TypicalProgram::heap.value + i * page_size}, i), std::nullopt);
    }
    child.reset();
    EXPECT_EQ(fixture.audit({parent.space.get()}, parent.files()), "");
  }
  EXPECT_TRUE(fixture.all_free());
}

TEST_P(BothKernels, AForkThatMemoryDoesNotSufficeForLeavesTheParentAsItWas) {
  MemoryFixture fixture(GetParam());
  TypicalProgram parent(fixture);
  std::vector<PageNumber> hoard;
  while (const auto page = fixture.guest.pages.allocate()) hoard.push_back(*page);
  // Enough for the directory and two of the three tables.
  for (int i = 0; i < 3; ++i) {
    fixture.guest.pages.put(hoard.back());
    hoard.pop_back();
  }
  EXPECT_EQ(parent.space->fork(), nullptr);
  for (const PageNumber page : hoard) fixture.guest.pages.put(page);
  EXPECT_EQ(fixture.audit({parent.space.get()}, parent.files()), "");
  EXPECT_EQ(fixture.read(TypicalProgram::heap), TypicalProgram::heap.value);
}

TEST_P(BothKernels, ExecReplacesTheImageInPlaceAndTouchesOnlyTheStackAndTwoPagesOfData) {
  MemoryFixture fixture(GetParam());
  TypicalProgram old(fixture);
  const Executable program{
      .file = old.program,
      .segments = {{{0x08048000}, 10, TypicalProgram::text, 0}, {{0x08052000}, 2, TypicalProgram::data, 10}},
      .data_end = {0x08053800},
      .bss_end = {0x08058400}};
  const Executable loader{
      .file = old.loader,
      .segments = {{{0}, 20, TypicalProgram::text, 0}, {{0x14000}, 1, TypicalProgram::data, 20}},
      .data_end = {0x14a00},
      .bss_end = {0x14c00}};
  const Since since(fixture);
  const auto loaded = execute(fixture.guest, *old.space, program, &loader);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(since.counts().flushes, V + 1) << "of the old image; the new one needs none";
  EXPECT_EQ(loaded->interpreter_base, AddressSpace::mapping_base);
  EXPECT_EQ(loaded->cleared, (std::vector<Address>{{0x08053800}, {0x40014a00}}));
  EXPECT_EQ(old.space->areas().size(), 6u);
  EXPECT_EQ(old.space->resident(), 1u) << "the page of arguments";
  EXPECT_EQ(old.space->heap_end(), Address{0x08058400});
  if (GetParam().paravirtual) {
    // Nothing before has told the monitor of the page of arguments.
    EXPECT_EQ(old.space->fault({loaded->cleared[0], PageFault::write}).outcome, FaultResult::Outcome::retry);
  }
  for (const Address address : loaded->cleared) {
    const FaultResult result = old.space->fault({address, PageFault::write});
    EXPECT_EQ(result.outcome, FaultResult::Outcome::major);
  }
  EXPECT_EQ(since.did(KernelPath::copy_page), 2u);
  EXPECT_EQ(old.space->resident(), 3u);
  EXPECT_EQ(fixture.audit({old.space.get()}, old.files()), "");
}

}  // namespace
}  // namespace xensim
