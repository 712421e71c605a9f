/// Whole hosts: simulated time over wall time, cost of an event and memory by the number of domains.
///
/// `domains/N`: N computing domains on two processors under bvt-xen1 with 5 ms slices, 10 simulated seconds
/// from the last start on. Counters: `us_to_build` a domain, start included; `ns_per_event` of the 10
/// seconds, without building; `bytes_per_domain`, the live heap at the peak of the run, less that of a host
/// without domains, by domain.
///
/// `simulated_over_wall/N`: the same for 60 seconds, building and all; counter `sim_per_wall`.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>

#include "core/json.hpp"
#include "core/world.hpp"
#include "experiments/runner/simulation.hpp"

namespace xensim {
namespace {

Experiment host_with(std::int64_t domains, const char* platform = R"({"name": "xen"})") {
  return interpret(Json::parse(fmt::format(
      R"({{"name": "host", "machine": "dell2650", "platform": {},
           "domains": [{{"name": "hog", "count": {}, "workload": "cpu_hog"}}],
           "operator": {{"interval": "100 us"}},
           "measure": {{"warm_up": "0 s", "duration": "10 s", "metrics": ["throughput"]}}}})",
      platform, domains)));
}

/// Notes the largest heap seen whenever something is recorded; traces nothing.
class HeapGauge final : public TraceSink {
 public:
  void record(const TraceRecord& record) override {
    if (record.kind == TraceKind::timer_tick) peak = std::max(peak, mallinfo2().uordblks);
  }
  std::size_t peak = 0;
};

std::size_t heap_peak(std::int64_t domains) {
  HeapGauge gauge;
  Experiment experiment = host_with(domains);
  experiment.measure.duration = 100ms;
  SimulationOptions options;
  options.trace = &gauge;
  (void)simulate(experiment, options);
  return gauge.peak;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void domains(benchmark::State& state) {
  const Experiment experiment = host_with(state.range(0));
  Experiment building = host_with(state.range(0));
  building.measure.duration = 1ns;
  double events = 0, to_build = 0;
  const auto start = std::chrono::steady_clock::now();
  for (auto _ : state) {
    events += static_cast<double>(simulate(experiment).events);
    const auto built = std::chrono::steady_clock::now();
    events -= static_cast<double>(simulate(building).events);
    to_build += seconds_since(built);
  }
  const double running = seconds_since(start) - 2 * to_build;  // each run builds too
  const auto runs = static_cast<double>(state.iterations());
  const auto count = static_cast<double>(state.range(0));
  state.counters["ns_per_event"] = running * 1e9 / events;
  state.counters["us_to_build"] = to_build / runs / count * 1e6;
  state.counters["bytes_per_domain"] = static_cast<double>(heap_peak(state.range(0)) - heap_peak(0)) / count;
}
BENCHMARK(domains)->Arg(1)->Arg(100)->Arg(1000)->Arg(10000)->Unit(benchmark::kMillisecond);

void simulated_over_wall(benchmark::State& state, const char* platform) {
  Experiment experiment = host_with(state.range(0), platform);
  experiment.measure.duration = 60s;
  double simulated = 0;
  const auto start = std::chrono::steady_clock::now();
  for (auto _ : state) simulated += simulate(experiment).simulated_s;
  state.counters["sim_per_wall"] = simulated / seconds_since(start);
}
BENCHMARK_CAPTURE(simulated_over_wall, xen, R"({"name": "xen"})")
    ->Arg(1)
    ->Arg(128)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(simulated_over_wall, native, R"({"name": "native"})")
    ->Arg(128)
    ->Unit(benchmark::kMillisecond);

/// The least that a run costs: a world, a host, nothing to do.
void empty_run(benchmark::State& state) {
  Experiment experiment = host_with(0);
  experiment.measure.duration = 1ms;
  for (auto _ : state) benchmark::DoNotOptimize(simulate(experiment));
}
BENCHMARK(empty_run)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace xensim

BENCHMARK_MAIN();
