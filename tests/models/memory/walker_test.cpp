#include "models/memory/walker.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tuple>

namespace xensim {
namespace {

using testing::HasSubstr;
using Entry = PageTableEntry;

constexpr std::uint32_t present = Entry::present, writable = Entry::writable, user = Entry::user,
                        accessed = Entry::accessed, dirty = Entry::dirty, large = Entry::large,
                        global = Entry::global, everything = present | writable | user;
constexpr FrameNumber directory{1}, table{2}, data{9};
constexpr Address address{0x00402abc};

class Walker : public testing::Test {
 protected:
  /// Maps `address`.
  void map(std::uint32_t upper_flags, std::uint32_t lower_flags, FrameNumber frame = data) {
    set_upper(Entry::to(table, upper_flags));
    set_lower(Entry::to(frame, lower_flags));
  }
  void set_upper(Entry entry) { memory.store(directory, address.directory_index(), entry.bits); }
  void set_lower(Entry entry) { memory.store(table, address.table_index(), entry.bits); }
  Entry upper() { return {memory.load(directory, address.directory_index())}; }
  Entry lower() { return {memory.load(table, address.table_index())}; }

  Mmu::Result access(Access kind, Privilege privilege = Privilege::ring3, Address at = address) {
    return mmu.translate(at, kind, privilege, directory, memory);
  }
  static Mmu::Result fault(std::uint32_t code, Address at = address) {
    return {.frame = {}, .fault = {.address = at, .error_code = code}};
  }
  std::string audit() { return mmu.audit(directory, memory); }

