/// Translations and detailed caches.
///
/// `hit/PAGES`: reads of random pages that the data TLB holds. `walk/TABLES`: reads of random pages under so
/// many page tables, nearly all of which miss the TLB and walk; 4 KB of host memory a table, so that 512 of
/// them exceed the L2 cache of most hosts. `flush/PAGES`: a load of CR3 with so many pages in the TLB, and
/// the walks that bring them back. `detailed_l2/PAGES`: random lines of so many pages, 128 of which fill the
/// cache.
#include <benchmark/benchmark.h>

#include <span>
#include <utility>
#include <vector>

#include "core/random.hpp"
#include "models/memory/walker.hpp"
#include "tests/models/memory/cache_shapes.hpp"

namespace xensim {
namespace {

constexpr std::uint32_t flags =
    PageTableEntry::present | PageTableEntry::writable | PageTableEntry::user | PageTableEntry::accessed;
constexpr FrameNumber directory{0};

/// The first `tables` times 4 MB of the address space, each page in a frame of its own.
PhysicalMemory mapped(std::uint32_t tables) {
  PhysicalMemory memory(1 + tables);
  for (std::uint32_t t = 0; t < tables; ++t) {
    memory.store(directory, t, PageTableEntry::to({1 + t}, flags).bits);
    PhysicalMemory::Words& words = memory.words({1 + t});
    for (std::uint32_t i = 0; i < entries_per_table; ++i) {
      words[i] = PageTableEntry::to({t * entries_per_table + i}, flags).bits;
    }
  }
  return memory;
}

/// Random pages below a bound, prepared so that choosing them costs next to nothing.
std::vector<Address> random_pages(std::size_t count, std::uint32_t below) {
  RandomStream random(1, "benchmark");
  std::vector<Address> addresses(count);
  for (Address& address : addresses) {
    address.value = static_cast<std::uint32_t>(random.below(below)) * page_size;
  }
  return addresses;
}

void read_all(benchmark::State& state, Mmu& mmu, PhysicalMemory& memory, std::span<const Address> addresses) {
  std::size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        mmu.translate(addresses[next], Access::read, Privilege::ring3, directory, memory).frame);
    if (++next == addresses.size()) next = 0;
  }
  const Tlb::Counts& counts = mmu.data_tlb().counts();
  state.counters["hit_ratio"] =
      static_cast<double>(counts.hits) / static_cast<double>(counts.hits + counts.misses);
}

void hit(benchmark::State& state) {
  PhysicalMemory memory = mapped(1);
  Mmu mmu;
  read_all(state, mmu, memory, random_pages(1024, static_cast<std::uint32_t>(state.range(0))));
}
BENCHMARK(hit)->Arg(1)->Arg(8)->Arg(60);

void walk(benchmark::State& state) {
  const auto tables = static_cast<std::uint32_t>(state.range(0));
  PhysicalMemory memory = mapped(tables);
  Mmu mmu;
  read_all(state, mmu, memory, random_pages(1 << 16, tables * entries_per_table));
}
BENCHMARK(walk)->Arg(1)->Arg(16)->Arg(512)->Arg(1000);

void flush(benchmark::State& state) {
  PhysicalMemory memory = mapped(1);
  Mmu mmu;
  for (auto _ : state) {
    mmu.switch_to();
    for (std::uint32_t page = 0; page < state.range(0); ++page) {
      benchmark::DoNotOptimize(
          mmu.translate({page * page_size}, Access::read, Privilege::ring3, directory, memory).frame);
    }
  }
}
BENCHMARK(flush)->Arg(0)->Arg(60);

void detailed_l2(benchmark::State& state) {
  DetailedCache cache(l2_shape);
  RandomStream random(1, "benchmark");
  std::vector<std::pair<FrameNumber, std::uint32_t>> lines(4096);
  for (auto& [frame, offset] : lines) {
    frame = {static_cast<std::uint32_t>(random.below(static_cast<std::uint64_t>(state.range(0))))};
    offset = static_cast<std::uint32_t>(random.below(page_size));
  }
  std::size_t next = 0;
  for (auto _ : state) {
    const auto& [frame, offset] = lines[next];
    benchmark::DoNotOptimize(cache.access(frame, offset, FootprintId{0}));
    if (++next == lines.size()) next = 0;
  }
}
BENCHMARK(detailed_l2)->Arg(8)->Arg(64)->Arg(256);

}  // namespace
}  // namespace xensim

BENCHMARK_MAIN();
