/// The sections of an experiment file, each key declared once.
#pragma once

#include <string>
#include <vector>

#include "core/json.hpp"
#include "core/parameter.hpp"
#include "experiments/runner/experiment.hpp"
#include "results/precision.hpp"

namespace xensim {

/// The scalars at the top of the file.
struct Head {
  std::string name, title, description, source;
  std::int64_t replications = 1;
  std::uint64_t seed = 1;
};

[[nodiscard]] const ParameterTable<Head>& head_table();
[[nodiscard]] const ParameterTable<DomainTemplate>& domain_table();
[[nodiscard]] const ParameterTable<ClientTemplate>& client_table();
[[nodiscard]] const ParameterTable<SchedulingShare>& share_table();
[[nodiscard]] const ParameterTable<OperatorPlan>& operator_table();
[[nodiscard]] const ParameterTable<MeasurePlan>& measure_table();
[[nodiscard]] const ParameterTable<Precision>& precision_table();
[[nodiscard]] const ParameterTable<ProbePlan>& probe_table();
[[nodiscard]] const ParameterTable<ControlStep>& control_table();

/// The keys at the top that hold more than a scalar.
[[nodiscard]] const std::vector<std::string>& section_keys();

/// As the public `set_path`, with the schema at hand: for many calls.
void set_path(Json& document, const Json& schema, std::string_view path, Json value, const Where& where);

/// The machines that stand in experiments/machines, and the description of one of them.
[[nodiscard]] std::vector<std::string> machine_names();
[[nodiscard]] MachineDescription named_machine(const std::string& name);

}  // namespace xensim
