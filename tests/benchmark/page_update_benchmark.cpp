/// The monitor's page-table logic. `leaf_updates/RELEASE/ORDER`: one domain changes entries of 8192 pinned
/// tables (32 MB of entries, more than any L2) from one frame to another, in batches of 2048 requests;
/// `items_per_second` are requests. `pin_unpin/PRESENT`: one table with so many entries present.
/// `build_domains`: 128 domains of 16 MB as domain 0 of Xen 1.0 builds them; items are requests.
#include <benchmark/benchmark.h>

#include <deque>
#include <random>
#include <string>

#include "tests/models/memory/domain_image.hpp"

namespace xensim {
namespace {

using test::build_domain;
using test::DomainImage;
using test::writable_page;

/// Any 32 bits, always the same.
struct Random {
  std::uint32_t operator()() { return static_cast<std::uint32_t>(engine()); }
  std::mt19937 engine{1};
};

constexpr std::uint32_t tables = 8192, batch = 2048;

/// Built once for each release: it takes longer than what is measured.
struct Machine {
  explicit Machine(const MemoryRules& rules) : memory(rules, 1 << 18, 16) {
    // Tables among the pages that the image leaves unmapped, full of references to those that it maps.
    image = build_domain(memory, cpu, domain0, domain, 200'000, 128 * 1024);
    const std::uint32_t first = 128 * 1024;
    std::vector<PageRequest> pins;
    for (std::uint32_t i = 0; i < tables; ++i) {
      pool.push_back(image.pages[first + i]);
      memory.contents.clear(pool.back());
      for (std::uint32_t j = 0; j < entries_per_table; ++j) {
        memory.contents.store(pool.back(), j, PageTableEntry::to(target(i * 1024 + j), writable_page).bits);
      }
      pins.push_back(make_request(rules, ExtendedCommand::pin_l1, pool.back().value * page_size));
    }
    if (update_pages({memory, cpu, domain}, pins).status != HypercallStatus::done)
      throw std::logic_error("pins");
  }
  [[nodiscard]] FrameNumber target(std::uint32_t i) const { return image.pages[1024 + i * 31 % 100'000]; }

  MachineMemory memory;
  MemoryCpu cpu{};
  MemoryDomain domain0{.id = DomainId{0}, .privileged = true}, domain{.id = DomainId{1}};
  DomainImage image;
  std::vector<FrameNumber> pool;
};

void leaf_updates(benchmark::State& state, bool random_order) {
  static Machine machine(xen_1_0_memory);
  Random random;
  std::vector<PageRequest> requests(1 << 20);
  for (std::uint32_t i = 0; i < requests.size(); ++i) {
    const std::uint32_t place = random_order ? random() % (tables * entries_per_table) : i;
    const FrameNumber table = machine.pool[place / entries_per_table];
    requests[i] = make_request(xen_1_0_memory, PageCommand::normal,
                               table.value * page_size + place % entries_per_table * 4,
                               PageTableEntry::to(machine.target(random() % (1 << 20)), writable_page).bits);
  }
  const MemoryCall call{machine.memory, machine.cpu, machine.domain};
  std::size_t next = 0;
  for (auto _ : state) {
    const auto result = update_pages(call, std::span(requests).subspan(next, batch));
    if (result.status != HypercallStatus::done) state.SkipWithError("refused");
    machine.cpu.owed.clear();
    next = (next + batch) % requests.size();
  }
  state.SetItemsProcessed(state.iterations() * batch);
}
BENCHMARK_CAPTURE(leaf_updates, sequential, false);
BENCHMARK_CAPTURE(leaf_updates, random, true);

/// As above with the image's own tables, which have addresses: Xen 1.2.
void leaf_updates_by_address(benchmark::State& state) {
  constexpr std::uint32_t pages = 64 * 1024;
  static MachineMemory memory(xen_1_2_memory, 1 << 18, 16);
  static MemoryCpu cpu;
  static MemoryDomain domain0{.id = DomainId{0}, .privileged = true}, domain{.id = DomainId{1}};
  static const DomainImage image = build_domain(memory, cpu, domain0, domain, pages);
  Random random;
  std::vector<PageRequest> requests(1 << 20);
  for (PageRequest& request : requests) {
    const std::uint32_t table = 1 + image.tables / 2 + random() % (image.tables / 2);
    request = make_request(xen_1_2_memory, PageCommand::normal,
                           DomainImage::address_of(table).value + random() % entries_per_table * 4,
                           PageTableEntry::to(image.pages[1024 + random() % 60'000], writable_page).bits);
  }
  const MemoryCall call{memory, cpu, domain};
  std::size_t next = 0;
  for (auto _ : state) {
    const auto result = update_pages(call, std::span(requests).subspan(next, batch));
    if (result.status != HypercallStatus::done) state.SkipWithError("refused");
    cpu.owed.clear();
    next = (next + batch) % requests.size();
  }
  state.SetItemsProcessed(state.iterations() * batch);
}
BENCHMARK(leaf_updates_by_address);

void pin_unpin(benchmark::State& state) {
  MachineMemory memory(xen_1_0_memory, 4096, 16);
  MemoryCpu cpu;
  MemoryDomain domain{.id = DomainId{1}};
  if (!reserve(memory, domain, 2048)) state.SkipWithError("no room");
  const auto frames = test::frames_of(memory, domain);
  memory.contents.store(frames[0], 0, 0);
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    const auto index = static_cast<std::uint32_t>(i);
    memory.contents.store(frames[0], index, PageTableEntry::to(frames[1 + index], writable_page).bits);
  }
  const std::array requests{
      make_request(xen_1_0_memory, ExtendedCommand::pin_l1, frames[0].value * page_size),
      make_request(xen_1_0_memory, ExtendedCommand::unpin, frames[0].value * page_size)};
  for (auto _ : state) {
    if (update_pages({memory, cpu, domain}, requests).status != HypercallStatus::done) {
      state.SkipWithError("refused");
    }
    cpu.owed.clear();
  }
  state.SetItemsProcessed(state.iterations() * 2);
}
BENCHMARK(pin_unpin)->Arg(0)->Arg(64)->Arg(1024);

void build_domains(benchmark::State& state) {
  constexpr std::uint32_t domains = 128, pages = 4096;
  std::int64_t requests = 0;
  for (auto _ : state) {
    MachineMemory memory(xen_1_0_memory, (domains + 1) * pages, 16);
    MemoryCpu cpu;
    MemoryDomain domain0{.id = DomainId{0}, .privileged = true};
    std::deque<MemoryDomain> guests;
    for (std::uint32_t i = 1; i <= domains; ++i) {
      guests.push_back({.id = DomainId{i}});
      (void)build_domain(memory, cpu, domain0, guests.back(), pages);
    }
    requests += static_cast<std::int64_t>(cpu.work[MemoryStep::normal_request] +
                                          cpu.work[MemoryStep::m2p_request] + 2 * domains);
    benchmark::DoNotOptimize(memory.contents.load(guests.back().base, 768));
  }
  state.SetItemsProcessed(requests);
}
BENCHMARK(build_domains)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace xensim

BENCHMARK_MAIN();
