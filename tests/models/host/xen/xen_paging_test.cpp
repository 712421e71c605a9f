/// What XenoLinux asks of the monitor to manage its memory, in requests and hypercalls.
#include "models/host/xen/xen_paging.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "tests/models/guest/processes/typical_program.hpp"
#include "tests/models/host/xen/xen_memory_fixture.hpp"

namespace xensim {
namespace {

constexpr std::uint64_t V = TypicalProgram::areas, P = TypicalProgram::resident, W = TypicalProgram::written,
                        T = TypicalProgram::tables;
constexpr std::uint8_t data = AreaFlags::read | AreaFlags::write;
using Counts = XenPaging::Counts;

class XenoLinux : public testing::TestWithParam<MemoryRules> {
 protected:
  /// Tables of an earlier process wait on the quicklists; the parent has written all its pages since.
  void warm(TypicalProgram& parent) {
    parent.space->fork().reset();
    for (const Area& area : parent.space->areas()) {
      if (!area.has(AreaFlags::write)) continue;
      for (Address page = area.range.start; page < area.range.end; page.value += page_size) {
        if (is_resident(parent.space->tables().entry(page))) {
          ASSERT_EQ(guest.write(page, 1), std::nullopt);
        }
      }
    }
  }
  /// An area of so many written pages, from a boundary of 4 MB.
  Address written(AddressSpace& space, std::uint32_t pages) {
    const Address start{0x50000000};
    EXPECT_TRUE(
        space.map({.length = pages * page_size, .flags = data, .address = start, .fixed = true}).has_value());
    for (std::uint32_t i = 0; i < pages; ++i) {
      EXPECT_EQ(guest.write({start.value + i * page_size}, i), std::nullopt);
    }
    return start;
  }

