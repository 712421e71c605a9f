#include "models/memory/descriptor_tables.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <array>

#include "tests/models/memory/memory_bench.hpp"

namespace xensim {
namespace {

using test::DomainImage;
using test::MemoryBench;
using test::read_only;
using test::writable;
using Status = HypercallStatus;

/// A segment of ring 1, present, data, writable.
constexpr SegmentDescriptor data_segment(std::uint32_t base, std::uint32_t limit, bool in_pages) {
  return {base << 16 | (limit & 0xffff), (base & 0xff000000) | (base >> 16 & 0xff) | (limit & 0xf0000) |
                                             0x0040b200U | (in_pages ? 0x00800000U : 0U)};
}

TEST(Descriptor, AbsentOnesMayHoldAnything) {
  EXPECT_TRUE(rc::check([](std::uint32_t low, std::uint32_t high) {
    RC_ASSERT(acceptable({low, high & ~0x8000U}));
  }));
}

TEST(Descriptor, NothingPresentReachesRing0) {
  EXPECT_TRUE(rc::check([](std::uint32_t low, std::uint32_t high) {
    RC_ASSERT(!acceptable({low, (high | 0x8000U) & ~0x6000U}));
  }));
}

TEST(Descriptor, SegmentsThatExpandDownMustNotReachTheMonitorFromBelow) {
  constexpr std::uint32_t expand_down = 0x400, big = 0x00400000;
  SegmentDescriptor segment = data_segment(0, 0, false);
  segment.high |= expand_down;
  EXPECT_FALSE(acceptable(segment)) << "offsets 1 to 4 GB";
  segment.high &= ~big;
  EXPECT_TRUE(acceptable(segment)) << "offsets 1 to 64 KB";
  segment.high |= 0xfc000000;
  segment.low |= 0x3ff00000;
  EXPECT_FALSE(acceptable({segment.low, segment.high | 0x3f})) << "64 KB from 0xfc3f3ff0";
}

TEST(Descriptor, SegmentsEndWhereTheMonitorsPrivateAreaBegins) {
  EXPECT_TRUE(acceptable(data_segment(0, 0xfc3ff, true)));
  EXPECT_FALSE(acceptable(data_segment(0, 0xfc400, true)));
  EXPECT_FALSE(acceptable(data_segment(0, 0xfffff, true))) << "the flat 4 GB segment";
  EXPECT_TRUE(acceptable(data_segment(0xfc3ff000, 0xfff, false)));
  EXPECT_FALSE(acceptable(data_segment(0xfc3ff000, 0x1000, false)));
  EXPECT_FALSE(acceptable(data_segment(0xfffff000, 0xfffff, false))) << "wraps";
  EXPECT_FALSE(acceptable(data_segment(0xff000000, 0xfffff, true))) << "wraps";
}

TEST(Descriptor, OfSystemSegmentsOnlyCallGatesToGuestCodeWillDo) {
  constexpr std::uint32_t gate = 0x0000ac00;  // present, ring 1
  EXPECT_TRUE(acceptable({0x0819U << 16, gate}));
  EXPECT_TRUE(acceptable({0x0009U << 16, gate})) << "the guest's own";
  EXPECT_TRUE(acceptable({0x080dU << 16, gate})) << "local, though the number is a reserved one";
  EXPECT_FALSE(acceptable({0x0808U << 16, gate})) << "the monitor's code";
  EXPECT_FALSE(acceptable({0x0008U << 16, gate})) << "ring 0";
  EXPECT_FALSE(acceptable({0x0811U << 16, gate})) << "reserved";
  EXPECT_FALSE(acceptable({0x0819U << 16, gate | 0x20})) << "reserved bits";
  for (std::uint32_t type = 0; type < 16; ++type) {
    EXPECT_EQ(acceptable({0x0819U << 16, 0xa000U | type << 8}), type == 12) << type;
  }
}

TEST(Selector, ForTheStackIsTheFlatOneOrTheGuestsOwn) {
  EXPECT_TRUE(is_data_selector(0x0821));
  EXPECT_FALSE(is_data_selector(0x0819)) << "code";
  EXPECT_TRUE(is_data_selector(0x0009));
  EXPECT_FALSE(is_data_selector(0x000b)) << "ring 3";
  EXPECT_FALSE(is_data_selector(256 << 3 | 1));
  EXPECT_FALSE(is_data_selector(295 << 3 | 1));
  EXPECT_TRUE(is_data_selector(255 << 3 | 1));
  EXPECT_TRUE(is_data_selector(296 << 3 | 1));
}

class DescriptorTables : public testing::TestWithParam<MemoryRules> {
 protected:
  [[nodiscard]] HypercallStatus set(std::initializer_list<FrameNumber> frames, std::uint32_t entries) {
    return set_gdt(bench.as(domain), {frames.begin(), frames.size()}, entries);
  }
  void put(FrameNumber frame, std::uint32_t index, SegmentDescriptor d) {
    bench.machine.contents.store(frame, 2 * index, d.low);
    bench.machine.contents.store(frame, 2 * index + 1, d.high);
  }
  [[nodiscard]] HypercallStatus update(FrameNumber frame, std::uint32_t index, SegmentDescriptor d) {
    return update_descriptor(bench.as(domain), frame.value * page_size + index * 8, d);
  }
  /// By the table that maps the image; `frame` takes the place of page `page`.
  void map(std::uint32_t page, PageTableEntry entry) {
    ASSERT_TRUE(set_leaf_entry(bench.as(domain), {image.table(0), page}, entry));
  }
  /// Page 20 of the image, mapped read-only where it is.
  FrameNumber ldt_page() {
    map(20, read_only(image.pages[20]));
    return image.pages[20];
  }
  bool set_ldt_at(std::uint32_t page, std::uint32_t entries) {
    return set_ldt(bench.as(domain), DomainImage::address_of(page), entries);
  }
  /// A frame that nothing maps.
  FrameNumber unmapped(std::uint32_t page) {
    map(page, {});
    return image.pages[page];
  }

