#include "models/memory/page_update.hpp"

#include <gtest/gtest.h>

#include "tests/models/memory/memory_bench.hpp"

namespace xensim {
namespace {

using test::Counts;
using test::MemoryBench;
using test::read_only;
using test::writable;
using Command = ExtendedCommand;
using Status = HypercallStatus;

/// A domain with a pinned table and a pinned directory to make references with.
class PageUpdate : public testing::Test {
 protected:
  PageUpdate() {
    ok({bench.extended(Command::pin_l1, table), bench.extended(Command::pin_l2, directory)});
    bench.cpu.work = {};
    bench.cpu.owed.clear();
  }
  void ok(std::initializer_list<PageRequest> requests) {
    ASSERT_EQ(bench.update(domain, requests).status, Status::done);
    ASSERT_EQ(bench.audit(), "");
  }
  [[nodiscard]] Status status(PageRequest request) { return bench.update(domain, {request}).status; }
  [[nodiscard]] PageRequest leaf(std::uint32_t index, PageTableEntry entry) const {
    return bench.entry(table, index, entry);
  }
  [[nodiscard]] PageRequest slot(std::uint32_t index, PageTableEntry entry) const {
    return bench.entry(directory, index, entry);
  }
  [[nodiscard]] Counts counts(FrameNumber frame) const { return bench.counts(frame); }
  [[nodiscard]] FrameType type(FrameNumber frame) const { return bench.frame(frame).type(); }
  [[nodiscard]] bool need_flush(FrameNumber frame) const { return bench.frame(frame).need_flush != 0; }