  MonitoredMemory host{GetParam()};
  XenGuest guest{host};
};
INSTANTIATE_TEST_SUITE_P(Releases, XenoLinux, testing::Values(xen_1_0_memory, xen_1_2_memory),
                         [](const auto& rules) { return rules.param.virtual_entries ? "Xen12" : "Xen10"; });

TEST_P(XenoLinux, ForkTakesAHypercallForEachTableAndOneAtTheEnd) {
  TypicalProgram parent(guest);
  warm(parent);
  const SinceXen since(guest);
  const auto child = parent.space->fork();
  EXPECT_EQ(since.hypercalls(), T + 1);
  EXPECT_EQ(since.requests(), P + W + T + 1);
  EXPECT_EQ(since[&Counts::table_entries], P + W);
  EXPECT_EQ(since[&Counts::pins], 0u) << "tables on the quicklists stay pinned";
  EXPECT_EQ(since.did(MemoryStep::entry_scanned), 0u) << "nothing is validated again";
  EXPECT_EQ(since.did(MemoryStep::batch_flush), 1u);
  EXPECT_EQ(guest.audit({parent.space.get(), child.get()}, parent.files()), "");
}

TEST_P(XenoLinux, ForkWithoutOldTablesPinsEachAndLoadsTheBaseOncePerBatchWithAPin) {
  TypicalProgram parent(guest);
  const SinceXen since(guest);
  const auto child = parent.space->fork();
  EXPECT_EQ(since.requests(), P + W + T + 1 + 2 * (T + 1)) << "each made read-only and pinned";
  EXPECT_EQ(since.hypercalls(), 2 * T + 1) << "an allocation may wait, so what is queued goes first";
  EXPECT_EQ(since.did(MemoryStep::pin), T + 1);
  EXPECT_EQ(since.did(MemoryStep::stale_retype), T + 1) << "the kernel has just written to all of them";
  EXPECT_EQ(since.did(MemoryStep::batch_flush), T + 2) << "the directory, each table, and the fork's own";
  EXPECT_EQ(since.did(MemoryStep::entry_scanned), 1008 + T * 1024);
  EXPECT_EQ(since.did(MemoryStep::entry_present), guest.layout.tables()) << "the kernel's, of the directory";
  EXPECT_EQ(guest.audit({parent.space.get(), child.get()}, parent.files()), "");
}

TEST_P(XenoLinux, ExitTakesAHypercallPerAreaAndTwo) {
  TypicalProgram parent(guest);
  const auto child = parent.space->fork();
  guest.load(*child);
  const SinceXen since(guest);
  child->clear();
  EXPECT_EQ(since.hypercalls(), V + 2);
  EXPECT_EQ(since.requests(), P + T + V + 1);
  EXPECT_EQ(since.did(MemoryStep::batch_flush), V + 1);
  EXPECT_EQ(since.did(MemoryStep::unpin), 0u);
  EXPECT_EQ(guest.audit({parent.space.get(), child.get()}, parent.files()), "");
}

TEST_P(XenoLinux, ADemandFaultIsOneHypercallAndWithANewTableTwo) {
  const auto space = AddressSpace::create(guest.guest);
  guest.load(*space);
  const Address start = *space->map({.length = 4 * page_size, .flags = data});
  {
    const SinceXen since(guest);
    ASSERT_EQ(guest.write(start, 1), std::nullopt);
    EXPECT_EQ(since.hypercalls(), 2u);
    EXPECT_EQ(since.requests(), 2u + 1 + 1) << "the table made read-only and pinned, both its entries";
  }
  const SinceXen since(guest);
  ASSERT_EQ(guest.write({start.value + page_size}, 1), std::nullopt);
  EXPECT_EQ(since.hypercalls(), 1u);
  EXPECT_EQ(since.requests(), 1u);
  EXPECT_EQ(since.did(MemoryStep::leaf_update), 1u);
  EXPECT_EQ(since.did(MemoryStep::batch_flush), 0u);
  EXPECT_EQ(guest.audit({space.get()}), "");
}

TEST_P(XenoLinux, ACopyOnWriteFaultIsOneHypercallOfTwoRequests) {
  TypicalProgram parent(guest);
  const auto child = parent.space->fork();
  const SinceXen since(guest);
  ASSERT_EQ(guest.write(TypicalProgram::heap, 2), std::nullopt);
  EXPECT_EQ(since.hypercalls(), 1u);
  EXPECT_EQ(since.requests(), 2u);
  EXPECT_EQ(since.did(MemoryStep::page_invalidation), 1u);
  EXPECT_EQ(guest.invalidated, std::vector{TypicalProgram::heap});
  EXPECT_EQ(since.did(MemoryStep::batch_flush), 0u);
  EXPECT_EQ(guest.audit({parent.space.get(), child.get()}, parent.files()), "");
}

TEST_P(XenoLinux, AProcessSwitchIsOneMulticallThatTakesTheQueueAlong) {
  const auto space = AddressSpace::create(guest.guest);
  guest.paging.commit();
  guest.calls.clear();
  const SinceXen since(guest);
  guest.load(*space);
  EXPECT_EQ(since.hypercalls(), 1u);
  EXPECT_EQ(since.requests(), 1u);
  ASSERT_EQ(guest.calls.size(), 1u);
  EXPECT_EQ(guest.calls[0].calls, 2u);
  EXPECT_EQ(since.did(MemoryStep::base_switch), 1u);
  EXPECT_EQ(since.did(MemoryStep::stack_switch), 1u);
  EXPECT_EQ(since.did(MemoryStep::entry_scanned), 0u) << "a pinned directory is valid";
  EXPECT_EQ(guest.domain.base, guest.paging.frame(space->directory()));
  guest.paging.load({}, 0);
  EXPECT_EQ(guest.domain.base, guest.paging.frame(guest.layout.directory()));
  EXPECT_EQ(guest.audit({space.get()}), "");
}

TEST_P(XenoLinux, ExecEmptiesTheOldImageLikeAnExit) {
  TypicalProgram old(guest);
  const SinceXen since(guest);
  old.space->clear();
  EXPECT_EQ(since.hypercalls(), V + 2);
  const Address start = *old.space->map({.length = 2 * page_size, .flags = data});
  EXPECT_EQ(guest.write(start, 3), std::nullopt);
  EXPECT_EQ(guest.audit({old.space.get()}, old.files()), "");
}

TEST_P(XenoLinux, MappingAsksNothingAndUnmappingFlushesOnceForThePagesAndOnceForTheTables) {
  const auto space = AddressSpace::create(guest.guest);
  guest.load(*space);
  SinceXen since(guest);
  const Address start = *space->map({.length = 8 * page_size, .flags = data});
  EXPECT_EQ(since.requests(), 0u);
  for (std::uint32_t i = 0; i < 8; ++i) {
    ASSERT_EQ(guest.write({start.value + i * page_size}, 1), std::nullopt);
  }
  const SinceXen unmapping(guest);
  ASSERT_TRUE(space->unmap(start, 8 * page_size));
  EXPECT_EQ(unmapping.requests(), 8u + 1 + 1 + 1);
  EXPECT_EQ(unmapping[&Counts::flushes], 2u);
  EXPECT_EQ(guest.audit({space.get()}), "");
}

TEST_P(XenoLinux, ChangingProtectionTakesARequestPerResidentPageAndAFlush) {
  const auto space = AddressSpace::create(guest.guest);
  guest.load(*space);
  const Address start = written(*space, 20);
  const SinceXen since(guest);
  ASSERT_TRUE(space->protect(start, 20 * page_size, AreaFlags::read));
  EXPECT_EQ(since.requests(), 21u);
  EXPECT_EQ(since.hypercalls(), 1u);
  EXPECT_EQ(guest.write(start, 1), FaultResult::Outcome::bad_address);
  EXPECT_EQ(guest.audit({space.get()}), "");
}

TEST_P(XenoLinux, TablesBeyondTheQuicklistsBoundsAreUnpinnedAndWritableAgain) {
  std::vector<std::unique_ptr<AddressSpace>> spaces;
  for (int i = 0; i < 27; ++i) {
    spaces.push_back(AddressSpace::create(guest.guest));
    guest.load(*spaces.back());
    ASSERT_EQ(guest.write(*spaces.back()->map({.length = page_size, .flags = data}), 1), std::nullopt);
  }
  guest.paging.load({}, 0);
  const SinceXen since(guest);
  spaces.clear();
  EXPECT_GT(since[&Counts::unpins], 20u);
  EXPECT_EQ(since[&Counts::mapping_entries], since[&Counts::unpins]);
  EXPECT_EQ(since.did(MemoryStep::unpin), since[&Counts::unpins]);
  EXPECT_EQ(since.hypercalls(), 27u * 2 + 1)
      << "pages, tables; what was trimmed goes with an exit's last flush";
  EXPECT_EQ(guest.audit({}), "");
  EXPECT_TRUE(guest.all_free());
}

TEST_P(XenoLinux, AWriteToATableThatIsStillBeingUnpinnedFaultsOnceAndSucceeds) {
  const PageNumber page = *guest.guest.tables.take_table();
  guest.paging.commit();
  guest.paging.unmake_table(page);
  const SinceXen since(guest);
  guest.paging.zero(page);
  EXPECT_EQ(since[&Counts::write_faults], 1u);
  EXPECT_EQ(since.hypercalls(), 1u);
  EXPECT_EQ(guest.paging.queued(), 0u);
  EXPECT_EQ(host.audit(), "");
}

TEST_P(XenoLinux, APageMadeATableAndUnmadeInOneBatchKeepsWhatIsWrittenToItLater) {
  const PageNumber page = *guest.guest.pages.allocate(), source = *guest.guest.pages.allocate();
  guest.memory.store(guest.paging.frame(source), 0, 7);
  guest.paging.zero(page);
  guest.paging.make_table(page);
  guest.paging.unmake_table(page);
  guest.paging.copy(source, page);
  guest.paging.commit();
  EXPECT_EQ(guest.memory.load(guest.paging.frame(page), 0), 7u);
  EXPECT_EQ(host.audit(), "");
}

TEST_P(XenoLinux, AnUnmadeDirectoryIsZero) {
  const PageNumber page = *guest.guest.tables.take_directory();
  guest.paging.unmake_directory(page);
  guest.paging.commit();
  for (std::uint32_t i = 0; i < entries_per_table; ++i) {
    ASSERT_EQ(guest.paging.entry(page, i), PageTableEntry{}) << i;
  }
  EXPECT_EQ(host.audit(), "");
}

TEST_P(XenoLinux, ANewDirectoryMapsTheKernelAsTheFirstDoes) {
  const PageNumber page = *guest.guest.tables.take_directory();
  guest.paging.load(page, 0);
  for (const std::uint32_t i : {0u, 63u, 1024u, guest.layout.directory().value}) {
    const auto result = host.mmu.translate(KernelLayout::address_of({i}), Access::read, Privilege::ring1,
                                           guest.domain.base, guest.memory);
    EXPECT_EQ(result.frame, guest.paging.frame({i}));
  }
}

TEST_P(XenoLinux, ABugOfTheKernelIsReportedWithTheRequest) {
  const PageNumber table = *guest.guest.tables.take_table();
  guest.paging.set_entry(table, 3, PageTableEntry::to({1}, PageTableEntry::present));
  EXPECT_THAT([this] { guest.paging.commit(); },
              testing::ThrowsMessage<SimulationError>(
                  testing::AllOf(testing::HasSubstr("domain 1: the monitor refused request 3 of 3"),
                                 testing::HasSubstr("value 0x1001"))));
}

TEST_P(XenoLinux, AWriteToAPageTableIsABug) {
  const PageNumber table = *guest.guest.tables.take_table();
  guest.paging.commit();
  EXPECT_THROW(guest.paging.zero(table), SimulationError);
}

TEST_P(XenoLinux, AKilledDomainsKernelGoesWithoutAnotherHypercall) {
  const std::uint32_t free = host.machine.frames.free().count;
  {
    XenGuest victim(host, 2, 1024);
    TypicalProgram program(victim);
    const auto child = program.space->fork();
    victim.paging.abandon();
    const SinceXen since(victim);
    victim.load(*child);
    program.space->clear();
    child->clear();
    EXPECT_EQ(since.hypercalls(), 0u);
  }
  EXPECT_EQ(host.machine.frames.free().count, free);
  EXPECT_EQ(host.audit(), "");
}

class QueueLength : public testing::TestWithParam<std::uint32_t> {};
INSTANTIATE_TEST_SUITE_P(Lengths, QueueLength, testing::Values(1, 64, 2048),
                         testing::PrintToStringParamName());

TEST_P(QueueLength, BoundsTheBatchesOfAHugeForkAndExit) {
  MonitoredMemory host;
  XenGuest guest(host, 1, 8192, GetParam());
  const auto batches = [](std::uint32_t requests) { return (requests + GetParam() - 1) / GetParam(); };
  const auto parent = AddressSpace::create(guest.guest);
  guest.load(*parent);
  const Address start{0x50000000};
  constexpr std::uint32_t pages = 3 * entries_per_table;
  ASSERT_TRUE(parent->map({.length = pages * page_size, .flags = data, .address = start, .fixed = true}));
  const auto write_all = [&] {
    for (std::uint32_t i = 0; i < pages; ++i) {
      ASSERT_EQ(guest.write({start.value + i * page_size}, i), std::nullopt);
    }
  };
  write_all();
  parent->fork().reset();
  write_all();
  const SinceXen forking(guest);
  auto child = parent->fork();
  EXPECT_EQ(forking.requests(), 2 * pages + 3 + 1);
  // Each table's directory entry ends a batch; the parent's entries and the child's go before the next.
  EXPECT_EQ(forking.hypercalls(), 1 + 2 * batches(2 * 1024 + 1) + batches(2 * 1024 + 1));
  EXPECT_EQ(guest.audit({parent.get(), child.get()}), "");

  guest.load(*child);
  const SinceXen exiting(guest);
  child->clear();
  EXPECT_EQ(exiting.requests(), pages + 1 + 3 + 1);
  EXPECT_EQ(exiting.hypercalls(), batches(pages + 1) + batches(3) + 1);
  EXPECT_EQ(guest.audit({parent.get(), child.get()}), "");
  guest.load(*parent);
}

}  // namespace
}  // namespace xensim
