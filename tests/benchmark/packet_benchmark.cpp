/// Wall time for a packet of a TCP transfer, everything in it simulated: both kernels' protocols, NICs,
/// switch. Making the machines is in it, too, less than a tenth.
///
/// Counters: `ns_per_packet`, of one frame with data and its share of acknowledgements; `packets` of a run.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <chrono>
#include <string_view>

#include "core/json.hpp"
#include "experiments/runner/simulation.hpp"

namespace xensim {
namespace {

constexpr std::int64_t segment = 1448, amount = 200 << 20;

std::string ttcp(std::string_view role, std::string_view peer) {
  return fmt::format(R"({{"name": "ttcp", "role": "{}", "bytes": "200 MiB", "peer": "{}"}})", role, peer);
}

Experiment with(std::string_view platform, const std::string& domains, const std::string& clients) {
  return interpret(Json::parse(fmt::format(
      R"({{"name": "packets", "machine": "dell2650", "platform": "{}", "domains": [{}], "clients": [{}],
           "measure": {{"warm_up": "0 s", "duration": "4 s", "metrics": ["a/ttcp"]}}}})",
      platform, domains, clients)));
}

std::string domain(std::string_view name, const std::string& workload) {
  return fmt::format(R"({{"name": "{}", "workload": {}}})", name, workload);
}

std::string machine(const std::string& workload) {
  return fmt::format(R"({{"name": "peer", "behaviour": {{"name": "machine", "workload": {}}}}})", workload);
}

/// Between the host and a whole machine outside. `role` and `address` are the host's.
Experiment outside(std::string_view platform, bool sends, std::string_view address) {
  return with(platform, domain("a", ttcp(sends ? "send" : "receive", "10.128.0.1")),
              machine(ttcp(sends ? "receive" : "send", address)));
}

void run(benchmark::State& state, const Experiment& experiment) {
  std::int64_t bytes = 0;
  const auto start = std::chrono::steady_clock::now();
  for (auto _ : state) {
    for (const Metric& metric : simulate(experiment).metrics) {
      if (metric.name == "a/ttcp_bytes") bytes += static_cast<std::int64_t>(metric.value);
    }
  }
  const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - start;
  if (bytes != amount * state.iterations()) state.SkipWithError("the transfer is not complete");
  state.counters["ns_per_packet"] = time.count() * static_cast<double>(segment) / static_cast<double>(bytes);
  state.counters["packets"] = static_cast<double>(amount / segment);
}

void native_receive(benchmark::State& state) { run(state, outside("native", false, "10.0.0.1")); }
void native_send(benchmark::State& state) { run(state, outside("native", true, "10.0.0.1")); }
/// Each packet's page is exchanged for a posted one.
void xen_receive(benchmark::State& state) { run(state, outside("xen", false, "10.0.0.2")); }
void xen_send(benchmark::State& state) { run(state, outside("xen", true, "10.0.0.2")); }
/// Between two domains, copied by the monitor; the machine outside idles.
void xen_local(benchmark::State& state) {
  run(state,
      with("xen", domain("a", ttcp("receive", "10.0.0.3")) + "," + domain("b", ttcp("send", "10.0.0.2")),
           machine("\"idle\"")));
}

BENCHMARK(native_receive)->Unit(benchmark::kMillisecond);
BENCHMARK(native_send)->Unit(benchmark::kMillisecond);
BENCHMARK(xen_receive)->Unit(benchmark::kMillisecond);
BENCHMARK(xen_send)->Unit(benchmark::kMillisecond);
BENCHMARK(xen_local)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace xensim

BENCHMARK_MAIN();
