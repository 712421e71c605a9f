#include "experiments/runner/trace_plan.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "experiments/runner/demand.hpp"
#include "experiments/runner/host_needs.hpp"
#include "results/atomic_file.hpp"
#include "results/traces/trace_file.hpp"

namespace xensim {

Bytes check_trace(const std::string& request, const std::vector<Run>& runs) {
  const TraceRequest asked = parse_trace_request(request);
  if (runs.size() != 1) {
    throw InputError({.path = "--trace"}, fmt::format("{} runs", runs.size()),
                     "exactly one run to trace: choose its point with --set and use --replications 1");
  }
  const std::unique_ptr<TraceFile> trace = open_trace(asked);
  check_writable(asked.file);
  const Experiment& experiment = *runs.front().experiment;
  const auto needs = HostNeeds{}.of(experiment);
  if (!needs) return {};
  const TracedHost host{static_cast<std::uint32_t>(experiment.machine.cpus), needs->vcpus(),
                        needs->interfaces()};
  trace->check(host);
  constexpr double most = 1e18;  // no overflow, and more than any computer has
  const double seconds = to_seconds(demand_of(runs).simulated);
  const auto per_second = static_cast<double>(trace->memory_per_second(host).count);
  return {static_cast<std::int64_t>(std::min(most, seconds * per_second))};
}

}  // namespace xensim
