/// What whole operations of a guest kernel come to: a fork and an exit as XenoLinux 2.4 makes them, through
/// its queue of 2048 requests.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "tests/models/memory/memory_bench.hpp"

namespace xensim {
namespace {

using test::MemoryBench;
using test::read_only;
using test::writable;
using Command = ExtendedCommand;

/// A process; its pages are spread over its tables in turn.
struct AddressSpace {
  FrameNumber directory;
  std::vector<FrameNumber> tables;
};

class Kernel {
 public:
  Kernel(std::uint32_t tables, std::uint32_t resident) : table_count_(tables), resident_(resident) {
    free_ = test::frames_of(bench.machine, domain);
    kernel_table_ = take(free_);
    queue(bench.extended(Command::pin_l1, kernel_table_));
    for (std::uint32_t i = 0; i < 2 * (1 + tables); ++i) {  // two processes' worth, mapped writable as all
      const FrameNumber frame = for_tables_.emplace_back(take(free_));
      queue(bench.entry(kernel_table_, own_index(frame), writable(frame)));
    }
    flush();
    bench.cpu.work = {};
  }

  /// Of a parent that has `resident` private pages mapped writable.
  AddressSpace first_process() {
    AddressSpace space = allocate();
    for (std::uint32_t i = 0; i < resident_; ++i) pages_.push_back(take(free_));
    for (std::uint32_t i = 0; i < resident_; ++i) queue(at(space, i, writable(pages_[i])));
    flush();
    bench.cpu.work = {};
    requests = batches = 0;
    return space;
  }
  AddressSpace fork(const AddressSpace& parent) {
    AddressSpace child = allocate();
    for (std::uint32_t i = 0; i < resident_; ++i) {
      queue(at(parent, i, read_only(pages_[i])));
      queue(at(child, i, read_only(pages_[i])));
    }
    queue(bench.extended(Command::tlb_flush));
    flush();
    return child;
  }
  void exit(const AddressSpace& space) {
    for (std::uint32_t i = 0; i < resident_; ++i) queue(at(space, i, {}));
    for (std::uint32_t i = 0; i < table_count_; ++i) queue(bench.entry(space.directory, i, {}));
    for (const FrameNumber table : space.tables) {
      queue(bench.extended(Command::unpin, table));
      queue(bench.entry(kernel_table_, own_index(table), writable(table)));
    }
    queue(bench.extended(Command::unpin, space.directory));
    queue(bench.entry(kernel_table_, own_index(space.directory), writable(space.directory)));
    queue(bench.extended(Command::tlb_flush));
    flush();
  }

  MemoryBench bench{xen_1_0_memory, 8192};
  MemoryDomain& domain = bench.add(8000);
  std::uint64_t requests = 0, batches = 0;

 private:
  static FrameNumber take(std::vector<FrameNumber>& from) {
    const FrameNumber frame = from.back();
    from.pop_back();
    return frame;
  }
  [[nodiscard]] std::uint32_t own_index(FrameNumber frame) const { return frame.value % entries_per_table; }
  [[nodiscard]] PageRequest at(const AddressSpace& space, std::uint32_t page, PageTableEntry entry) const {
    return bench.entry(space.tables[page % table_count_], page / table_count_, entry);
  }
  /// 1 + 1 requests for the directory, 3 for each table.
  AddressSpace allocate() {
    AddressSpace space{.directory = take(for_tables_), .tables = {}};
    queue(bench.entry(kernel_table_, own_index(space.directory), read_only(space.directory)));
    queue(bench.extended(Command::pin_l2, space.directory));
    for (std::uint32_t i = 0; i < table_count_; ++i) {
      const FrameNumber table = space.tables.emplace_back(take(for_tables_));
      queue(bench.entry(kernel_table_, own_index(table), read_only(table)));
      queue(bench.extended(Command::pin_l1, table));
      queue(bench.entry(space.directory, i, writable(table)));
    }
    return space;
  }
  void queue(PageRequest request) {
    queue_.push_back(request);
    if (queue_.size() == 2048) flush();
  }
  void flush() {
    if (queue_.empty()) return;
    ASSERT_EQ(update_pages(bench.as(domain), queue_).status, HypercallStatus::done);
    requests += queue_.size();
    ++batches;
    queue_.clear();
  }

