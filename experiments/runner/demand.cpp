#include "experiments/runner/demand.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "experiments/runner/host_needs.hpp"

namespace xensim {
namespace {

// Measured: the program and its constants; what an instance has of its own besides what its platform keeps.
constexpr std::int64_t bytes_per_run = std::int64_t{30} << 20;
constexpr std::int64_t bytes_per_instance = 4096;

std::string in_words(double seconds) {
  if (seconds >= 2 * 86400) return fmt::format("{:.1f} days", seconds / 86400);
  if (seconds >= 2 * 3600) return fmt::format("{:.1f} h", seconds / 3600);
  return fmt::format("{:.4g} s", seconds);
}

void add_once(std::vector<std::string>& remarks, std::string remark) {
  if (std::ranges::find(remarks, remark) == remarks.end()) remarks.push_back(std::move(remark));
}

/// Another machine has many constants: the first tell enough.
void add_shortened(std::vector<std::string>& remarks, const std::vector<std::string>& constants) {
  constexpr std::size_t most = 5;
  const std::size_t shown = std::min(most, constants.size());
  for (std::size_t i = 0; i < shown; ++i) remarks.push_back(constants[i]);
  if (const std::size_t others = constants.size() - shown; others > 0) {
    remarks.push_back(fmt::format("so {} {} other {}", others == 1 ? "is" : "are", others,
                                  others == 1 ? "constant" : "constants"));
  }
}

double gibibytes(Bytes bytes) { return static_cast<double>(bytes.count) / (1 << 30); }

}  // namespace

Demand demand_of(const std::vector<Run>& runs) {
  Demand demand{.runs = runs.size(), .at_most = false, .most_instances = 0, .simulated = {}, .memory = {}};
  HostNeeds needs;
  const Experiment* before = nullptr;
  std::vector<std::string> unusual;  // constants
  for (const Run& run : runs) {
    if (run.experiment.get() == before) continue;  // another replication
    before = run.experiment.get();
    const Experiment& experiment = *run.experiment;
    std::int64_t instances = 0;
    for (const DomainTemplate& domain : experiment.domains) instances += domain.count;
    // No overflow: what the starts and the measurement need together was checked to fit.
    const Time simulated = instances * experiment.operator_plan.interval + experiment.operator_plan.jitter +
                           experiment.measure.warm_up + experiment.measure.duration;
    demand.most_instances = std::max(demand.most_instances, instances);
    demand.simulated = std::max(demand.simulated, simulated);
    Bytes memory{bytes_per_run + instances * bytes_per_instance};
    if (const auto host = needs.of(experiment)) memory.count += host->simulator_memory().count;
    demand.memory = std::max(demand.memory, memory);
    for (std::string& remark : needs.remarks(experiment)) add_once(demand.remarks, std::move(remark));
    for (const std::string& remark : experiment.calibration->out_of_range()) add_once(unusual, remark);
  }
  add_shortened(demand.remarks, unusual);
  return demand;
}

std::string describe(const Demand& demand) {
  const auto mebibytes = [](Bytes bytes) { return (bytes.count + (1 << 20) - 1) >> 20; };
  return fmt::format("{}{} {} of up to {} simulated time and {} {}, about {} MiB each{}",
                     demand.at_most ? "at most " : "", demand.runs, demand.runs == 1 ? "run" : "runs",
                     in_words(to_seconds(demand.simulated)), demand.most_instances,
                     demand.most_instances == 1 ? "instance" : "instances", mebibytes(demand.memory),
                     demand.trace.count == 0
                         ? ""
                         : fmt::format(", and at least {} MiB of disk for traces", mebibytes(demand.trace)));
}

void check_memory(const Demand& demand, unsigned jobs, Bytes available) {
  const auto at_a_time = static_cast<std::int64_t>(std::min<std::size_t>(std::max(jobs, 1U), demand.runs));
  const Bytes needed{demand.memory.count * at_a_time};
  if (needed <= available) return;
  throw InputError({},
                   fmt::format("found a need of about {:.1f} GiB of memory: {}, {} at a time",
                               gibibytes(needed), describe(demand), at_a_time),
                   fmt::format("at most {:.1f} GiB, which this computer has", gibibytes(available)));
}

Bytes installed_memory() {
  return {static_cast<std::int64_t>(sysconf(_SC_PHYS_PAGES)) *
          static_cast<std::int64_t>(sysconf(_SC_PAGESIZE))};
}

}  // namespace xensim
