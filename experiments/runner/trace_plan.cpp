#include "experiments/runner/trace_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>

#include "core/error.hpp"
#include "experiments/runner/demand.hpp"
#include "experiments/runner/host_needs.hpp"
#include "results/atomic_file.hpp"
#include "results/traces/trace_file.hpp"

namespace xensim {

Bytes check_traces(const std::vector<std::string>& requests, const std::vector<Run>& runs) {
  std::set<std::filesystem::path> files;
  double bytes = 0;
  for (const std::string& request : requests) {
    const TraceRequest asked = parse_trace_request(request);
    if (runs.size() != 1) {
      throw InputError(
          {.path = "--trace"}, fmt::format("{} runs", runs.size()),
          "exactly one run to trace: choose its point with --only or --set, and use --replications 1 or "
          "--only replication=N");
    }
    if (!files.insert(asked.file.lexically_normal()).second) {
      throw InputError({.path = "--trace"}, fmt::format("two traces in {}", asked.file.string()),
                       "a file for each");
    }
    const std::unique_ptr<TraceFile> trace = open_trace(asked);
    check_writable(asked.file);
    const Experiment& experiment = *runs.front().experiment;
    const Time whole = demand_of(runs).simulated;
    if (asked.window.begin >= whole) {
      throw InputError({.path = "--trace"}, fmt::format("a trace from {} on", format(asked.window.begin)),
                       fmt::format("a time before {}, where the run ends", format(whole)));
    }
    const auto needs = HostNeeds{}.of(experiment);
    if (!needs) continue;
    const TracedHost host{static_cast<std::uint32_t>(experiment.machine.cpus), needs->vcpus(),
                          needs->interfaces()};
    trace->check(host);
    const Time traced = std::min(whole, asked.window.end) - asked.window.begin;
    bytes += to_seconds(traced) * static_cast<double>(trace->size_per_second(host).count);
  }
  constexpr double most = 1e18;  // no overflow, and more than any computer has
  return {static_cast<std::int64_t>(std::min(most, bytes))};
}

void check_space(const Demand& demand, Bytes free) {
  if (demand.trace <= free) return;
  constexpr std::int64_t mebibyte = 1 << 20;
  throw InputError({.path = "--trace"},
                   fmt::format("a need of at least {} MiB of disk", (demand.trace.count - 1) / mebibyte + 1),
                   fmt::format("at most {} MiB, which are free there", free.count / mebibyte));
}

Bytes free_space(const std::vector<std::string>& requests) {
  constexpr Bytes unknown{INT64_MAX};
  if (requests.empty()) return unknown;
  const std::filesystem::path file = parse_trace_request(requests.front()).file;
  const std::filesystem::path parent = file.has_parent_path() ? file.parent_path() : ".";
  std::error_code error;
  const std::filesystem::space_info space = std::filesystem::space(parent, error);
  if (error) return unknown;
  return {static_cast<std::int64_t>(std::min(space.available, std::uintmax_t{INT64_MAX}))};
}

}  // namespace xensim
