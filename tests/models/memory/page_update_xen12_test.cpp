/// In what Xen 1.2 updates page tables differently.
#include <gtest/gtest.h>

#include "tests/models/memory/memory_bench.hpp"

namespace xensim {
namespace {

using test::Counts;
using test::DomainImage;
using test::MemoryBench;
using test::read_only;
using test::writable;
using Command = ExtendedCommand;
using Status = HypercallStatus;

class Xen12 : public testing::Test {
 protected:
  void ok(std::initializer_list<PageRequest> requests) {
    ASSERT_EQ(bench.update(domain, requests).status, Status::done);
    ASSERT_EQ(bench.audit(), "");
  }
  void refused(PageRequest request) {
    EXPECT_EQ(bench.update(domain, {request}).status, Status::invalid);
    EXPECT_EQ(bench.audit(), "");
  }
  /// The image's table is its page 1; page `i` is mapped by entry `i`.
  [[nodiscard]] PageRequest leaf(std::uint32_t index, PageTableEntry entry) const {
    return bench.virtual_entry(1, index, entry);
  }
  [[nodiscard]] PageRequest slot(std::uint32_t index, PageTableEntry entry) const {
    return bench.virtual_entry(0, index, entry);
  }
  [[nodiscard]] Status map(std::uint32_t page, PageTableEntry entry, std::uint32_t flags = 0) {
    return update_va_mapping(bench.as(domain), kernel_page + page, entry, flags);
  }

