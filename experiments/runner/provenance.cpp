#include "experiments/runner/provenance.hpp"

#include <fmt/format.h>

#include <string>

#include "core/json.hpp"
#include "experiments/runner/host_needs.hpp"
#include "experiments/runner/source_identity.hpp"
#include "models/cpu/calibration.hpp"
#include "results/atomic_file.hpp"
#include "results/fingerprint.hpp"

namespace xensim {
namespace {

/// Everything that the results of any run depend on, but for the program.
std::string inputs(const std::vector<Run>& runs) {
  Fingerprint all;
  HostNeeds needs;
  const Experiment* before = nullptr;
  const Calibration* added = nullptr;  // most points share theirs
  for (const Run& run : runs) {
    if (!run.experiment || run.experiment.get() == before) continue;  // another replication
    before = run.experiment.get();
    const Experiment& experiment = *run.experiment;
    all.add(experiment.document->dump());
    for (const std::string& name : experiment.calibration->names()) {
      if (experiment.calibration.get() == added) break;
      all.add(fmt::format("{} {}", name, experiment.calibration->value(name)));
    }
    added = experiment.calibration.get();
    for (const std::string& file : needs.files(experiment)) all.add(read_file(file).value_or(""));
  }
  return all.hexadecimal();
}

}  // namespace

Provenance provenance_of(const ExperimentFile& file, const std::vector<Run>& runs, bool audited) {
  Provenance provenance{.version = XENSIM_VERSION,
                        .sources = std::string(source_identity()),
                        .configuration = file.document,
                        .resolved = {},
                        .constants = Json::object(),
                        .inputs = inputs(runs),
                        .seed = 1,
                        .audited = audited,
                        .runs = {}};
  if (file.document.is_object() && file.document.contains("seed")) {
    provenance.seed = file.document["seed"].get<std::uint64_t>();
  }
  if (!runs.empty() && runs.front().experiment) {
    const Experiment& first = *runs.front().experiment;
    provenance.resolved = *first.document;
    for (const std::string& name : first.calibration->names()) {
      provenance.constants[name] = first.calibration->value(name);
    }
  }
  for (const Run& run : runs) provenance.runs.push_back({run.point, run.replication});
  return provenance;
}

}  // namespace xensim
