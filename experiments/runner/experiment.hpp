/// The experiment file: what it may contain, read and checked.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/config.hpp"
#include "core/json.hpp"
#include "core/time.hpp"
#include "models/cpu/calibration.hpp"
#include "models/cpu/schedulers/scheduler.hpp"
#include "models/host/machine.hpp"
#include "models/host/monitor/control_verb.hpp"

namespace xensim {

/// `count` alike instances: one domain each on a monitor, one process group each on a native kernel.
struct DomainTemplate {
  std::string name;
  std::int64_t count = 1;  ///< 0 to 1,000,000
  SchedulingShare share;   ///< as share_table() of format.hpp has it
  Config workload;         ///< a name or an object with "name"; checked against the registry
};

/// `count` alike machines outside, each with a link to the switch that the host is attached to.
struct ClientTemplate {
  std::string name;
  std::int64_t count = 1;  ///< 0 to 10,000
  Config behaviour;        ///< a name or an object with "name"; checked against the registry
};

/// The operator outside starts the instances one after another.
struct OperatorPlan {
  Time interval = 100ms;  ///< between two starts
  Time jitter{};          ///< each start is later by a uniform time in [0, jitter]
};

/// What is measured, and when: `duration` beginning `warm_up` after the last start.
struct MeasurePlan {
  Time warm_up = 1s;
  Time duration = 10s;
  Time sample{};                                  ///< series have one sample each such time; 0: no series
  std::vector<std::string> series{"throughput"};  ///< names or prefixes, of throughputs and work rates
  std::vector<std::string> metrics;               ///< names or prefixes; empty: all
};

/// Somebody outside sends an event to a domain, as a packet would come, now and then during the measurement,
/// and notes how long the answer takes. The instances of the template get theirs in turn.
struct ProbePlan {
  std::string domain;  ///< a template
  Time interval = 1s;  ///< between two probes
  Time jitter{};       ///< each is later by a uniform time in [0, jitter]
};

/// Something that the operator has domain 0 do.
struct ControlStep {
  Time at{};               ///< since the beginning of the run
  std::string command;     ///< "do"
  ControlVerb verb{};      ///< that it names
  std::string domain;      ///< a template: all its instances; TEMPLATE/NUMBER: one of them
  Time slice = 5ms;        ///< of set_slice
  Bytes bytes{};           ///< of limit_network
  Time interval = 50ms;    ///< of limit_network
  std::int64_t rules = 1;  ///< of add_rules
  Bytes size{};            ///< of set_disk
  Bytes memory{};          ///< of set_memory
  SchedulingShare share;   ///< of set_scheduler: what is not named stays as the template has it
};

/// One experiment without its sweep: what a single run executes.
struct Experiment {
  std::string name;
  std::uint64_t seed = 1;
  std::int64_t replications = 1;
  MachineDescription machine;
  Config platform;  ///< a name or an object with "name" and the platform's parameters
  std::vector<DomainTemplate> domains;
  std::vector<ClientTemplate> clients;  ///< none: the host has no network
  OperatorPlan operator_plan;
  std::vector<ControlStep> control;  ///< in order of time
  std::vector<ProbePlan> probes;
  MeasurePlan measure;
  std::shared_ptr<const Calibration> calibration;  ///< the machine's, with the file's "constants" put in
  std::shared_ptr<const Json> document;            ///< keeps alive what the Configs above point into
};

/// A file as read, with the lines of its JSON paths. The value may be changed (`--set`, sweeps)
/// before it is interpreted.
struct ExperimentFile {
  Json document;
  std::shared_ptr<const ConfigSource> source;
};

/// Reads JSON. Throws InputError with file, line and column when it is no JSON, and when it cannot be
/// read.
[[nodiscard]] ExperimentFile read_experiment_file(const std::filesystem::path& path);

/// The calibration files of machines, each read once.
class Calibrations {
 public:
  /// Throws InputError if there is no such file or it is none.
  [[nodiscard]] std::shared_ptr<const Calibration> of(const std::string& machine);

 private:
  std::map<std::string, std::shared_ptr<const Calibration>> of_machine_;
};

/// Checks everything that can be checked without running; throws InputError at the first fault.
/// `document` must have no sweep left to expand (see expansion.hpp).
[[nodiscard]] Experiment interpret(Json document, std::shared_ptr<const ConfigSource> source = nullptr);
/// As above, many times over.
[[nodiscard]] Experiment interpret(Json document, std::shared_ptr<const ConfigSource> source,
                                   Calibrations& calibrations);

/// Sets the value at `path` (`domains[0].count`, `platform.scheduler.ctx_allow`), which must be one that the
/// format knows; otherwise throws InputError with the nearest valid path. Objects on the way are made where
/// they are missing, and a name on the way becomes the object it stands for.
void set_path(Json& document, std::string_view path, Json value, const Where& where = {});

/// The published JSON Schema of experiment files, generated from the declarations.
[[nodiscard]] Json experiment_schema();

/// The directory that holds `experiments/` and `results/published/` ($XENSIM_HOME or where it was built).
[[nodiscard]] std::filesystem::path home_directory();

}  // namespace xensim