  static constexpr std::uint32_t kernel_page = test::kernel_base.page();
  MemoryBench bench{xen_1_2_memory};
  std::pair<MemoryDomain&, DomainImage> started = bench.add_running(40);
  MemoryDomain& domain = started.first;
  const std::vector<FrameNumber>& frames = started.second.pages;
  static constexpr PageTableEntry none{};
};

TEST_F(Xen12, EntriesAreNamedByVirtualAddress) {
  ok({leaf(100, writable(frames[9]))});
  EXPECT_EQ(bench.counts(frames[9]), (Counts{2, 2}));
  ok({slot(5, writable(frames[1]))});
  EXPECT_EQ(bench.counts(frames[1]), (Counts{3, 2})) << "read-only at its own place, twice in the directory";
  EXPECT_EQ(bench.did(MemoryStep::map_slot), 0U) << "nothing is mapped for it";
  EXPECT_EQ(bench.did(MemoryStep::wp_toggle), 2U) << "once a batch";
}

TEST_F(Xen12, ADirectorySeenAsATableGivesAddressesToAllTables) {
  ok({slot(9, read_only(frames[0]))});
  // Through slot 9: page `k` there is what directory entry `k` names.
  const std::uint32_t table = 9U << 22 | test::kernel_base.directory_index() << 12;
  ok({make_request(bench.machine.rules, PageCommand::normal, table + 100 * 4, writable(frames[9]).bits)});
  EXPECT_EQ(bench.machine.contents.load(frames[1], 100), writable(frames[9]).bits);
  const std::uint32_t monitors = 9U << 22 | 1010U << 12;
  refused(make_request(bench.machine.rules, PageCommand::normal, monitors, 0));
}

TEST_F(Xen12, AddressesThatMapNothingAreRefused) {
  for (const std::uint32_t address : {0U, 0xc0100000U, 0xfbffffffU, 0xfc000000U, 0xfffffffcU}) {
    refused(make_request(bench.machine.rules, PageCommand::normal, address, 0));
  }
  MemoryDomain& without_base = bench.add(1);
  EXPECT_EQ(bench.update(without_base, {leaf(0, none)}).status, Status::invalid);
}

TEST_F(Xen12, ARefusedRequestChangesNothing) {
  for (const PageTableEntry bad : {writable(frames[1]), read_only(FrameNumber{0}), read_only({9999}),
                                   writable(frames[9]).with(PageTableEntry::global)}) {
    refused(leaf(9, bad));
    EXPECT_EQ(bench.machine.contents.load(frames[1], 9), writable(frames[9]).bits);
  }
  refused(slot(test::kernel_base.directory_index(), writable(frames[9])));
  refused(slot(1008, none));
  refused(bench.extended(Command::pin_l2, frames[0]));
  refused(bench.extended(Command::unpin, frames[9]));
}

TEST_F(Xen12, TheBatchStopsThereAndItsFlushIsMade) {
  const auto result = bench.update(domain, {bench.extended(Command::tlb_flush), leaf(10, none),
                                            leaf(9, writable(frames[1])), leaf(11, none)});
  EXPECT_EQ(result.status, Status::invalid);
  EXPECT_EQ(result.done, 2U);
  EXPECT_EQ(bench.counts(frames[10]), (Counts{0, 0})) << "what came before stays";
  EXPECT_EQ(bench.counts(frames[11]), (Counts{1, 1}));
  EXPECT_TRUE(bench.cpu.owed.all);
}

TEST_F(Xen12, AFailedValidationIsRolledBack) {
  ok({leaf(10, none), leaf(11, none)});
  bench.machine.contents.store(frames[10], 0, writable(frames[9]).bits);
  bench.machine.contents.store(frames[10], 1, read_only(frames[9]).bits);
  bench.machine.contents.store(frames[10], 2, writable(frames[1]).bits);
  refused(bench.extended(Command::pin_l1, frames[10]));
  EXPECT_EQ(bench.counts(frames[9]), (Counts{1, 1}));
  // A directory that names it, after a good table.
  bench.machine.contents.store(frames[11], 0, writable(frames[1]).bits);
  bench.machine.contents.store(frames[11], 1, writable(frames[10]).bits);
  refused(bench.extended(Command::pin_l2, frames[11]));
  EXPECT_EQ(bench.counts(frames[1]), (Counts{2, 1}));
  refused(bench.extended(Command::new_base, frames[11]));
  EXPECT_EQ(domain.base, frames[0]);
}

TEST_F(Xen12, TheNewReferenceIsTakenBeforeTheOldIsDropped) {
  ok({leaf(10, none), leaf(11, none), slot(3, writable(frames[10]))});
  // Maps the old table writable, which is in use as long as the entry names it.
  bench.machine.contents.store(frames[11], 0, writable(frames[10]).bits);
  refused(slot(3, writable(frames[11])));
  EXPECT_EQ(bench.counts(frames[10]), (Counts{1, 1}));
}

TEST_F(Xen12, OrdinaryWordsAreWrittenOnlyWithoutTypedReferences) {
  refused(bench.virtual_entry(9, 0, {42}));  // mapped writable: the guest can do it itself
  ok({leaf(9, read_only(frames[9])), bench.virtual_entry(9, 0, {42})});
  EXPECT_EQ(bench.machine.contents.load(frames[9], 0), 42U);
}

TEST_F(Xen12, OneMappingIsOneHypercallWithoutAQueue) {
  EXPECT_EQ(map(100, writable(frames[9])), Status::done);
  EXPECT_EQ(bench.counts(frames[9]), (Counts{2, 2}));
  EXPECT_EQ(bench.did(MemoryStep::wp_toggle), 0U) << "the image's directory lets it write";
  EXPECT_EQ(bench.audit(), "");
}

TEST_F(Xen12, WriteProtectionIsToggledIfTheTableIsReadOnly) {
  ok({slot(test::kernel_base.directory_index(), read_only(frames[1]))});
  bench.cpu.work = {};
  EXPECT_EQ(map(100, writable(frames[9])), Status::done);
  EXPECT_EQ(bench.did(MemoryStep::wp_toggle), 1U);
}

TEST_F(Xen12, FlagsFlushOnePageOrAll) {
  EXPECT_EQ(map(100, writable(frames[9]), va_flush_page), Status::done);
  EXPECT_EQ(bench.cpu.owed.pages, (std::vector<Address>{DomainImage::address_of(100)}));
  EXPECT_FALSE(bench.cpu.owed.all);
  EXPECT_EQ(map(100, none, va_flush_all), Status::done);
  EXPECT_TRUE(bench.cpu.owed.all);
  EXPECT_EQ(bench.did(MemoryStep::va_flush), 1U);
}

TEST_F(Xen12, ImpossibleMappingsAreRefused) {
  const MemoryCall call = bench.as(domain);
  EXPECT_EQ(update_va_mapping(call, 0xfc000, none, 0), Status::invalid);
  EXPECT_EQ(update_va_mapping(call, UINT32_MAX, none, 0), Status::invalid);
  EXPECT_EQ(update_va_mapping(call, 0, none, 0), Status::bad_address) << "no table";
  EXPECT_EQ(map(9, writable(frames[0])), Status::invalid);
  ok({slot(9, read_only(frames[0]))});
  const std::uint32_t directory_entry = 9 * 1024 + test::kernel_base.directory_index();
  EXPECT_EQ(update_va_mapping(call, directory_entry, writable(frames[9]), 0), Status::invalid)
      << "that would be a directory entry";
  EXPECT_EQ(bench.audit(), "");
}

TEST_F(Xen12, TheLdtComesBackAfterTheBatchThatInvalidatedIt) {
  ok({leaf(20, read_only(frames[20]))});
  ok({make_request(bench.machine.rules, Command::set_ldt, DomainImage::address_of(20).value, 512)});
  EXPECT_EQ(domain.ldt.mapped, 1U);
  bench.cpu.work = {};
  ok({bench.extended(Command::new_base, frames[0])});
  EXPECT_EQ(bench.did(MemoryStep::ldt_invalidation), 1U);
  EXPECT_EQ(bench.did(MemoryStep::ldt_page_mapped), 1U);
  EXPECT_EQ(map(20, none), Status::done);
  EXPECT_EQ(domain.ldt.mapped, 0U);
  EXPECT_TRUE(bench.cpu.ldt_pending) << "left to the next batch";
  ok({});
  EXPECT_FALSE(bench.cpu.ldt_pending);
  EXPECT_EQ(domain.ldt.mapped, 0U) << "nothing is mapped there now";
}

}  // namespace
}  // namespace xensim
