/// Whole hosts: simulated time over wall time, cost of an event and memory by the number of domains.
///
/// `domains/N`: N computing domains on two processors under bvt-xen1 with 5 ms slices, 10 simulated seconds
/// after the last start. Counters: `sim_per_wall`; `ns_per_event`; `bytes_per_domain`, the live heap at the
/// peak of the run, less that of a host without domains, by domain.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>

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

void domains(benchmark::State& state) {
  const Experiment experiment = host_with(state.range(0));
  double simulated = 0, events = 0;
  const auto start = std::chrono::steady_clock::now();
  for (auto _ : state) {
    const RunResult result = simulate(experiment);
    simulated += result.simulated_s;
    events += static_cast<double>(result.events);
  }
  const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  state.counters["sim_per_wall"] = simulated / wall;
  state.counters["ns_per_event"] = wall * 1e9 / events;
  if (state.range(0) > 1) {
    state.counters["bytes_per_domain"] =
        static_cast<double>(heap_peak(state.range(0)) - heap_peak(0)) / static_cast<double>(state.range(0));
  }
}
BENCHMARK(domains)->Arg(1)->Arg(100)->Arg(128)->Arg(1000)->Arg(10000)->Unit(benchmark::kMillisecond);

void native_processes(benchmark::State& state) {
  const Experiment experiment = host_with(state.range(0), R"({"name": "native"})");
  double simulated = 0;
  const auto start = std::chrono::steady_clock::now();
  for (auto _ : state) simulated += simulate(experiment).simulated_s;
  const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  state.counters["sim_per_wall"] = simulated / wall;
}
BENCHMARK(native_processes)->Arg(128)->Unit(benchmark::kMillisecond);

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