  MemoryBench bench{xen_1_0_memory};
  MemoryDomain& domain = bench.add(16);
  std::vector<FrameNumber> frames = test::frames_of(bench.machine, domain);
  FrameNumber table = frames[0], directory = frames[1], a = frames[2], b = frames[3];
  static constexpr PageTableEntry none{};
};

TEST_F(PageUpdate, WritableEntriesAreCountedAndMarkTheFrame) {
  ok({leaf(0, writable(a))});
  EXPECT_EQ(counts(a), (Counts{1, 1}));
  EXPECT_EQ(type(a), FrameType::writable);
  ok({leaf(1, writable(a))});
  EXPECT_EQ(counts(a), (Counts{2, 2}));
  ok({leaf(0, none), leaf(1, none)});
  EXPECT_EQ(counts(a), (Counts{0, 0}));
  EXPECT_EQ(type(a), FrameType::writable) << "still";
  EXPECT_TRUE(need_flush(a));
}

TEST_F(PageUpdate, PinningWhatWasWritableScansItAndFlushesOnceAtTheEnd) {
  ok({leaf(0, writable(a)), leaf(0, none), leaf(0, read_only(a))});
  EXPECT_EQ(counts(a), (Counts{1, 0}));
  bench.cpu.work = {};
  ok({bench.extended(Command::pin_l1, a)});
  EXPECT_EQ(counts(a), (Counts{1, 0, true}));
  EXPECT_EQ(type(a), FrameType::l1);
  EXPECT_FALSE(need_flush(a));
  EXPECT_EQ(bench.did(MemoryStep::entry_scanned), 1024U);
  EXPECT_EQ(bench.did(MemoryStep::entry_present), 0U);
  EXPECT_EQ(bench.did(MemoryStep::stale_retype), 1U);
  EXPECT_EQ(bench.did(MemoryStep::batch_flush), 1U);
  EXPECT_TRUE(bench.cpu.owed.all);
}

TEST_F(PageUpdate, ADirectoryEntryForAValidTableScansNothing) {
  ok({bench.extended(Command::pin_l1, a)});
  bench.cpu.work = {};
  ok({slot(0, writable(a))});
  EXPECT_EQ(counts(a), (Counts{1, 1, true}));
  EXPECT_EQ(bench.did(MemoryStep::entry_scanned), 0U);
}

TEST_F(PageUpdate, CopyOnWriteKeepsTheMarkAndLeavesTheFlushToTheGuest) {
  ok({leaf(0, writable(b))});
  bench.cpu.owed.clear();
  ok({leaf(0, read_only(b))});
  EXPECT_EQ(counts(b), (Counts{1, 0}));
  EXPECT_EQ(type(b), FrameType::writable);
  EXPECT_TRUE(need_flush(b)) << "so that using it as a table will flush";
  EXPECT_FALSE(bench.cpu.owed.all);
}

TEST_F(PageUpdate, APinnedTableCannotBeMappedWritable) {
  ok({leaf(0, read_only(a)), bench.extended(Command::pin_l1, a)});
  EXPECT_EQ(status(leaf(1, writable(a))), Status::killed);
}

TEST_F(PageUpdate, UnpinningWalksTheTableAndLeavesAnOrdinaryFrame) {
  ok({leaf(0, read_only(a)), bench.extended(Command::pin_l1, a), slot(0, writable(a)),
      bench.entry(a, 5, read_only(b))});
  EXPECT_EQ(counts(b), (Counts{1, 0}));
  bench.cpu.work = {};
  ok({slot(0, none)});
  EXPECT_EQ(counts(a), (Counts{1, 0, true}));
  EXPECT_EQ(bench.did(MemoryStep::entry_scanned), 0U) << "still pinned";
  ok({bench.extended(Command::unpin, a)});
  EXPECT_EQ(counts(a), (Counts{1, 0})) << "the read-only entry";
  EXPECT_EQ(type(a), FrameType::l1);
  EXPECT_EQ(counts(b), (Counts{0, 0}));
  EXPECT_EQ(bench.did(MemoryStep::entry_scanned), 1024U);
  EXPECT_EQ(bench.did(MemoryStep::entry_present), 1U);
  ok({leaf(1, writable(a))});
  EXPECT_EQ(type(a), FrameType::writable);
  EXPECT_EQ(bench.did(MemoryStep::batch_flush), 0U) << "no flush in this direction";
}

TEST_F(PageUpdate, SwitchingToAPinnedBaseIsOneFlushAndNoScan) {
  ok({bench.extended(Command::new_base, directory)});
  EXPECT_EQ(counts(directory), (Counts{1, 1, true}));
  EXPECT_EQ(domain.base, directory);
  EXPECT_EQ(bench.did(MemoryStep::entry_scanned), 0U);
  EXPECT_EQ(bench.did(MemoryStep::batch_flush), 1U);
}

TEST_F(PageUpdate, SwitchingToAFreshBaseValidatesItAndWhatItNames) {
  ok({bench.extended(Command::new_base, directory)});
  bench.machine.contents.store(a, 0, writable(b).bits);
  bench.machine.contents.store(a, 1, writable(frames[4]).bits);
  bench.machine.contents.store(b, 7, writable(frames[5]).bits);
  bench.cpu.work = {};
  ok({bench.extended(Command::new_base, a)});
  EXPECT_EQ(bench.did(MemoryStep::entry_scanned), 1008U + 2 * 1024U);
  EXPECT_EQ(bench.did(MemoryStep::entry_present), 3U);
  EXPECT_EQ(counts(frames[5]), (Counts{1, 1}));
  EXPECT_EQ(counts(directory), (Counts{0, 0, true}));
  EXPECT_TRUE(PageTableEntry{bench.machine.contents.load(a, 1008)}.has(PageTableEntry::present))
      << "the monitor's own entries are there";
}

TEST_F(PageUpdate, ADirectoryMayNameItselfReadOnlyUncounted) {
  const Counts before = counts(directory);
  ok({slot(9, read_only(directory))});
  EXPECT_EQ(counts(directory), before);
  EXPECT_EQ(status(slot(9, writable(directory))), Status::killed);
}

TEST_F(PageUpdate, AnEntryOfTheDirectoryThatNamesItGoesUncounted) {
  const Counts before = counts(directory);
  ok({slot(9, read_only(directory)), slot(9, none)});
  EXPECT_EQ(counts(directory), before);
}

TEST_F(PageUpdate, FlagsAloneChangeNoCounts) {
  ok({leaf(0, writable(a))});
  ok({leaf(0, writable(a).with(PageTableEntry::user | PageTableEntry::accessed))});
  EXPECT_EQ(counts(a), (Counts{1, 1}));
  EXPECT_EQ(bench.machine.contents.load(table, 0) & 0xfff, 0x27U);
}

TEST_F(PageUpdate, TheOldReferenceIsDroppedBeforeTheNewIsTaken) {
  ok({slot(3, writable(a))});
  // Maps the old table writable, which is no longer in use when this is looked at.
  bench.machine.contents.store(b, 0, writable(a).bits);
  ok({slot(3, writable(b))});
  EXPECT_EQ(type(a), FrameType::writable);
}

TEST_F(PageUpdate, AnAbsentEntryMayHoldAnything) {
  ok({leaf(0, writable(a)), leaf(0, {0xfffffffe}), slot(0, {0xfffffffe})});
  EXPECT_EQ(counts(a), (Counts{0, 0}));
  EXPECT_EQ(bench.machine.contents.load(table, 0), 0xfffffffe);
}

TEST_F(PageUpdate, WordsOfOtherFramesAreJustWritten) {
  ok({leaf(0, writable(a)), bench.entry(a, 3, {42}), bench.entry(b, 4, {43})});
  EXPECT_EQ(bench.machine.contents.load(a, 3), 42U);
  EXPECT_EQ(bench.machine.contents.load(b, 4), 43U);
  EXPECT_EQ(bench.did(MemoryStep::plain_write), 2U);
}

TEST_F(PageUpdate, WhatWasATableIsAnOrdinaryFrame) {
  ok({bench.entry(a, 0, writable(b)), bench.extended(Command::pin_l1, a), bench.extended(Command::unpin, a)});
  EXPECT_EQ(type(a), FrameType::l1);
  ok({bench.entry(a, 0, none)});
  EXPECT_EQ(counts(b), (Counts{0, 0})) << "its entries count nothing any more";
}

TEST_F(PageUpdate, TheM2PTableHoldsWhatTheOwnerSays) {
  ok({make_request(bench.machine.rules, PageCommand::m2p, a.value * page_size, 77)});
  EXPECT_EQ(bench.machine.machine_to_physical[a.value], 77U);
}

TEST_F(PageUpdate, FlushesOfABatchAreMadeOnceAtItsEnd) {
  ok({leaf(0, writable(a)), leaf(1, writable(b)), leaf(0, none), leaf(1, none),
      bench.extended(Command::pin_l1, a), bench.extended(Command::pin_l1, b),
      bench.extended(Command::tlb_flush), bench.extended(Command::new_base, directory)});
  EXPECT_EQ(bench.did(MemoryStep::stale_retype), 2U);
  EXPECT_EQ(bench.did(MemoryStep::batch_flush), 1U);
  EXPECT_EQ(bench.cpu.flushes, 1U);
}

TEST_F(PageUpdate, SinglePagesAreInvalidatedOneByOne) {
  ok({bench.extended(Command::invalidate_page, {0}, 0xc0001000),
      bench.extended(Command::invalidate_page, {0}, 0xc0002000)});
  EXPECT_EQ(bench.cpu.owed.pages, (std::vector<Address>{{0xc0001000}, {0xc0002000}}));
  EXPECT_FALSE(bench.cpu.owed.all);
}

TEST_F(PageUpdate, TheMapCacheWrapsEvery1024FramesAndFlushes) {
  bench.cpu.map_index = 0;
  for (std::uint32_t i = 0; i < 1023; ++i) ok({leaf(i % 1024, read_only(a))});
  EXPECT_EQ(bench.did(MemoryStep::map_cache_flush), 0U);
  ok({leaf(0, none)});
  EXPECT_EQ(bench.did(MemoryStep::map_cache_flush), 1U);
  EXPECT_EQ(bench.did(MemoryStep::map_slot), 1024U);
}

TEST_F(PageUpdate, BadRequestsKill) {
  const FrameNumber foreign = bench.add(1).frames.first, free = bench.machine.frames.free().first;
  const auto& rules = bench.machine.rules;
  for (const FrameNumber frame : {foreign, free, FrameNumber{0}, FrameNumber{256}, FrameNumber{0xfffff}}) {
    EXPECT_EQ(status(bench.entry(frame, 0, none)), Status::killed) << frame.value;
    EXPECT_EQ(status(leaf(0, read_only(frame))), Status::killed) << frame.value;
    EXPECT_EQ(status(slot(0, read_only(frame))), Status::killed) << frame.value;
    EXPECT_EQ(status(make_request(rules, PageCommand::m2p, frame.value * page_size, 0)), Status::killed);
    for (const Command command : {Command::pin_l1, Command::pin_l2, Command::unpin, Command::new_base}) {
      EXPECT_EQ(status(bench.extended(command, frame)), Status::killed) << frame.value;
    }
  }
  EXPECT_EQ(status(leaf(0, writable(a).with(PageTableEntry::global))), Status::killed);
  EXPECT_EQ(status(leaf(0, writable(a).with(PageTableEntry::large))), Status::killed);
  EXPECT_EQ(status(slot(0, writable(a).with(PageTableEntry::large))), Status::killed);
  EXPECT_EQ(status(slot(1008, none)), Status::killed) << "the monitor's";
  EXPECT_EQ(status(slot(0, writable(table).with(PageTableEntry::global))), Status::killed);
  EXPECT_EQ(status(bench.extended(Command::pin_l1, table)), Status::killed) << "pinned already";
  EXPECT_EQ(status(bench.extended(Command::unpin, a)), Status::killed) << "not pinned";
  EXPECT_EQ(status(bench.extended(static_cast<Command>(2), a)), Status::killed) << "no such level";
  EXPECT_EQ(status(bench.extended(static_cast<Command>(99), a)), Status::killed);
  EXPECT_EQ(status(make_request(rules, PageCommand::unchecked, a.value * page_size, 0)), Status::killed)
      << "domain 0 only";
}

TEST_F(PageUpdate, ABadTableIsNotPinned) {
  bench.machine.contents.store(a, 1000, writable(table).bits);
  EXPECT_EQ(status(bench.extended(Command::pin_l1, a)), Status::killed);
  release(bench.machine, domain);
  EXPECT_EQ(bench.audit(), "") << "with its frames, a dead domain's counts are gone";
}

TEST_F(PageUpdate, TheRequestsBeforeABadOneAreDone) {
  const auto result =
      bench.update(domain, {leaf(0, writable(a)), leaf(1, writable(table)), leaf(2, writable(a))});
  EXPECT_EQ(result.status, Status::killed);
  EXPECT_EQ(result.done, 1U);
}

TEST_F(PageUpdate, Domain0UpdatesAnybodysTablesAndWritesUnchecked) {
  const FrameNumber zero = bench.machine.frames.allocate(bench.domain0);
  const auto unchecked = make_request(bench.machine.rules, PageCommand::unchecked, zero.value * page_size, 9);
  EXPECT_EQ(bench.update(bench.domain0, {leaf(0, writable(a)), unchecked}).status, Status::done);
  EXPECT_EQ(counts(a), (Counts{1, 1}));
  EXPECT_EQ(bench.machine.contents.load(zero, 0), 9U);
  EXPECT_EQ(bench.audit(), "");
}

}  // namespace
}  // namespace xensim
