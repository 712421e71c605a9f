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
  const auto per_second = static_cast<double>(trace->size_per_second(host).count);
  return {static_cast<std::int64_t>(std::min(most, seconds * per_second))};
}

void check_space(const Demand& demand, Bytes free) {
  if (demand.trace <= free) return;
  constexpr double gibibyte = 1 << 30;
  throw InputError(
      {.path = "--trace"},
      fmt::format("a need of at least {:.1f} GiB of disk",
                  static_cast<double>(demand.trace.count) / gibibyte),
      fmt::format("at most {:.1f} GiB, which are free there", static_cast<double>(free.count) / gibibyte));
}

Bytes free_space(const std::string& request) {
  const std::filesystem::path file = parse_trace_request(request).file;
  const std::filesystem::path parent = file.has_parent_path() ? file.parent_path() : ".";
  std::error_code unknown;
  const std::filesystem::space_info space = std::filesystem::space(parent, unknown);
  constexpr auto most = std::uintmax_t{INT64_MAX};
  return {static_cast<std::int64_t>(unknown ? most : std::min(space.available, most))};
}

}  // namespace xensim
