/// Uses of objects in a cache.
///
/// `touch/OBJECTS`: random ones of so many objects of 1 to 8 lines, an eighth of them half of the time, in an
/// L1 cache of 128 lines: 16 of them fit, of 64 most uses find a part missing, of 4096 few find anything.
#include <benchmark/benchmark.h>

#include <vector>

#include "core/random.hpp"
#include "models/memory/cache_footprint.hpp"

namespace xensim {
namespace {

/// Prepared so that choosing costs next to nothing.
std::vector<FootprintId> random_objects(std::uint32_t objects) {
  RandomStream random(1, "benchmark");
  std::vector<FootprintId> chosen(std::size_t{1} << 16);
  for (FootprintId& object : chosen) {
    const std::uint32_t below = random.below(2) == 0 ? objects / 8 : objects;
    object = {static_cast<std::uint32_t>(random.below(below))};
  }
  return chosen;
}

void touch(benchmark::State& state) {
  constexpr std::uint32_t lines = 128, ways = 4, largest = 8;
  const SurvivalTable survival(lines, ways);
  CacheFootprint cache(survival);
  const std::vector<FootprintId> objects = random_objects(static_cast<std::uint32_t>(state.range(0)));
  std::size_t next = 0;
  std::uint64_t used = 0, missing = 0;
  for (auto _ : state) {
    const std::uint32_t size = 1 + objects[next].value % largest;
    missing += cache.touch(objects[next], size);
    used += size;
    if (++next == objects.size()) next = 0;
  }
  state.counters["miss_ratio"] = static_cast<double>(missing) / static_cast<double>(used);
}
BENCHMARK(touch)->Arg(16)->Arg(64)->Arg(512)->Arg(4096);

}  // namespace
}  // namespace xensim

BENCHMARK_MAIN();
