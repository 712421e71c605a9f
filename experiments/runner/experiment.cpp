#include "experiments/runner/experiment.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/json_source.hpp"
#include "core/parameter_info.hpp"
#include "experiments/runner/catalogue.hpp"
#include "experiments/runner/constant_limits.hpp"
#include "experiments/runner/control_script.hpp"
#include "experiments/runner/format.hpp"
#include "experiments/runner/machine_choice.hpp"
#include "experiments/runner/scheduling_share.hpp"
#include "models/cpu/calibration.hpp"

namespace xensim {
namespace {

constexpr std::int64_t most_instances = 1'000'000;

/// The name becomes a directory's.
void check_name(const Config& config) {
  static constexpr std::string_view allowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
  const std::string name = config.string();
  if (name.empty() || name.size() > 100 || name.front() == '.' ||
      name.find_first_not_of(allowed) != std::string::npos) {
    config.fail(describe(config.json()),
                "up to 100 letters, digits, \"_\", \"-\" and \".\", such as \"figure6\"");
  }
}

/// The name is part of those of metrics, where "/" parts and the machine has one too.
void check_instance_name(const Config& config) {
  check_name(config);
  if (config.string() == "host0") config.fail("\"host0\", which is the machine", "another name");
}

MeasurePlan read_measure(const Config& config) {
  constexpr std::int64_t most_samples = 10'000'000;
  MeasurePlan plan = measure_table().read(config);
  if (plan.sample > Time{} && plan.duration / plan.sample > most_samples) {
    config.at("sample").fail(
        fmt::format("{}, which makes {} samples", format(plan.sample), plan.duration / plan.sample),
        fmt::format("at most {}", most_samples));
  }
  return plan;
}

DomainTemplate read_domain(const Config& config, const std::vector<Variant>& known_workloads,
                           const std::string& scheduler) {
  static const std::vector<std::string> of_share{"name", "count", "workload"};
  static const std::vector<std::string> of_domain = [] {
    std::vector<std::string> keys{"workload"};
    for (const ParameterInfo& share : share_table().describe_all()) keys.push_back(share.name);
    return keys;
  }();
  DomainTemplate domain = domain_table().read(config, of_domain);
  check_instance_name(config.at("name"));
  domain.share = share_table().read(config, of_share);
  check_share(config, domain.share, scheduler);
  domain.workload = config.at("workload");
  check_variant("workload", known_workloads, domain.workload);
  return domain;
}

std::vector<DomainTemplate> read_domains(const Config& list, const std::string& scheduler) {
  list.require_array();
  const std::vector<Variant> known_workloads = workloads();
  std::vector<DomainTemplate> domains;
  std::int64_t instances = 0;
  for (std::size_t i = 0; i < list.size(); ++i) {
    DomainTemplate domain = read_domain(list.at(i), known_workloads, scheduler);
    const auto same = [&](const DomainTemplate& other) { return other.name == domain.name; };
    if (std::ranges::any_of(domains, same)) {
      list.at(i).at("name").fail(fmt::format("a second \"{}\"", domain.name), "names that differ");
    }
    instances += domain.count;
    if (instances > most_instances) {
      list.fail(fmt::format("{} instances in all", instances), fmt::format("at most {}", most_instances));
    }
    domains.push_back(std::move(domain));
  }
  return domains;
}

std::vector<ClientTemplate> read_clients(const Config& list, const std::vector<DomainTemplate>& domains) {
  static const std::vector<std::string> others{"behaviour"};
  list.require_array();
  const std::vector<Variant> known = clients();
  std::vector<ClientTemplate> templates;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Config config = list.at(i);
    ClientTemplate client = client_table().read(config, others);
    check_instance_name(config.at("name"));
    client.behaviour = config.at("behaviour");
    check_variant("client", known, client.behaviour);
    const auto same = [&](const auto& other) { return other.name == client.name; };
    if (std::ranges::any_of(templates, same) || std::ranges::any_of(domains, same)) {
      config.at("name").fail(fmt::format("a second \"{}\"", client.name), "names that differ");
    }
    templates.push_back(std::move(client));
  }
  return templates;
}

void change(std::shared_ptr<const Calibration>& calibration, const Config& constants) {
  calibration = std::make_shared<const Calibration>(calibration->with(constants));
  check_constants(*calibration, constants);
}

/// Integer time ends after 106 days; the end of the run must come before.
void check_end(const Experiment& experiment, const Config& root) {
  double start_s = 0;
  for (const DomainTemplate& domain : experiment.domains) {
    start_s += static_cast<double>(domain.count) * to_seconds(experiment.operator_plan.interval);
  }
  const double end_s = start_s + to_seconds(experiment.operator_plan.jitter) +
                       to_seconds(experiment.measure.warm_up) + to_seconds(experiment.measure.duration);
  for (std::size_t i = 0; i < experiment.control.size(); ++i) {
    if (to_seconds(experiment.control[i].at) <= end_s) continue;
    root.at("control").fail(fmt::format("a step at {}", format(experiment.control[i].at)),
                            fmt::format("none after the end of the run at about {:.1f} s", end_s));
  }
  constexpr double limit_s = 105.0 * 24 * 3600;
  if (end_s > limit_s) {
    root.fail(fmt::format("a run of {:.0f} days", end_s / 86400), "at most 105 days of simulated time");
  }
}

}  // namespace

ExperimentFile read_experiment_file(const std::filesystem::path& path) {
  auto [value, source] = read_json(path);
  return {std::move(value), std::move(source)};
}

std::shared_ptr<const Calibration> Calibrations::of(const std::string& machine) {
  std::shared_ptr<const Calibration>& known = of_machine_[machine];
  if (!known) {
    const auto file = home_directory() / "experiments" / "calibration" / (machine + ".json");
    known = std::make_shared<const Calibration>(read_json(file).value);
  }
  return known;
}

Experiment interpret(Json document, std::shared_ptr<const ConfigSource> source) {
  Calibrations calibrations;
  return interpret(std::move(document), std::move(source), calibrations);
}

Experiment interpret(Json document, std::shared_ptr<const ConfigSource> source, Calibrations& calibrations) {
  Experiment experiment;
  experiment.document = std::make_shared<const Json>(std::move(document));
  const Config root(*experiment.document, std::move(source));
  const Head head = head_table().read(root, section_keys());
  check_name(root.at("name"));
  if (root.has("sweep")) root.at("sweep").fail("a sweep", "a single point of it");
  experiment.name = head.name;
  experiment.seed = head.seed;
  experiment.replications = head.replications;

  const MachineChoice choice = choose_machine(root);
  experiment.machine = choice.machine;
  experiment.platform = root.at("platform");
  check_variant("platform", platforms(), experiment.platform);
  experiment.domains = read_domains(root.at("domains"), scheduler_of(experiment.platform));
  if (root.has("clients")) experiment.clients = read_clients(root.at("clients"), experiment.domains);
  experiment.calibration = calibrations.of(experiment.machine.name);
  if (choice.source) change(experiment.calibration, Config(choice.constants, choice.source, "$.constants"));
  if (root.has("constants")) change(experiment.calibration, root.at("constants"));
  if (root.has("control")) experiment.control = read_control(root, experiment);
  if (root.has("probes")) experiment.probes = read_probes(root.at("probes"), experiment.domains);
  if (root.has("operator")) experiment.operator_plan = operator_table().read(root.at("operator"));
  if (root.has("measure")) experiment.measure = read_measure(root.at("measure"));
  check_end(experiment, root);
  return experiment;
}

}  // namespace xensim