  PhysicalMemory memory{64};
  Mmu mmu;
};

constexpr Mmu::Result to(FrameNumber frame) { return {.frame = frame}; }
constexpr Mmu::Result the_data = to(data);

TEST_F(Walker, FollowsBothLevelsAndMarksThemAccessed) {
  map(everything, everything);
  EXPECT_EQ(access(Access::read), the_data);
  EXPECT_EQ(upper(), Entry::to(table, everything | accessed));
  EXPECT_EQ(lower(), Entry::to(data, everything | accessed));
  EXPECT_EQ(mmu.counts().walks, 1U);
  EXPECT_EQ(mmu.counts().tables_read, 1U);
  EXPECT_EQ(mmu.counts().accessed_set, 2U);
  EXPECT_EQ(mmu.counts().dirty_set, 0U);
}

TEST_F(Walker, DoesNotWalkAgainForWhatTheTlbHas) {
  map(everything, everything);
  (void)access(Access::write);
  for (const Access kind : {Access::read, Access::write}) EXPECT_EQ(access(kind), the_data);
  EXPECT_EQ(mmu.counts().walks, 1U);
  EXPECT_EQ(mmu.data_tlb().counts().hits, 2U);
}

TEST_F(Walker, AWriteMarksThePageDirtyAndNotTheTable) {
  map(everything, everything);
  EXPECT_EQ(access(Access::write), the_data);
  EXPECT_EQ(upper(), Entry::to(table, everything | accessed));
  EXPECT_EQ(lower(), Entry::to(data, everything | accessed | dirty));
}

TEST_F(Walker, TheFirstWriteToAPageThatWasReadWalksAgainToMarkItDirty) {
  map(everything, everything);
  (void)access(Access::read);
  EXPECT_EQ(access(Access::write), the_data);
  EXPECT_TRUE(lower().has(dirty));
  EXPECT_EQ(mmu.counts().walks, 2U);
  EXPECT_EQ(mmu.counts().dirty_set, 1U);
  EXPECT_EQ(access(Access::write), the_data);
  EXPECT_EQ(mmu.counts().walks, 2U);
}

TEST_F(Walker, APageThatWasDirtyNeedsNoSecondWalk) {
  map(everything, everything | dirty);
  (void)access(Access::read);
  (void)access(Access::write);
  EXPECT_EQ(mmu.counts().walks, 1U);
  EXPECT_EQ(mmu.counts().dirty_set, 0U);
}

TEST_F(Walker, AMissingTableIsAFaultThatLeavesNoMark) {
  set_upper(Entry::to(table, everything).without(present));
  EXPECT_EQ(access(Access::read), fault(PageFault::user));
  EXPECT_EQ(upper(), Entry::to(table, everything).without(present));
  EXPECT_EQ(mmu.counts().faults, 1U);
}

TEST_F(Walker, AMissingPageIsAFaultAfterItsTableWasUsed) {
  map(everything, everything & ~present);
  EXPECT_EQ(access(Access::write), fault(PageFault::user | PageFault::write));
  EXPECT_TRUE(upper().has(accessed));
  EXPECT_EQ(lower(), Entry::to(data, everything & ~present));
}

TEST_F(Walker, ARefusedAccessDoesNotMarkThePage) {
  map(everything, present | user);
  EXPECT_EQ(access(Access::write), fault(PageFault::present | PageFault::user | PageFault::write));
  EXPECT_EQ(lower(), Entry::to(data, present | user));
  EXPECT_EQ(mmu.data_tlb().size(), 0U);
}

TEST_F(Walker, TheErrorCodeTellsAccessAndRing) {
  const std::uint32_t write = PageFault::write, from_user = PageFault::user;
  for (const auto& [kind, privilege, code] : {std::tuple{Access::read, Privilege::ring0, 0U},
                                              {Access::fetch, Privilege::ring0, 0U},
                                              {Access::write, Privilege::ring0, write},
                                              {Access::read, Privilege::ring1, 0U},
                                              {Access::write, Privilege::ring1, write},
                                              {Access::read, Privilege::ring3, from_user},
                                              {Access::fetch, Privilege::ring3, from_user},
                                              {Access::write, Privilege::ring3, write | from_user}}) {
    EXPECT_EQ(access(kind, privilege), fault(code)) << code;
  }
}

TEST_F(Walker, UsersNeedBothLevelsToAllowIt) {
  for (const auto& [upper_flags, lower_flags] :
       {std::pair{present | writable, everything}, {everything, present | writable}}) {
    map(upper_flags, lower_flags);
    EXPECT_EQ(access(Access::read), fault(PageFault::present | PageFault::user));
    EXPECT_EQ(access(Access::read, Privilege::ring1), the_data);
    mmu.flush(FlushScope::everything);
  }
}

TEST_F(Walker, RingOneIsHeldToReadOnlyPagesLikeRingZeroWhileWriteProtectionIsOn) {
  for (const Privilege privilege : {Privilege::ring0, Privilege::ring1}) {
    map(everything, present | user);
    mmu.set_control({.write_protect = true});
    EXPECT_EQ(access(Access::write, privilege), fault(PageFault::present | PageFault::write));
    mmu.set_control({.write_protect = false});
    EXPECT_EQ(access(Access::write, privilege), the_data);
    EXPECT_TRUE(lower().has(dirty));
    mmu.set_control({.write_protect = true});
    EXPECT_EQ(access(Access::write, privilege), fault(PageFault::present | PageFault::write));
  }
}

TEST_F(Walker, WithoutWriteProtectionUsersAreStillHeldToReadOnlyPages) {
  mmu.set_control({.write_protect = false});
  map(present | user, everything);
  EXPECT_EQ(access(Access::write), fault(PageFault::present | PageFault::user | PageFault::write));
}

TEST_F(Walker, FetchesGoThroughTheInstructionTlb) {
  map(everything, everything);
  EXPECT_EQ(access(Access::fetch), the_data);
  EXPECT_EQ(access(Access::fetch), the_data);
  EXPECT_EQ(mmu.instruction_tlb().counts().hits, 1U);
  EXPECT_EQ(mmu.data_tlb().size(), 0U);
}

TEST_F(Walker, ALargePageNeedsNoTable) {
  set_upper(Entry::to({0x2400}, everything | large));
  EXPECT_EQ(access(Access::write), to({0x2402}));
  EXPECT_EQ(upper(), Entry::to({0x2400}, everything | large | accessed | dirty));
  EXPECT_EQ(mmu.counts().tables_read, 0U);
  EXPECT_EQ(access(Access::write, Privilege::ring3, {0x007ff000}), to({0x27ff}));
  EXPECT_EQ(mmu.counts().walks, 1U);
}

TEST_F(Walker, ALargePageMayLieBeyondFourGigabytes) {
  set_upper({0x0240a000U | everything | large});
  EXPECT_EQ(access(Access::read), to({0x502402}));
}

TEST_F(Walker, ReservedBitsOfALargePageAreAFault) {
  set_upper({0x02420000U | everything | large});
  EXPECT_EQ(access(Access::read), fault(PageFault::present | PageFault::reserved | PageFault::user));
  EXPECT_FALSE(upper().has(accessed));
}

TEST_F(Walker, WithoutPageSizeExtensionsTheBitMeansNothing) {
  mmu.set_control({.large_pages = false});
  map(everything | large, everything);
  EXPECT_EQ(access(Access::read), the_data);
}

TEST_F(Walker, WithoutGlobalPagesTheBitMeansNothing) {
  mmu.set_control({.global_pages = false});
  map(everything, everything | global);
  (void)access(Access::read);
  mmu.switch_to();
  EXPECT_EQ(mmu.data_tlb().size(), 0U);
}

TEST_F(Walker, AChangeOfPagingModeFlushesGlobalPagesToo) {
  map(everything, everything | global);
  (void)access(Access::read);
  mmu.switch_to();
  EXPECT_EQ(mmu.data_tlb().size(), 1U);
  mmu.set_control({.large_pages = false});
  EXPECT_EQ(mmu.data_tlb().size(), 0U);
}

TEST_F(Walker, ATableWhereThereIsNoMemoryReadsAsOnes) {
  set_upper(Entry::to({1000}, everything));
  EXPECT_EQ(access(Access::write), to({0xfffff}));
}

TEST_F(Walker, ADirectoryWhereThereIsNoMemoryFaultsForItsReservedBits) {
  EXPECT_EQ(mmu.translate(address, Access::read, Privilege::ring0, {1000}, memory),
            fault(PageFault::present | PageFault::reserved));
}

TEST_F(Walker, ADirectoryMayServeAsItsOwnTable) {
  memory.store(directory, 1023, Entry::to(directory, present).bits);
  map(everything, everything);
  const Address entry_of_data{0xffc00000 | address.page() * 4};
  EXPECT_EQ(access(Access::read, Privilege::ring1, entry_of_data), to(table));
  EXPECT_EQ(access(Access::read, Privilege::ring1, {0xfffff000}), to(directory));
}

TEST_F(Walker, ARightThatTheTlbDoesNotKnowOfYetFaultsOnce) {
  map(everything, present | user);
  (void)access(Access::read);
  set_lower(lower().with(writable));
  EXPECT_EQ(access(Access::write), fault(PageFault::present | PageFault::user | PageFault::write));
  EXPECT_EQ(access(Access::write), the_data);
}

TEST_F(Walker, ARightThatWasTakenAwayLastsUntilTheFlush) {
  map(everything, everything);
  (void)access(Access::write);
  set_lower(lower().without(writable));
  EXPECT_EQ(access(Access::write), the_data);
  mmu.flush_page(address);
  EXPECT_EQ(access(Access::write), fault(PageFault::present | PageFault::user | PageFault::write));
}

TEST_F(Walker, TheAuditSaysWhatIsStale) {
  map(everything, everything | global);
  (void)access(Access::write);
  EXPECT_EQ(audit(), "");
  set_lower(lower().without(writable));
  EXPECT_EQ(audit(),
            "the data TLB has address 0x00402000 in frame 0x9, but the tables do not let it be written");
  for (const auto& [entry, why] :
       {std::pair{Entry::to(data, everything | dirty), "have it global"},
        {Entry::to({8}, 0), "not map it"},
        {Entry::to({8}, everything | dirty | global), "map it to frame 0x8"},
        {Entry::to(data, everything | global), "have it clean"},
        {Entry::to(data, present | writable | dirty | global), "let users have it"}}) {
    set_lower(entry);
    EXPECT_THAT(audit(), HasSubstr(why));
  }
  set_upper({});
  EXPECT_THAT(audit(), HasSubstr("no table maps it"));
  mmu.switch_to();
  EXPECT_THAT(audit(), HasSubstr("no table maps it"));
  mmu.flush_page(address);
  EXPECT_EQ(audit(), "");
}

TEST_F(Walker, TheAuditLooksAtTheInstructionTlbToo) {
  map(everything, everything);
  (void)access(Access::fetch);
  set_lower({});
  EXPECT_THAT(audit(), HasSubstr("the instruction TLB has address 0x00402000"));
}

TEST_F(Walker, TheAuditFindsALargePageThatWasSplit) {
  set_upper(Entry::to({0}, everything | large));
  (void)access(Access::read);
  EXPECT_EQ(audit(), "");
  map(everything, everything, {2});
  EXPECT_THAT(audit(), HasSubstr("it is not a 4 MB page"));
}

TEST_F(Walker, TheAuditAllowsATlbThatKnowsLessThanTheTables) {
  map(everything, present);
  (void)access(Access::read, Privilege::ring0);
  set_lower(Entry::to(data, everything | dirty | global));
  EXPECT_EQ(audit(), "");
}

}  // namespace
}  // namespace xensim
