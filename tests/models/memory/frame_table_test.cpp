#include "models/memory/frame_table.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace xensim {
namespace {

using Taken = FrameTable::Taken;
using Dropped = FrameTable::Dropped;

class Frames : public testing::Test {
 protected:
  Frames() {
    own = table.allocate(domain);
    foreign = table.allocate(other);
  }
  [[nodiscard]] const Frame& at(FrameNumber frame) const { return table[frame]; }
  [[nodiscard]] bool take(FrameNumber frame, bool writable) {
    return table.take_page(frame, writable, domain);
  }

  FrameTable table{16, 4};
  MemoryDomain domain{.id = DomainId{1}}, other{.id = DomainId{2}};
  MemoryDomain privileged{.id = DomainId{0}, .privileged = true};
  FrameNumber own, foreign;
};

TEST_F(Frames, AFrameTakesNoMoreThanItsShareOf24Bytes) {
  // The table's entry, the link back in its owner's list, its place among the contents of memory.
  EXPECT_LE(sizeof(Frame) + sizeof(FrameNumber) + sizeof(std::uint32_t), 24U);
}

TEST_F(Frames, TheLowestFreeFrameIsAtTheHeadOfTheList) {
  EXPECT_EQ(own, FrameNumber{4});
  EXPECT_EQ(foreign, FrameNumber{5});
  EXPECT_EQ(table.free().first, FrameNumber{6});
  EXPECT_EQ(table.free().count, 10U);
}

TEST_F(Frames, AFrameGivenBackIsTheNextToBeAllocated) {
  table.give_back(domain, own);
  EXPECT_EQ(at(own).owner(), DomainId{});
  EXPECT_EQ(table.allocate(other), own);
  EXPECT_EQ(at(own).owner(), other.id);
}

TEST_F(Frames, ADomainsFramesStayInTheOrderInWhichItGotThem) {
  const FrameNumber second = table.allocate(domain), third = table.allocate(domain);
  table.give_back(domain, second);
  EXPECT_EQ(domain.frames.first, own);
  EXPECT_EQ(at(own).next, third);
  EXPECT_EQ(domain.frames.last, third);
  EXPECT_EQ(domain.frames.count, 2U);
}

TEST_F(Frames, OfADeadDomainTheLastFrameEndsAtTheHead) {
  const FrameNumber second = table.allocate(domain);
  table.give_back_all(domain);
  EXPECT_EQ(table.free().first, second);
  EXPECT_EQ(at(second).next, own);
  EXPECT_EQ(domain.frames.count, 0U);
}

TEST_F(Frames, WhenAllAreTakenThereIsNone) {
  while (table.free().count > 0) ASSERT_TRUE(table.allocate(other).valid());
  EXPECT_FALSE(table.allocate(domain).valid());
  table.give_back(domain, own);
  EXPECT_EQ(table.allocate(domain), own);
  EXPECT_FALSE(table.allocate(domain).valid());
}

TEST_F(Frames, ThoseThatDoNotExistOrAreNotOwnedAreRefused) {
  for (const FrameNumber frame :
       {foreign, table.free().first, FrameNumber{0}, FrameNumber{16}, FrameNumber{}}) {
    EXPECT_FALSE(take(frame, false)) << frame.value;
    EXPECT_FALSE(take(frame, true)) << frame.value;
    EXPECT_EQ(table.take_table(frame, FrameType::l1, domain), Taken::refused) << frame.value;
    EXPECT_EQ(table.drop_table(frame, FrameType::l1, domain), Dropped::ignored) << frame.value;
  }
}

TEST_F(Frames, APrivilegedDomainMayNameThemAll) {
  EXPECT_TRUE(table.take_page(own, true, privileged));
  EXPECT_EQ(table.take_table(foreign, FrameType::l2, privileged), Taken::first);
}

TEST_F(Frames, ReadOnlyReferencesNeverCareAboutTheType) {
  ASSERT_EQ(table.take_table(own, FrameType::l2, domain), Taken::first);
  EXPECT_TRUE(take(own, false));
  EXPECT_EQ(at(own).total, 2U);
  EXPECT_EQ(at(own).typed, 1U);
  EXPECT_EQ(at(own).type(), FrameType::l2);
}

TEST_F(Frames, TypesExcludeEachOtherWhileReferencesNeedThem) {
  ASSERT_TRUE(take(own, true));
  EXPECT_EQ(table.take_table(own, FrameType::l1, domain), Taken::refused);
  EXPECT_EQ(at(own).total, 1U) << "what is refused changes nothing";
  (void)table.drop_page(own, true);
  ASSERT_EQ(table.take_table(own, FrameType::l1, domain), Taken::first_after_writes);
  EXPECT_FALSE(take(own, true));
  EXPECT_EQ(table.take_table(own, FrameType::l2, domain), Taken::refused);
  EXPECT_EQ(table.take_table(own, FrameType::l1, domain), Taken::again);
}

TEST_F(Frames, TheMarkOfAWriterStaysUntilTheFrameBecomesATable) {
  ASSERT_TRUE(take(own, true));
  (void)table.drop_page(own, true);
  EXPECT_EQ(at(own).need_flush, 1U);
  ASSERT_EQ(table.take_table(own, FrameType::l1, domain), Taken::first_after_writes);
  EXPECT_EQ(at(own).need_flush, 0U);
  ASSERT_EQ(table.drop_table(own, FrameType::l1, domain), Dropped::last);
  EXPECT_EQ(table.take_table(own, FrameType::l2, domain), Taken::first) << "no writer since";
}

TEST_F(Frames, OnlyTheLastReferenceToATableIsTheLast) {
  (void)table.take_table(own, FrameType::l1, domain);
  (void)table.take_table(own, FrameType::l1, domain);
  EXPECT_EQ(table.drop_table(own, FrameType::l2, domain), Dropped::ignored);
  EXPECT_EQ(table.drop_table(own, FrameType::l1, domain), Dropped::kept);
  EXPECT_EQ(table.drop_table(own, FrameType::l1, domain), Dropped::last);
  EXPECT_EQ(at(own).type(), FrameType::l1) << "as it was, but not valid";
  EXPECT_FALSE(at(own).in_use_as(FrameType::l1));
}

TEST_F(Frames, PinsDoNotNest) {
  (void)table.take_table(own, FrameType::l1, domain);
  EXPECT_TRUE(table.pin(own));
  EXPECT_FALSE(table.pin(own));
  EXPECT_FALSE(table.unpin(own, other));
  EXPECT_TRUE(table.unpin(own, domain));
  EXPECT_FALSE(table.unpin(own, domain));
}

TEST_F(Frames, WhatTheMonitorSharesCannotBeRetyped) {
  const FrameNumber shared{1};
  table.share(shared, domain);
  EXPECT_TRUE(take(shared, true));
  EXPECT_EQ(table.drop_page(shared, true), false);
  EXPECT_EQ(table.take_table(shared, FrameType::l1, domain), Taken::refused);
  EXPECT_EQ(at(shared).total, 2U);
  table.unshare(shared);
  EXPECT_FALSE(take(shared, false));
}

TEST_F(Frames, DescriptorsInUseAreNeverWritable) {
  ASSERT_TRUE(take(own, true));
  (void)table.drop_page(own, true);
  table.take_descriptors(own, FrameType::gdt);
  EXPECT_EQ(at(own).need_flush, 0U);
  EXPECT_FALSE(take(own, true));
  table.let_go_typed(own);
  EXPECT_TRUE(take(own, true));
}

TEST_F(Frames, TheLastReadOnlyEntryOfAnLdtInUseTellsSo) {
  ASSERT_TRUE(take(own, false));
  table.take_descriptors(own, FrameType::ldt);
  EXPECT_TRUE(table.drop_page(own, false));
  table.let_go_typed(own);
  ASSERT_TRUE(take(own, false));
  EXPECT_FALSE(table.drop_page(own, false)) << "not in use any more";
}

TEST_F(Frames, ADeviceUnderWayKeepsAFrameReferenced) {
  table.hold(own);
  EXPECT_FALSE(at(own).unreferenced());
  table.let_go(own);
  EXPECT_TRUE(at(own).unreferenced());
}

TEST_F(Frames, ADeviceThatWritesNeedsAFrameOfNoOtherUse) {
  ASSERT_TRUE(table.hold_writable(own));
  EXPECT_TRUE(at(own).in_use_as(FrameType::writable));
  EXPECT_EQ(at(own).need_flush, 0U) << "no TLB is concerned";
  EXPECT_EQ(table.take_table(own, FrameType::l1, domain), Taken::refused);
  table.let_go_typed(own);
  EXPECT_EQ(table.take_table(own, FrameType::l1, domain), Taken::first);
  EXPECT_FALSE(table.hold_writable(own));
  EXPECT_EQ(at(own).total, 1U);
}

TEST_F(Frames, AFreeFrameBecomesTheMonitorsAndComesBack) {
  const FrameNumber head = table.free().first;
  const std::uint32_t count = table.free().count;
  EXPECT_EQ(table.take_free(), head);
  EXPECT_EQ(table.free().count, count - 1);
  EXPECT_FALSE(at(head).owner().valid());
  table.put_free(head);
  EXPECT_EQ(table.free().first, head);
  EXPECT_EQ(table.free().count, count);
}

TEST_F(Frames, TheLastFreeFrameMayBeTakenAndNoMore) {
  std::vector<FrameNumber> taken;
  while (table.free().count > 0) taken.push_back(table.take_free());
  EXPECT_FALSE(table.take_free().valid());
  EXPECT_FALSE(table.allocate(domain).valid());
  table.put_free(taken[0]);
  EXPECT_EQ(table.free().last, taken[0]);
  EXPECT_EQ(table.allocate(domain), taken[0]);
}

TEST_F(Frames, ASeizedFrameIsTheMonitorsUntilItIsBestowed) {
  ASSERT_TRUE(take(own, true));
  table.seize(domain, own);
  EXPECT_FALSE(at(own).owner().valid());
  EXPECT_TRUE(at(own).unreferenced());
  EXPECT_EQ(domain.frames.count, 0U);
  table.bestow(other, own, true);
  EXPECT_EQ(at(own).owner(), other.id);
  EXPECT_EQ(other.frames.last, own);
  EXPECT_TRUE(at(own).in_use_as(FrameType::writable));
  table.seize(other, own);
  table.bestow(domain, own, false);
  EXPECT_TRUE(at(own).unreferenced());
  EXPECT_EQ(table.take_table(own, FrameType::l1, domain), Taken::first_after_writes);
}

}  // namespace
}  // namespace xensim
