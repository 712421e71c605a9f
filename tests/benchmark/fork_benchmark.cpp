/// A whole fork: kernel, processes, caches and translations as the lmbench tables have them, as host time.
///
/// `fork_and_exit/PLATFORM/PAGES`: a process that holds so many pages forks a child that writes three of them
/// and ends, writes as many itself, and waits. Counters: processor time of the host for one (`us_each`), the
/// time that it takes in the simulation (`simulated_us`), and how many times faster that is.
#include <benchmark/benchmark.h>

#include <ctime>

#include "core/json.hpp"
#include "models/guest/memory/area.hpp"
#include "models/guest/processes/self.hpp"
#include "tests/models/host/host_fixture.hpp"

namespace xensim {
namespace {

constexpr std::uint32_t written_pages = 3;

Program child(Self self, Address pages) { co_await self.touch(pages, written_pages, Access::write); }

Program parent(Self self, std::uint32_t pages, std::int64_t& forks) {
  const auto flags = static_cast<std::uint8_t>(AreaFlags::read | AreaFlags::write);
  const std::int64_t mapped = co_await self.mmap({.length = pages * page_size, .flags = flags});
  const Address start{static_cast<std::uint32_t>(mapped)};
  co_await self.touch(start, pages, Access::write);
  const Self::Body born = [start](Self its_self) { return child(its_self, start); };
  for (;; ++forks) {
    co_await self.fork(born);
    co_await self.touch(start, written_pages, Access::write);
    co_await self.wait();
  }
}

Program executes(std::uint32_t pages, std::int64_t& forks) {
  const ProgramImage image{.path = "/bin/forks"};
  const Self::Body body = [pages, &forks](Self self) { return parent(self, pages, forks); };
  co_await Self{}.exec(image, body);
}

void fork_and_exit(benchmark::State& state, const char* platform) {
  std::int64_t forks = 0;
  TestHost host(Json::parse(platform), {.cpus = 1, .audit = false});
  host.start(executes(static_cast<std::uint32_t>(state.range(0)), forks));
  Time until = 50ms;
  host.run_until(until);
  const std::int64_t first = forks;
  const Time begin = until;
  const std::clock_t start = std::clock();
  for (auto _ : state) host.run_until(until += 10ms);
  const double busy = static_cast<double>(std::clock() - start) * 1e6 / CLOCKS_PER_SEC;
  const auto done = static_cast<double>(forks - first);
  const double simulated = to_seconds(until - begin) * 1e6;
  state.counters["us_each"] = busy / done;
  state.counters["simulated_us"] = simulated / done;
  state.counters["times_faster"] = simulated / busy;
}
BENCHMARK_CAPTURE(fork_and_exit, xen, R"({"name": "xen"})")
    ->Arg(110)
    ->Arg(400)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(fork_and_exit, native, R"({"name": "native", "smp": false})")
    ->Arg(110)
    ->Arg(400)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace xensim

BENCHMARK_MAIN();
