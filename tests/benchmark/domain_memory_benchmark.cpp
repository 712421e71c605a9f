/// Guests' memory on the monitor, as host time and host memory. `build_domains`: 128 domains of 16 MB, each
/// with ten processes of 110 pages that come by faults; `peak_MiB` is the most that this program held.
/// `fork_and_exit/PAGES`: of a process that has written to so many pages since it last forked; `requests` are
/// those of one fork and exit.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <memory>
#include <vector>

#include "models/guest/memory/address_space.hpp"
#include "models/host/xen/xen_paging.hpp"

namespace xensim {
namespace {

constexpr std::uint8_t data = AreaFlags::read | AreaFlags::write;

struct Host {
  explicit Host(std::uint32_t frames) : machine(xen_1_0_memory, frames, 16) {}

  MachineMemory machine;
  MemoryCpu cpu{};
  MemoryDomain domain0{.id = DomainId{0}, .privileged = true};
};

class Guest {
 public:
  Guest(Host& host, std::uint32_t id, std::uint32_t pages)
      : domain_{.id = DomainId{id}},
        layout_(build_domain_memory({host.machine, host.cpu, host.domain0}, domain_, pages).value()),
        paging_(host.machine, host.cpu, domain_, layout_),
        memory_(kernel_, paging_, layout_.usable(), 256) {}

  AddressSpace& start() {
    spaces_.push_back(AddressSpace::create(memory_));
    paging_.load(spaces_.back()->directory(), 0);
    return *spaces_.back();
  }
  [[nodiscard]] XenPaging& paging() { return paging_; }

 private:
  KernelPathCosts costs_{};
  KernelWork work_{costs_};
  KernelContext kernel_{work_, {.smp = false, .paravirtual = true}};
  MemoryDomain domain_;
  KernelLayout layout_;
  XenPaging paging_;
  GuestMemory memory_;
  std::vector<std::unique_ptr<AddressSpace>> spaces_;
};

/// So many pages are written, from an address.
void write(AddressSpace& space, Address start, std::uint32_t pages) {
  for (std::uint32_t i = 0; i < pages; ++i) {
    (void)space.fault({{start.value + i * page_size}, PageFault::write | PageFault::user});
  }
}

/// Maps them before.
void fill(AddressSpace& space, Address start, std::uint32_t pages) {
  (void)space.map({.length = pages * page_size, .flags = data, .address = start, .fixed = true});
  write(space, start, pages);
}

/// Program, libraries and stack: three tables.
void fill_program(AddressSpace& space) {
  fill(space, {0x08048000}, 18);
  fill(space, {0x40000000}, 85);
  fill(space, {0xbfff8000}, 7);
}

void build_domains(benchmark::State& state) {
  constexpr std::uint32_t domains = 128, pages = 4096, processes = 10;
  for (auto _ : state) {
    Host host((domains + 1) * pages);
    std::vector<std::unique_ptr<Guest>> guests;
    std::uint32_t resident = 0;
    for (std::uint32_t i = 1; i <= domains; ++i) {
      guests.push_back(std::make_unique<Guest>(host, i, pages));
      for (std::uint32_t process = 0; process < processes; ++process) {
        AddressSpace& space = guests.back()->start();
        fill_program(space);
        resident += space.resident();
      }
    }
    if (resident != domains * processes * 110) state.SkipWithError("pages are missing");
    benchmark::DoNotOptimize(guests.back()->paging().counts().requests);
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  state.counters["peak_MiB"] = static_cast<double>(usage.ru_maxrss) / 1024;
  state.SetItemsProcessed(state.iterations() * domains);
}
BENCHMARK(build_domains)->Unit(benchmark::kMillisecond);

void fork_and_exit(benchmark::State& state) {
  const auto pages = static_cast<std::uint32_t>(state.range(0));
  Host host(16384);
  Guest guest(host, 1, 8192);
  AddressSpace& parent = guest.start();
  fill(parent, {0x08048000}, pages / 4);
  fill(parent, {0x40000000}, pages / 2);
  fill(parent, {0xbfc00000}, pages - pages / 4 - pages / 2);
  parent.fork().reset();
  std::uint64_t requests = 0;
  for (auto _ : state) {
    state.PauseTiming();
    write(parent, {0x08048000}, pages / 4);
    write(parent, {0x40000000}, pages / 2);
    write(parent, {0xbfc00000}, pages - pages / 4 - pages / 2);
    const std::uint64_t before = guest.paging().counts().requests;
    state.ResumeTiming();
    parent.fork().reset();
    requests += guest.paging().counts().requests - before;
  }
  state.counters["requests"] = static_cast<double>(requests) / static_cast<double>(state.iterations());
}
BENCHMARK(fork_and_exit)->Arg(110)->Arg(400)->Arg(2000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace xensim

BENCHMARK_MAIN();
