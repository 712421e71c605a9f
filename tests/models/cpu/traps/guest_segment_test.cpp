#include "models/cpu/traps/guest_segment.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <array>

#include "models/cpu/traps/vectors.hpp"
#include "tests/models/memory/memory_bench.hpp"

namespace xensim {
namespace {

constexpr SegmentDescriptor flat{0x0000c3ff, 0x00cfb200};

TEST(WritableAddress, OfTheFlatSegmentIsTheOffsetUpToTheMonitorsPrivateArea) {
  EXPECT_EQ(writable_address(flat, 0, 4), Address{0});
  EXPECT_EQ(writable_address(flat, 0xfc3ffffc, 4), Address{0xfc3ffffc});
  EXPECT_EQ(writable_address(flat, 0xfc3ffffd, 4), std::nullopt);
  EXPECT_EQ(writable_address(flat, 0xfffffffe, 4), std::nullopt) << "no wrapping";
}

TEST(WritableAddress, AddsTheBase) {
  EXPECT_EQ(writable_address({0x4321'0fff, 0x8040b265}, 0x10, 4), Address{0x80654331});
  EXPECT_EQ(writable_address({0x4321'0fff, 0x8040b265}, 0xffd, 4), std::nullopt);
}

TEST(WritableAddress, IsNoneInCodeReadOnlyDataGatesAndAbsentSegments) {
  EXPECT_EQ(writable_address({flat.low, 0x00cfba00}, 0, 4), std::nullopt);
  EXPECT_EQ(writable_address({flat.low, 0x00cfb000}, 0, 4), std::nullopt);
  EXPECT_EQ(writable_address({flat.low, 0x00cfa200}, 0, 4), std::nullopt);
  EXPECT_EQ(writable_address({flat.low, 0x00cf3200}, 0, 4), std::nullopt);
}

TEST(WritableAddress, OfASegmentThatExpandsDownIsAboveItsLimit) {
  constexpr SegmentDescriptor down{0x00000fff, 0x0000b600};
  EXPECT_EQ(writable_address(down, 0xfff, 1), std::nullopt);
  EXPECT_EQ(writable_address(down, 0x1000, 4), Address{0x1000});
  EXPECT_EQ(writable_address(down, 0xfffc, 4), Address{0xfffc});
  EXPECT_EQ(writable_address(down, 0xfffd, 4), std::nullopt);
}

TEST(WritableAddress, ThroughAnAcceptableDescriptorIsNeverTheMonitors) {
  EXPECT_TRUE(
      rc::check([](std::uint32_t base, std::uint32_t limit, std::uint16_t kind, std::uint32_t offset) {
        base >>= kind % 32;
        limit >>= 12 + kind / 32 % 16;
        // Writable data: granularity, size of the default operand and direction as it comes.
        const std::uint32_t bits = 0xb200U | (kind & 0x600U) << 13 | (kind >> 11 & 1U) << 10;
        const SegmentDescriptor segment{base << 16 | (limit & 0xffff),
                                        (base & 0xff000000) | (base >> 16 & 0xff) | (limit & 0xf0000) | bits};
        if (!acceptable(segment)) return;
        for (const std::uint32_t at : {offset, limit, limit + 1, limit << 12, 0xfffcU, 0xfffffffcU, ~base}) {
          const auto address = writable_address(segment, at, 4);
          RC_ASSERT(!address || std::uint64_t{address->value} + 4 <= private_area.value);
        }
      }));
}

TEST(DescriptorOf, AFlatSegmentIsThereBeforeTheGuestHasATable) {
  test::MemoryBench bench(xen_1_0_memory);
  const SegmentDescriptor data = descriptor_of(bench.machine.contents, bench.add(8), flat_kernel_data);
  EXPECT_EQ(writable_address(data, 0xfc3ffffc, 4), Address{0xfc3ffffc});
  EXPECT_EQ(writable_address(data, 0xfc400000, 4), std::nullopt);
}

TEST(DescriptorOf, ASelectorIsInTheTableThatItsBitNames) {
  test::MemoryBench bench(xen_1_0_memory);
  const auto [domain, image] = bench.add_running(24);
  ASSERT_EQ(bench.update(domain, {bench.entry(image.table(0), 3, {})}).status, HypercallStatus::done);
  ASSERT_EQ(set_gdt(bench.as(domain), std::array{image.pages[3]}, 512), HypercallStatus::done);
  const auto of = [&, &d = domain](std::uint16_t selector) {
    return descriptor_of(bench.machine.contents, d, selector);
  };
  EXPECT_EQ(writable_address(of(flat_kernel_data), 0xc0000000, 4), Address{0xc0000000});
  EXPECT_EQ(writable_address(of(flat_kernel_data), 0xfc400000, 4), std::nullopt);
  EXPECT_EQ(of(0x0001).high, 0U) << "the null selector";
  EXPECT_EQ(of(flat_kernel_data | 4).high, 0U) << "an LDT that is not there";
  EXPECT_EQ(of(0xfff9).high, 0U) << "behind the table";
}

}  // namespace
}  // namespace xensim
