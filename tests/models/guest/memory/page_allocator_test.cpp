/// The buddy allocator of Linux 2.4.21, its marks, and the quicklists of page tables.
#include "models/guest/memory/page_allocator.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "tests/models/guest/memory/memory_fixture.hpp"

namespace xensim {
namespace {

constexpr std::uint32_t pages_of_megabytes(std::uint32_t megabytes) { return megabytes * 256; }

struct Allocator {
  explicit Allocator(std::uint32_t size, std::uint32_t reserved = 1)
      : pages(kernel, size, pages_of_megabytes(896), reserved) {}

  KernelPathCosts costs{};
  KernelWork work{costs};
  KernelContext kernel{work, {}};
  PageAllocator pages;
};

TEST(PageAllocator, Has224And448And672PagesAsMarksOfTheNormalZoneOf128Megabytes) {
  const Allocator allocator(pages_of_megabytes(128));
  const PageAllocator::Zone& normal = allocator.pages.zones()[1];
  EXPECT_EQ(normal.end - normal.begin, pages_of_megabytes(112));
  EXPECT_EQ(normal.minimum, 224u);
  EXPECT_EQ(normal.low, 448u);
  EXPECT_EQ(normal.high, 672u);
}

TEST(PageAllocator, HasNoMarksAbove255And510And765Pages) {
  const Allocator allocator(pages_of_megabytes(512));
  EXPECT_EQ(allocator.pages.zones()[1].minimum, 255u);
  EXPECT_EQ(allocator.pages.zones()[1].high, 765u);
}

TEST(PageAllocator, HasThreeZonesAbove896Megabytes) {
  const Allocator allocator(pages_of_megabytes(1024));
  EXPECT_EQ(allocator.pages.zones()[0].end, pages_of_megabytes(16));
  EXPECT_EQ(allocator.pages.zones()[1].end, pages_of_megabytes(896));
  EXPECT_EQ(allocator.pages.zones()[2].end, pages_of_megabytes(1024));
}

TEST(PageAllocator, GivesProgramsHighMemoryFirstAndTheKernelNever) {
  using Use = PageAllocator::Use;
  Allocator allocator(pages_of_megabytes(897));
  const std::uint32_t low = pages_of_megabytes(896);
  EXPECT_LT(allocator.pages.allocate()->value, low);
  EXPECT_FALSE(allocator.pages.short_of(1));
  while (allocator.pages.allocate_user()->value >= low) {
  }
  EXPECT_FALSE(allocator.pages.short_of(1)) << "what programs lack in high memory they get below";
  while (allocator.pages.zones()[1].free > 300) (void)allocator.pages.allocate();
  EXPECT_EQ(allocator.pages.short_of(1), Use::user);
  for (PageNumber page{low}; page.value < pages_of_megabytes(897); ++page.value) {
    if (allocator.pages[page].count > 0) allocator.pages.put(page);
  }
  EXPECT_EQ(allocator.pages.short_of(1), Use::kernel) << "that high memory is free is of no use to it";
  EXPECT_GE(allocator.pages.allocate_user()->value, low);
}

TEST(PageAllocator, GivesOutThePageFreedLast) {
  Allocator allocator(4096);
  std::vector<PageNumber> taken;
  for (int i = 0; i < 8; ++i) taken.push_back(*allocator.pages.allocate());
  allocator.pages.put(taken[5]);
  allocator.pages.put(taken[2]);
  EXPECT_EQ(allocator.pages.allocate(), taken[2]);
  EXPECT_EQ(allocator.pages.allocate(), taken[5]);
}

TEST(PageAllocator, KeepsAPageUntilItsLastReferenceIsGone) {
  Allocator allocator(4096);
  const PageNumber page = *allocator.pages.allocate();
  allocator.pages.get(page);
  const std::uint32_t before = allocator.pages.free_pages();
  EXPECT_FALSE(allocator.pages.put(page));
  EXPECT_EQ(allocator.pages.free_pages(), before);
  EXPECT_TRUE(allocator.pages.put(page));
  EXPECT_EQ(allocator.pages.free_pages(), before + 1);
}

TEST(PageAllocator, MergesWhatIsFreedIntoTheLargestBlocksAgain) {
  Allocator allocator(1024, 512);
  std::vector<PageNumber> taken;
  for (int i = 0; i < 300; ++i) taken.push_back(*allocator.pages.allocate());
  EXPECT_FALSE(allocator.pages.allocate(9));
  for (const PageNumber page : taken) allocator.pages.put(page);
  EXPECT_EQ(allocator.pages.allocate(9, PageAllocator::Need::reserve), PageNumber{512});
}

TEST(PageAllocator, ServesOrdinaryNeedsDownToTheMinimumAndAtomicOnesToAQuarterOfIt) {
  Allocator allocator(2560);  // one zone: minimum 20
  using Need = PageAllocator::Need;
  const auto exhaust = [&](Need need) {
    while (allocator.pages.allocate(0, need)) {
    }
    return allocator.pages.free_pages();
  };
  while (allocator.pages.free_pages() > 42) (void)allocator.pages.allocate();
  EXPECT_FALSE(allocator.pages.take_need_for_balance());
  EXPECT_TRUE(allocator.pages.allocate());
  EXPECT_FALSE(allocator.pages.take_need_for_balance());
  EXPECT_TRUE(allocator.pages.allocate()) << "below the low mark";
  EXPECT_TRUE(allocator.pages.take_need_for_balance());
  EXPECT_EQ(exhaust(Need::normal), 21u);
  EXPECT_EQ(exhaust(Need::atomic), 6u);
  EXPECT_EQ(exhaust(Need::reserve), 0u);
}

TEST(PageAllocator, NeverHandsOutAPageTwiceWhateverIsAllocatedAndFreed) {
  EXPECT_TRUE(rc::check([](const std::vector<std::uint8_t>& operations) {
    Allocator allocator(700, 3);
    struct Taken {
      PageNumber first;
      unsigned order;
    };
    std::vector<Taken> taken;
    for (const std::uint8_t operation : operations) {
      if (operation % 2 == 0) {
        const unsigned order = operation / 2 % 4;
        if (const auto first = allocator.pages.allocate(order, PageAllocator::Need::reserve)) {
          RC_ASSERT(first->value % (1u << order) == 0u);
          taken.push_back({*first, order});
        }
      } else if (!taken.empty()) {
        const std::size_t index = operation % taken.size();
        allocator.pages.free(taken[index].first, taken[index].order);
        taken.erase(taken.begin() + static_cast<std::ptrdiff_t>(index));
      }
      std::vector<std::uint32_t> references(700);
      std::uint32_t in_use = 3;
      for (const Taken& block : taken) {
        ++references[block.first.value];
        in_use += 1u << block.order;
      }
      RC_ASSERT(allocator.pages.audit(references).empty());
      RC_ASSERT(allocator.pages.free_pages() + in_use == 700u);
    }
  }));
}

TEST(PageTableCache, GivesTablesBackWithoutZeroingThem) {
  MemoryFixture fixture;
  const PageNumber table = *fixture.guest.tables.take_table();
  fixture.guest.tables.release_table(table);
  const std::uint64_t zeroed = fixture.did(KernelPath::zero_page);
  EXPECT_EQ(fixture.guest.tables.take_table(), table);
  EXPECT_EQ(fixture.did(KernelPath::zero_page), zeroed);
}

TEST(PageTableCache, IsTrimmedTo25PagesWhenItHasMoreThan50) {
  for (const bool paravirtual : {false, true}) {
    MemoryFixture fixture({.smp = false, .paravirtual = paravirtual});
    std::vector<PageNumber> tables;
    for (int i = 0; i < 51; ++i) tables.push_back(*fixture.guest.tables.take_table());
    const PageNumber last = tables.back();
    tables.pop_back();
    for (const PageNumber table : tables) fixture.guest.tables.release_table(table);
    fixture.guest.tables.trim();
    EXPECT_EQ(fixture.guest.tables.size(), 50u);
    fixture.guest.tables.release_table(last);
    fixture.guest.tables.trim();
    EXPECT_EQ(fixture.guest.tables.size(), 25u);
    fixture.paging->commit();
    if (paravirtual) {
      EXPECT_EQ(fixture.queued->pins, 51u);
      EXPECT_EQ(fixture.queued->unpins, 26u);
    }
    EXPECT_EQ(fixture.audit({}), "");
  }
}

TEST(PageTableCache, KeepsDirectoriesOnlyInXenoLinux) {
  for (const bool paravirtual : {false, true}) {
    MemoryFixture fixture({.smp = false, .paravirtual = paravirtual});
    fixture.guest.tables.release_directory(*fixture.guest.tables.take_directory());
    EXPECT_EQ(fixture.guest.tables.size(), paravirtual ? 1u : 0u);
  }
}

}  // namespace
}  // namespace xensim