  std::uint32_t table_count_, resident_;
  std::vector<FrameNumber> free_, for_tables_, pages_;
  FrameNumber kernel_table_;
  std::vector<PageRequest> queue_;
};

TEST(Fork, MakesTwoRequestsAndThreeATableAndTwoAPage) {
  EXPECT_TRUE(rc::check([] {
    const auto p = *rc::gen::inRange<std::uint32_t>(1, 8);
    const auto r = *rc::gen::inRange<std::uint32_t>(0, std::min(1200U, p * entries_per_table + 1));
    Kernel kernel(p, r);
    const AddressSpace parent = kernel.first_process();
    (void)kernel.fork(parent);
    const MemoryWork& work = kernel.bench.cpu.work;
    RC_ASSERT(kernel.requests == 2 + 3 * p + 2 * r + 1);  // with the flush
    RC_ASSERT(kernel.batches == (kernel.requests + 2047) / 2048);
    RC_ASSERT(work[MemoryStep::pin] == p + 1);
    RC_ASSERT(work[MemoryStep::leaf_update] == 1 + p + 2 * r);
    RC_ASSERT(work[MemoryStep::directory_update] == p);
    RC_ASSERT(work[MemoryStep::entry_scanned] == 1008 + 1024 * p);
    RC_ASSERT(work[MemoryStep::entry_present] == 0U);
    // Tables that the kernel could write until now make the batch end with a flush, as does the request.
    RC_ASSERT(work[MemoryStep::stale_retype] == p + 1);
    RC_ASSERT(work[MemoryStep::batch_flush] == kernel.batches);
    RC_ASSERT(kernel.bench.audit().empty());
  }));
}

TEST(Exit, WalksEveryTableOnceAndFindsItEmpty) {
  constexpr std::uint32_t p = 4, r = 500;
  Kernel kernel(p, r);
  const AddressSpace parent = kernel.first_process();
  const AddressSpace child = kernel.fork(parent);
  kernel.bench.cpu.work = {};
  kernel.requests = 0;
  kernel.exit(child);
  const MemoryWork& work = kernel.bench.cpu.work;
  EXPECT_EQ(kernel.requests, r + p + 2 * p + 2 + 1U);
  EXPECT_EQ(work[MemoryStep::unpin], p + 1U);
  EXPECT_EQ(work[MemoryStep::entry_scanned], 1024U * p + 1008U);
  EXPECT_EQ(work[MemoryStep::entry_present], 0U);
  EXPECT_EQ(work[MemoryStep::stale_retype], 0U) << "what was a table is made writable without a flush";
  EXPECT_EQ(work[MemoryStep::batch_flush], 1U);
  EXPECT_EQ(kernel.bench.audit(), "");
}

TEST(ProcessSwitch, IsOneRequestAndOneFlush) {
  Kernel kernel(3, 10);
  const AddressSpace parent = kernel.first_process();
  const AddressSpace child = kernel.fork(parent);
  for (const FrameNumber directory : {parent.directory, child.directory}) {
    kernel.bench.cpu.work = {};
    EXPECT_EQ(
        kernel.bench.update(kernel.domain, {kernel.bench.extended(Command::new_base, directory)}).status,
        HypercallStatus::done);
    EXPECT_EQ(kernel.bench.did(MemoryStep::entry_scanned), 0U);
    EXPECT_EQ(kernel.bench.did(MemoryStep::batch_flush), 1U);
  }
}

TEST(Building, MakesTwoRequestsAPageAndOneATable) {
  MemoryBench bench(xen_1_0_memory, 8192);
  MemoryDomain domain{.id = DomainId{1}};
  const auto image = test::build_domain(bench.machine, bench.cpu, bench.domain0, domain, 4096);
  EXPECT_EQ(image.tables, 4U);
  EXPECT_EQ(bench.did(MemoryStep::leaf_update), 4096U);
  EXPECT_EQ(bench.did(MemoryStep::m2p_request), 4096U);
  EXPECT_EQ(bench.did(MemoryStep::directory_update), 4U);
  EXPECT_EQ(bench.did(MemoryStep::pin), 1U);
  EXPECT_EQ(bench.did(MemoryStep::entry_scanned), 1008U + 4 * 1024U);
}

}  // namespace
}  // namespace xensim