  MemoryBench bench{GetParam()};
  std::pair<MemoryDomain&, DomainImage> started = bench.add_running(40);
  MemoryDomain& domain = started.first;
  DomainImage& image = started.second;
  const SegmentDescriptor good = data_segment(0, 0xfff, true), bad = data_segment(0, 0xfffff, true);
};

TEST_P(DescriptorTables, AGdtIsCheckedCountedAndFlushedFor) {
  const FrameNumber a = unmapped(10), b = unmapped(11);
  bench.cpu.owed.clear();
  ASSERT_EQ(set({a, b}, 513), Status::done);
  EXPECT_EQ(bench.counts(a), (test::Counts{1, 1}));
  EXPECT_EQ(bench.frame(a).type(), FrameType::gdt);
  EXPECT_EQ(bench.frame(a).need_flush, 0U);
  EXPECT_EQ(bench.did(MemoryStep::descriptor_checked), 1024U);
  EXPECT_EQ(bench.did(MemoryStep::descriptor_flush), 1U);
  EXPECT_TRUE(bench.cpu.owed.all);
  EXPECT_EQ(bench.audit(), "");
  EXPECT_NE(bench.machine.contents.load(a, 2 * 259 + 1), 0U) << "the monitor's own are there";
}

TEST_P(DescriptorTables, AnotherGdtTakesThePlaceOfTheOld) {
  const FrameNumber a = unmapped(10), b = unmapped(11);
  ASSERT_EQ(set({a, a}, 1024), Status::done);
  EXPECT_EQ(bench.counts(a), (test::Counts{2, 2}));
  ASSERT_EQ(set({b}, 300), Status::done);
  EXPECT_EQ(bench.counts(a), (test::Counts{0, 0}));
  ASSERT_EQ(set({a}, 300), Status::done);
  EXPECT_EQ(bench.did(MemoryStep::descriptor_checked), 3 * 512U) << "what was a GDT is not checked again";
  EXPECT_EQ(bench.audit(), "");
}

TEST_P(DescriptorTables, AGdtIsRefusedBefore) {
  const FrameNumber a = unmapped(10), b = unmapped(11), c = unmapped(12);
  put(b, 3, bad);
  const FrameNumber foreign = bench.add(1).frames.first;
  EXPECT_EQ(set({a}, 295), Status::invalid) << "no room for the reserved entries";
  EXPECT_EQ(set({a}, 8193), Status::invalid);
  EXPECT_EQ(set({a}, 513), Status::bad_address) << "too short a list";
  EXPECT_EQ(set({foreign}, 300), Status::invalid);
  EXPECT_EQ(set({FrameNumber{9999}}, 300), Status::invalid);
  EXPECT_EQ(set({image.pages[13]}, 300), Status::invalid) << "mapped writable";
  EXPECT_EQ(set({image.directory()}, 300), Status::invalid);
  EXPECT_EQ(set({b}, 300), Status::invalid) << "bad descriptor";
  ASSERT_EQ(set({c}, 300), Status::done);
  EXPECT_EQ(set({b}, 300), Status::invalid);
  EXPECT_EQ(domain.gdt[0], c) << "nothing changed";
  EXPECT_EQ(bench.audit(), "");
}

TEST_P(DescriptorTables, InXen10TheFirstFrameIsCheckedForAll) {
  const FrameNumber a = unmapped(10), b = unmapped(11);
  put(b, 3, bad);
  EXPECT_EQ(set({a, b}, 1000), GetParam().gdt_check_reads_first_frame ? Status::done : Status::invalid);
}

TEST_P(DescriptorTables, AGdtInUseCannotBeMappedWritable) {
  const FrameNumber a = unmapped(10);
  ASSERT_EQ(set({a}, 300), Status::done);
  EXPECT_FALSE(set_leaf_entry(bench.as(domain), {image.table(0), 10}, writable(a)));
  EXPECT_TRUE(set_leaf_entry(bench.as(domain), {image.table(0), 10}, read_only(a)));
}

TEST_P(DescriptorTables, SingleDescriptorsAreCheckedByWhatTheirFrameIs) {
  const FrameNumber gdt = unmapped(10), plain = unmapped(11), data = image.pages[12];
  ASSERT_EQ(set({gdt}, 512), Status::done);
  for (const FrameNumber frame : {gdt, plain, data}) {
    EXPECT_EQ(update(frame, 5, good), Status::done);
    EXPECT_EQ(bench.machine.contents.load(frame, 11), good.high);
    EXPECT_EQ(update(frame, 5, bad), Status::invalid);
  }
  EXPECT_EQ(update(gdt, 256, good), Status::invalid);
  EXPECT_EQ(update(gdt, 295, good), Status::invalid);
  EXPECT_EQ(update(gdt, 296, good), Status::done);
  EXPECT_EQ(update(data, 256, good), Status::done);
  EXPECT_EQ(update(image.directory(), 5, good), Status::invalid);
  EXPECT_EQ(update(image.table(0), 5, {}), Status::invalid);
  EXPECT_EQ(update(FrameNumber{0}, 5, {}), Status::invalid);
  EXPECT_EQ(update(FrameNumber{0xfffff}, 5, {}), Status::invalid);
  EXPECT_EQ(update_descriptor(bench.as(domain), plain.value * page_size + 4, good), Status::invalid);
}

TEST_P(DescriptorTables, TheReservedEntriesOfOtherGdtPagesAreTheGuests) {
  const FrameNumber first = unmapped(10), second = unmapped(11);
  ASSERT_EQ(set({first, second}, 1024), Status::done);
  EXPECT_EQ(update(second, 256, good), Status::done);
}

TEST_P(DescriptorTables, TheKernelStackNeedsADataSelector) {
  EXPECT_EQ(stack_switch(bench.as(domain), 0x0821, 0xc0001000), Status::done);
  EXPECT_EQ(domain.kernel_stack.pointer, 0xc0001000);
  EXPECT_EQ(stack_switch(bench.as(domain), 0x0810, 1), Status::not_permitted);
  EXPECT_EQ(domain.kernel_stack.pointer, 0xc0001000);
}

TEST_P(DescriptorTables, AnLdtMustFitBelowThePrivateArea) {
  const MemoryCall call = bench.as(domain);
  EXPECT_FALSE(set_ldt(call, {0xc0000004}, 1));
  EXPECT_FALSE(set_ldt(call, {0xc0000000}, 8193));
  EXPECT_FALSE(set_ldt(call, {0xfffff000}, 8192)) << "wraps";
  EXPECT_FALSE(set_ldt(call, {0xfc3ff000}, 513));
  EXPECT_EQ(domain.ldt.entries, 0U);
  EXPECT_TRUE(set_ldt(call, {0xfc3ff000}, 512));
}

TEST_P(DescriptorTables, LdtPagesAreMappedWhenTheyAreUsed) {
  const FrameNumber page = ldt_page();
  ASSERT_TRUE(set_ldt_at(20, 512));
  bench.cpu.work = {};
  ASSERT_TRUE(map_ldt_page(bench.as(domain), 8));
  EXPECT_EQ(bench.counts(page), (test::Counts{2, 1}));
  EXPECT_EQ(bench.frame(page).type(), FrameType::ldt);
  EXPECT_EQ(bench.did(MemoryStep::descriptor_checked), 512U);
  EXPECT_EQ(bench.did(MemoryStep::descriptor_flush), 1U) << "the page was writable before";
  EXPECT_FALSE(map_ldt_page(bench.as(domain), 16)) << "mapped already: the fault is the guest's";
  EXPECT_FALSE(map_ldt_page(bench.as(domain), 4096)) << "beyond the LDT";
  EXPECT_EQ(bench.audit(), "");
}

TEST_P(DescriptorTables, LdtFaultsThatCannotBeHelpedAreTheGuests) {
  ASSERT_TRUE(set_ldt_at(18, 8192));
  const auto fault_on_page = [&](std::uint32_t page) {
    return map_ldt_page(bench.as(domain), (page - 18) * 4096);
  };
  map(19, {});
  put(image.pages[21], 9, bad);
  map(21, read_only(image.pages[21]));
  EXPECT_FALSE(fault_on_page(18)) << "mapped writable";
  EXPECT_FALSE(fault_on_page(19)) << "not mapped";
  EXPECT_FALSE(fault_on_page(21)) << "bad descriptor";
  ASSERT_TRUE(set_ldt_at(0, 512));
  EXPECT_FALSE(map_ldt_page(bench.as(domain), 0)) << "a directory";
  ASSERT_TRUE(set_ldt(bench.as(domain), {0x10000000}, 512));
  EXPECT_FALSE(map_ldt_page(bench.as(domain), 0)) << "no table there";
  EXPECT_EQ(bench.audit(), "");
}

TEST_P(DescriptorTables, AnLdtPageIsForgottenWithItsEntry) {
  const FrameNumber page = ldt_page();
  ASSERT_TRUE(set_ldt_at(20, 512));
  ASSERT_TRUE(map_ldt_page(bench.as(domain), 0));
  map(20, {});
  EXPECT_EQ(domain.ldt.mapped, 0U);
  EXPECT_EQ(bench.counts(page), (test::Counts{0, 0}));
  EXPECT_EQ(bench.did(MemoryStep::ldt_invalidation), 1U);
  EXPECT_EQ(bench.audit(), "");
}

TEST_P(DescriptorTables, ADifferentLdtFlushesAtTheEndOfTheBatch) {
  (void)ldt_page();
  const auto request = [&](std::uint32_t page, std::uint32_t entries) {
    return make_request(GetParam(), ExtendedCommand::set_ldt, DomainImage::address_of(page).value, entries);
  };
  ASSERT_EQ(bench.update(domain, {request(20, 512)}).status, Status::done);
  EXPECT_EQ(bench.did(MemoryStep::batch_flush), 0U) << "there was none before";
  EXPECT_EQ(domain.ldt.mapped, GetParam().preload_ldt ? 1U : 0U);
  (void)map_ldt_page(bench.as(domain), 0);
  ASSERT_EQ(bench.update(domain, {request(20, 512)}).status, Status::done);
  EXPECT_EQ(bench.did(MemoryStep::batch_flush), 0U) << "nothing changed";
  ASSERT_EQ(bench.update(domain, {request(20, 100)}).status, Status::done);
  EXPECT_EQ(bench.did(MemoryStep::batch_flush), 1U);
  EXPECT_EQ(bench.did(MemoryStep::ldt_invalidation), 1U);
  EXPECT_EQ(domain.ldt.mapped, GetParam().preload_ldt ? 1U : 0U) << "Xen 1.2 maps the first page again";
  EXPECT_EQ(bench.audit(), "");
}

INSTANTIATE_TEST_SUITE_P(, DescriptorTables, testing::Values(xen_1_0_memory, xen_1_2_memory),
                         [](const auto& test) { return test.index == 0 ? "Xen1_0" : "Xen1_2"; });

}  // namespace
}  // namespace xensim
