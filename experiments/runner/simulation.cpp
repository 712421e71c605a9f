#include "experiments/runner/simulation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/error.hpp"
#include "core/world.hpp"
#include "experiments/runner/control_script.hpp"
#include "experiments/runner/operator.hpp"
#include "experiments/runner/outside.hpp"
#include "experiments/runner/prober.hpp"
#include "experiments/runner/snapshot.hpp"
#include "models/host/monitor/control.hpp"
#include "models/host/platform.hpp"
#include "workloads/workload.hpp"

namespace xensim {
namespace {

using enum Statistic::Kind;
const Statistic throughput{"throughput", "s/s", summary,
                           "work of all instances per second; work is time as if alone with warm caches"};
const Statistic work_rate{"work_rate", "s/s", summary, "throughput of one instance"};
const Statistic fairness{"fairness", "1", summary,
                         "Jain's index of the instances' work rates: 1 if equal, 1/n if one has all"};

/// Work per second, overall, by template and by instance.
void add_work(const Experiment& experiment, const std::vector<Instance>& instances, const Snapshot& before,
              const Snapshot& after, RunResult& result) {
  const double seconds = to_seconds(experiment.measure.duration);
  double sum = 0, squares = 0;
  std::map<std::string, double> by_template;
  std::vector<Metric> by_instance;
  for (std::size_t i = 0; i < instances.size(); ++i) {
    const double rate = to_seconds(after.work[i] - before.work[i]) / seconds;
    sum += rate;
    squares += rate * rate;
    const std::string& name = instances[i].name;
    by_template[name.substr(0, name.find('/'))] += rate;
    by_instance.push_back({fmt::format("{}/{}", name, work_rate.name), "s/s", rate});
  }
  const auto add = [&](Metric metric) {
    if (wanted(experiment.measure.metrics, metric.name)) result.metrics.push_back(std::move(metric));
  };
  add({std::string(throughput.name), "s/s", sum});
  if (squares > 0) {
    const auto count = static_cast<double>(instances.size());
    add({std::string(fairness.name), "1", sum * sum / (count * squares)});
  }
  for (const auto& [name, rate] : by_template)
    add({fmt::format("{}/{}", name, throughput.name), "s/s", rate});
  for (Metric& metric : by_instance) add(std::move(metric));
}

/// Takes off counters what they had when the measurement began. What came into being since then began at
/// zero; what is gone by then (a domain that was destroyed) is in the earlier entries only.
void take_off(std::vector<Snapshot::Entry>& entries, const std::vector<Snapshot::Entry>& earlier) {
  const auto counts = [](const Snapshot::Entry& entry) {
    return entry.statistic->kind == Statistic::Kind::counter;
  };
  std::map<std::string_view, double> start;
  for (const Snapshot::Entry& entry : earlier) {
    if (counts(entry)) start.emplace(entry.path, entry.value);
  }
  for (Snapshot::Entry& entry : entries) {
    if (!counts(entry)) continue;
    if (const auto known = start.find(entry.path); known != start.end()) entry.value -= known->second;
  }
}

void add(const std::vector<Snapshot::Entry>& entries, RunResult& result) {
  for (const Snapshot::Entry& entry : entries) {
    result.metrics.push_back({entry.path, std::string(entry.statistic->unit), entry.value});
  }
}

using Workloads = std::vector<std::unique_ptr<Workload>>;  // in the order of the templates

/// All instances, with the programs of those that begin with the run.
std::vector<Instance> instances_of(const Experiment& experiment, const Workloads& workloads,
                                   std::uint64_t seed) {
  std::vector<Instance> instances;
  const std::vector<bool> later = created_later(experiment);
  for (std::size_t kind = 0; kind < workloads.size(); ++kind) {
    const DomainTemplate& domain = experiment.domains[kind];
    for (std::uint32_t i = 0; i < domain.count; ++i) {
      const std::string name = fmt::format("{}/{}", domain.name, i);
      RandomStream random(seed, name);
      const bool is_later = later[instances.size()];
      std::vector<Program> programs;
      if (!is_later) programs = workloads[kind]->programs(i, random);
      instances.push_back({name, domain.share, std::move(programs), is_later});
    }
  }
  return instances;
}

/// The programs of an instance that is created while the experiment runs.
std::vector<Program> programs_of(const Experiment& experiment, const Workloads& workloads,
                                 const std::string& instance, RandomStream random) {
  const std::size_t slash = instance.find('/');
  const auto domain = std::ranges::find(experiment.domains, instance.substr(0, slash), &DomainTemplate::name);
  const auto number = static_cast<std::uint32_t>(std::stoul(instance.substr(slash + 1)));
  return workloads[static_cast<std::size_t>(domain - experiment.domains.begin())]->programs(number, random);
}

std::vector<std::unique_ptr<Prober>> probers_of(const Experiment& experiment, Platform& platform,
                                                Calendar& calendar, std::uint64_t seed) {
  std::vector<std::unique_ptr<Prober>> probers;
  for (const ProbePlan& plan : experiment.probes) {
    const RandomStream random(seed, fmt::format("probe/{}/{}", probers.size(), plan.domain));
    probers.push_back(std::make_unique<Prober>(plan, named_instances(experiment.domains, plan.domain),
                                               platform, calendar, random));
  }
  return probers;
}

/// Throws SimulationError for what a finished run must not leave behind.
void check(const Platform& platform, const Outside& outside, const std::vector<Instance>& instances) {
  for (const std::string& fault : {platform.audit(), outside.audit()}) {
    if (!fault.empty()) throw SimulationError(fault);
  }
  for (std::uint32_t i = 0; i < instances.size(); ++i) {
    const std::string waits = platform.deadlock(i);
    if (!waits.empty())
      throw SimulationError(fmt::format("{} can never go on: {}", instances[i].name, waits));
  }
}

}  // namespace

RunResult simulate(const Experiment& experiment, const SimulationOptions& options) {
  const Calibration& calibration = *experiment.calibration;
  const ProcessorCosts costs(calibration);
  ProcessorShape shape = shape_of(experiment.machine);
  if (experiment.machine.cache_addresses) shape.colouring = RandomStream(options.seed, "colouring").next();
  const SurvivalTable survival(shape.l2_lines, shape.l2_ways);
  const WorkloadContext workload_context{
      .shape = shape, .calibration = calibration, .costs = costs, .explain = options.explain};
  Workloads workloads;
  WorkloadNeeds needs{.system_calls = false};
  for (const DomainTemplate& domain : experiment.domains) {
    workloads.push_back(WorkloadRegistry::instance().create("workload", domain.workload, workload_context));
    if (domain.count > 0) needs.add(workloads.back()->needs());
  }
  const bool network = needs.network || !experiment.clients.empty();

  Calendar calendar;
  Outside outside(experiment, calendar);
  const HostContext context{.cpus = static_cast<std::uint32_t>(experiment.machine.cpus),
                            .shape = shape,
                            .calibration = calibration,
                            .costs = costs,
                            .survival = survival,
                            .calendar = calendar,
                            .network = network ? &outside.network() : nullptr,
                            .trace = options.trace,
                            .memory = experiment.machine.memory,
                            .audit = options.audit,
                            .strict = options.strict,
                            .seed = options.seed};
  const std::unique_ptr<Platform> platform =
      PlatformRegistry::instance().create("platform", experiment.platform, context);

  std::vector<Instance> instances = instances_of(experiment, workloads, options.seed);
  if (options.trace != nullptr) {
    std::vector<std::string> names;
    for (const Instance& instance : instances) names.push_back(instance.name);
    options.trace->begin([&calendar] { return calendar.now(); }, names);
  }
  const auto probers = probers_of(experiment, *platform, calendar, options.seed);

  outside.create(context, *platform);
  World world;
  world.add_host("host0", calendar);
  Operator the_operator(experiment, instances, *platform, outside, probers, workloads, options.seed);
  world.add_actor("operator", [&] { the_operator.work(world); });
  outside.start(world, options.seed);
  std::uint64_t created = 0;
  ScriptedOperator scripted(experiment, the_operator, *platform, [&](std::uint32_t instance) {
    const std::string stream = fmt::format("{}/created {}", instances[instance].name, created++);
    return programs_of(experiment, workloads, instances[instance].name, RandomStream(options.seed, stream));
  });
  if (!experiment.control.empty()) world.add_actor("script", [&] { scripted.work(world); });
  world.run();
  if (options.trace != nullptr) options.trace->end(world.now());
  check(*platform, outside, instances);

  RunResult result;
  add_work(experiment, instances, the_operator.before, the_operator.after, result);
  take_off(the_operator.after.entries, the_operator.before.entries);
  add(the_operator.after.entries, result);
  // An explanation is asked for by itself, not by the names of its parts.
  static const std::vector<std::string> everything;
  Snapshot measured(options.explain ? everything : experiment.measure.metrics);
  report_workloads(experiment, workloads, measured);
  // Most of what programs measure is of their whole run; what they count is of the measurement.
  take_off(measured.entries, the_operator.workloads_before.entries);
  outside.report(measured, world.now());
  for (const auto& prober : probers) prober->report(measured);
  add(measured.entries, result);
  result.series = std::move(the_operator.series);
  result.simulated_s = to_seconds(world.now());
  result.events = calendar.dispatched();
  result.audited = options.audit;
  if (const ControlPlane* control = platform->control()) result.refused = control->refused();
  return result;
}

}  // namespace xensim
