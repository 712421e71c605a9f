#include "experiments/runner/simulation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <map>
#include <numeric>

#include "core/world.hpp"
#include "experiments/runner/control_script.hpp"
#include "experiments/runner/prober.hpp"
#include "models/host/control.hpp"
#include "models/host/platform.hpp"
#include "models/io/net/switch.hpp"
#include "workloads/clients/client.hpp"
#include "workloads/workload.hpp"

namespace xensim {
namespace {

using enum Statistic::Kind;
const Statistic throughput{"throughput", "s/s", summary,
                           "work of all instances per second; work is time as if alone with warm caches"};
const Statistic work_rate{"work_rate", "s/s", summary, "throughput of one instance"};
const Statistic fairness{"fairness", "1", summary,
                         "Jain's index of the instances' work rates: 1 if equal, 1/n if one has all"};

/// A template's workload and the programs its instances begin with.
struct Instance {
  std::string name;
  SchedulingShare share;
  std::vector<Program> programs;
  bool later = false;  ///< the control script starts it
};

/// Is it among the metrics asked for, by name or prefix?
bool wanted(const std::vector<std::string>& asked, std::string_view name) {
  return asked.empty() || std::any_of(asked.begin(), asked.end(),
                                      [&](const std::string& prefix) { return name.starts_with(prefix); });
}

/// What was reported at one instant, in order, of what was asked for.
class Snapshot final : public StatisticSink {
 public:
  struct Entry {
    std::string path;
    const Statistic* statistic;
    double value;
  };
  explicit Snapshot(const std::vector<std::string>& asked) : asked_(asked) {}
  void value(std::string_view path, const Statistic& statistic, double value) override {
    std::string name = fmt::format("{}{}", path, statistic.name);
    if (wanted(asked_, name)) entries.push_back({std::move(name), &statistic, value});
  }
  [[nodiscard]] bool wants(std::string_view prefix) const override {
    return wanted(asked_, prefix) || std::any_of(asked_.begin(), asked_.end(), [&](const std::string& name) {
             return name.starts_with(prefix);
           });
  }
  std::vector<Entry> entries;
  std::vector<Time> work;  ///< by instance

 private:
  const std::vector<std::string>& asked_;
};

ProcessorShape shape_of(const MachineDescription& machine) {
  const auto lines = [&](Bytes size) {
    return static_cast<std::uint32_t>(std::max<std::int64_t>(1, size.count / machine.line.count));
  };
  return {.clock = machine.clock,
          .line = machine.line,
          .l1_lines = lines(machine.l1),
          .l2_lines = lines(machine.l2),
          .l2_ways = static_cast<std::uint32_t>(machine.l2_ways),
          .tlb_entries = static_cast<std::uint32_t>(machine.dtlb_entries),
          .tlb_tagged = machine.tagged_tlb};
}

std::uint32_t count_instances(const Experiment& experiment) {
  return std::accumulate(experiment.domains.begin(), experiment.domains.end(), std::uint32_t{0},
                         [](std::uint32_t sum, const DomainTemplate& domain) {
                           return sum + static_cast<std::uint32_t>(domain.count);
                         });
}

/// The switch and the machines outside that are attached to it.
class Outside {
 public:
  Outside(const Experiment& experiment, Calendar& calendar)
      : experiment_(experiment),
        network_(calendar, LinkParameters(*experiment.calibration),
                 SwitchParameters(*experiment.calibration)) {}

  [[nodiscard]] Switch& network() { return network_; }
  /// Both last as long as the run.
  void create(const HostContext& host, const Platform& platform) {
    context_ = std::make_unique<ClientContext>(
        ClientContext{.calendar = host.calendar,
                      .network = network_,
                      .calibration = *experiment_.calibration,
                      .address = [&platform](std::uint32_t instance) { return platform.address(instance); },
                      .instances = count_instances(experiment_),
                      .host = &host});
    for (const ClientTemplate& client : experiment_.clients) {
      clients_.push_back(ClientRegistry::instance().create("client", client.behaviour, *context_));
    }
  }
  void start(World& world, std::uint64_t seed) {
    std::uint32_t station = 0;
    for (std::size_t i = 0; i < clients_.size(); ++i) {
      const ClientTemplate& client = experiment_.clients[i];
      for (std::uint32_t number = 0; number < client.count; ++number) {
        const std::string name = fmt::format("{}/{}", client.name, number);
        clients_[i]->start(world, {name, number, station++, RandomStream(seed, name)});
      }
    }
  }
  void measure(Time now) {
    for (const auto& client : clients_) client->measure(now);
  }
  void report(StatisticSink& sink, Time now) const {
    for (std::size_t i = 0; i < clients_.size(); ++i) {
      clients_[i]->report(sink, experiment_.clients[i].name + '/', now);
    }
  }
  [[nodiscard]] std::string audit() const {
    for (const auto& client : clients_) {
      if (std::string fault = client->audit(); !fault.empty()) return fault;
    }
    return {};
  }

 private:
  const Experiment& experiment_;
  Switch network_;
  std::unique_ptr<ClientContext> context_;
  std::vector<std::unique_ptr<Client>> clients_;
};

void report_workloads(const Experiment& experiment, const std::vector<std::unique_ptr<Workload>>& workloads,
                      StatisticSink& sink) {
  for (std::size_t i = 0; i < workloads.size(); ++i) {
    workloads[i]->report(sink, experiment.domains[i].name + '/');
  }
}

/// The operator: starts the instances one after another, lets the host warm up, and notes what it reads
/// before and after the measurement.
class Operator {
 public:
  Operator(const Experiment& experiment, std::vector<Instance>& instances, Platform& platform,
           Outside& outside, std::vector<std::unique_ptr<Prober>>& probers,
           const std::vector<std::unique_ptr<Workload>>& workloads, std::uint64_t seed)
      : before(experiment.measure.metrics),
        after(experiment.measure.metrics),
        workloads_before(experiment.measure.metrics),
        experiment_(experiment),
        instances_(instances),
        platform_(platform),
        outside_(outside),
        probers_(probers),
        workloads_(workloads),
        random_(seed, "operator") {}

  void work(const World& world) {
    Time planned{};
    for (Instance& instance : instances_) {
      if (instance.later) {
        (void)platform_.reserve();
        continue;
      }
      const Time at = planned + random_.between(Time{}, experiment_.operator_plan.jitter);
      World::sleep(std::max(Time{}, at - world.now()));
      platform_.start(std::move(instance.programs), instance.share);
      planned += experiment_.operator_plan.interval;
    }
    started = true;
    while (!platform_.ready()) World::sleep(look_again);
    World::sleep(experiment_.measure.warm_up);
    read(before);
    report_workloads(experiment_, workloads_, workloads_before);
    outside_.measure(world.now());
    for (const auto& prober : probers_) prober->begin(world.now() + experiment_.measure.duration);
    measure(world.now() + experiment_.measure.duration, world);
    read(after);
  }

  static constexpr Time look_again = 10ms;

  bool started = false;  ///< every instance
  Snapshot before, after, workloads_before;
  TimeSeries throughput_series;  ///< since the beginning of the measurement

 private:
  void measure(Time end, const World& world) {
    const Time begin = world.now(), interval = experiment_.measure.sample;
    Time last_work = total_work();
    while (interval > Time{} && world.now() + interval <= end) {
      World::sleep(interval);
      platform_.settle();
      const Time work = total_work();
      throughput_series.add(world.now() - begin, to_seconds(work - last_work) / to_seconds(interval));
      last_work = work;
    }
    World::sleep(end - world.now());
  }

  [[nodiscard]] Time total_work() const {
    Time sum{};
    for (std::uint32_t i = 0; i < instances_.size(); ++i) sum += platform_.work(i);
    return sum;
  }

  void read(Snapshot& snapshot) {
    platform_.settle();
    platform_.report(snapshot, "host0/");
    std::map<std::string, LifeTimes> lives, elapsed;
    for (std::uint32_t i = 0; i < instances_.size(); ++i) {
      snapshot.work.push_back(platform_.work(i));
      const std::string path = instances_[i].name.substr(0, instances_[i].name.find('/') + 1);
      const auto add = [](LifeTimes& sum, const LifeTimes& times) {
        std::ranges::transform(sum, times, sum.begin(), std::plus<>{});
      };
      if (snapshot.wants(path + "life/")) add(lives[path], platform_.times(i));
      if (snapshot.wants(path + "elapsed/")) add(elapsed[path], platform_.elapsed(i));
    }
    for (const auto& [path, times] : lives) report_lives(times, snapshot, path);
    for (const auto& [path, times] : elapsed) report_elapsed(times, snapshot, path);
  }

  const Experiment& experiment_;
  std::vector<Instance>& instances_;
  Platform& platform_;
  Outside& outside_;
  std::vector<std::unique_ptr<Prober>>& probers_;
  const std::vector<std::unique_ptr<Workload>>& workloads_;
  RandomStream random_;
};

/// The operator again, who does what the script says, once all instances are started.
class ScriptedOperator {
 public:
  /// Makes the programs that an instance begins with when it is created again.
  using MakePrograms = std::function<std::vector<Program>(std::uint32_t instance)>;

  ScriptedOperator(const Experiment& experiment, const Operator& starter, Platform& platform,
                   MakePrograms programs)
      : experiment_(experiment), operator_(starter), platform_(platform), programs_(std::move(programs)) {}

  void work(const World& world) {
    for (const ControlStep& step : experiment_.control) {
      World::sleep(std::max(Time{}, step.at - world.now()));
      while (!operator_.started) World::sleep(Operator::look_again);
      if (step.domain.empty()) {
        ask(step, 0);
        continue;
      }
      for (const std::uint32_t instance : named_instances(experiment_.domains, step.domain)) {
        ask(step, instance);
      }
    }
  }

 private:
  void ask(const ControlStep& step, std::uint32_t instance) {
    using enum ControlRequest::Verb;
    static const std::map<std::string, ControlRequest::Verb, std::less<>> verbs{
        {"create", create},
        {"destroy", destroy},
        {"pause", pause},
        {"unpause", unpause},
        {"set_scheduler", set_scheduler},
        {"set_slice", set_slice},
        {"limit_network", limit_network},
        {"connect", connect},
        {"disconnect", disconnect},
        {"add_rules", add_rules},
        {"set_disk", set_disk},
        {"set_memory", set_memory}};
    ControlRequest request{.verb = verbs.at(step.verb), .instance = instance, .share = step.share};
    request.slice = step.slice;
    if (request.verb == limit_network) request.size = step.bytes;
    if (request.verb == set_disk) request.size = step.size;
    if (request.verb == set_memory) request.size = step.memory;
    request.interval = step.interval;
    request.rules = static_cast<std::uint32_t>(step.rules);
    if (request.verb == create) request.programs = programs_(instance);
    platform_.control()->ask(std::move(request));
  }

  const Experiment& experiment_;
  const Operator& operator_;
  Platform& platform_;
  MakePrograms programs_;
};

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

}  // namespace

RunResult simulate(const Experiment& experiment, const SimulationOptions& options) {
  const Calibration& calibration = *experiment.calibration;
  const ProcessorCosts costs(calibration);
  ProcessorShape shape = shape_of(experiment.machine);
  if (experiment.machine.cache_addresses) shape.colouring = RandomStream(options.seed, "colouring").next();
  const SurvivalTable survival(shape.l2_lines, shape.l2_ways);
  Calendar calendar;
  Outside outside(experiment, calendar);
  const HostContext context{.cpus = static_cast<std::uint32_t>(experiment.machine.cpus),
                            .shape = shape,
                            .calibration = calibration,
                            .costs = costs,
                            .survival = survival,
                            .calendar = calendar,
                            .network = experiment.clients.empty() ? nullptr : &outside.network(),
                            .trace = options.trace,
                            .memory = experiment.machine.memory,
                            .audit = options.audit,
                            .strict = options.strict};
  const std::unique_ptr<Platform> platform =
      PlatformRegistry::instance().create("platform", experiment.platform, context);

  const WorkloadContext workload_context{
      .shape = shape, .calibration = calibration, .costs = costs, .explain = options.explain};
  std::vector<std::unique_ptr<Workload>> workloads;
  std::vector<Instance> instances;
  const std::vector<bool> later = created_later(experiment);
  for (const DomainTemplate& domain : experiment.domains) {
    workloads.push_back(WorkloadRegistry::instance().create("workload", domain.workload, workload_context));
    for (std::uint32_t i = 0; i < domain.count; ++i) {
      const std::string name = fmt::format("{}/{}", domain.name, i);
      RandomStream random(options.seed, name);
      const bool is_later = later[instances.size()];
      std::vector<Program> programs;
      if (!is_later) programs = workloads.back()->programs(i, random);
      instances.push_back({name, domain.share, std::move(programs), is_later});
    }
  }
  std::vector<std::unique_ptr<Prober>> probers;
  for (const ProbePlan& plan : experiment.probes) {
    const RandomStream random(options.seed, fmt::format("probe/{}/{}", probers.size(), plan.domain));
    probers.push_back(std::make_unique<Prober>(plan, named_instances(experiment.domains, plan.domain),
                                               *platform, calendar, random));
  }

  outside.create(context, *platform);
  World world;
  world.add_host("host0", calendar);
  Operator the_operator(experiment, instances, *platform, outside, probers, workloads, options.seed);
  world.add_actor("operator", [&] { the_operator.work(world); });
  outside.start(world, options.seed);
  std::uint64_t created = 0;
  ScriptedOperator scripted(experiment, the_operator, *platform, [&](std::uint32_t instance) {
    const std::string& name = instances[instance].name;
    RandomStream random(options.seed, fmt::format("{}/created {}", name, created++));
    const auto number = static_cast<std::uint32_t>(std::stoul(name.substr(name.find('/') + 1)));
    const auto domain =
        std::ranges::find(experiment.domains, name.substr(0, name.find('/')), &DomainTemplate::name);
    return workloads[static_cast<std::size_t>(domain - experiment.domains.begin())]->programs(number, random);
  });
  if (!experiment.control.empty()) world.add_actor("script", [&] { scripted.work(world); });
  world.run();
  for (const std::string& fault : {platform->audit(), outside.audit()}) {
    if (!fault.empty()) throw SimulationError(fault);
  }

  RunResult result;
  add_work(experiment, instances, the_operator.before, the_operator.after, result);
  const auto& before = the_operator.before.entries;
  const auto& after = the_operator.after.entries;
  // What came into being during the measurement began at zero; the order is the same.
  auto earlier = before.begin();
  for (const Snapshot::Entry& entry : after) {
    const bool known = earlier != before.end() && earlier->path == entry.path;
    const double start = known && entry.statistic->kind == Statistic::Kind::counter ? earlier->value : 0;
    if (known) ++earlier;
    result.metrics.push_back({entry.path, std::string(entry.statistic->unit), entry.value - start});
  }
  // An explanation is asked for by itself, not by the names of its parts.
  static const std::vector<std::string> everything;
  Snapshot measured(options.explain ? everything : experiment.measure.metrics);
  report_workloads(experiment, workloads, measured);
  // Most of what programs measure is of their whole run; what they count is of the measurement.
  for (Snapshot::Entry& entry : measured.entries) {
    if (entry.statistic->kind != Statistic::Kind::counter) continue;
    const auto& start = the_operator.workloads_before.entries;
    const auto known = std::ranges::find(start, entry.path, &Snapshot::Entry::path);
    if (known != start.end()) entry.value -= known->value;
  }
  outside.report(measured, world.now());
  for (const auto& prober : probers) prober->report(measured);
  for (const Snapshot::Entry& entry : measured.entries) {
    result.metrics.push_back({entry.path, std::string(entry.statistic->unit), entry.value});
  }
  if (!the_operator.throughput_series.samples.empty()) {
    result.series.emplace_back(throughput.name, std::move(the_operator.throughput_series));
  }
  result.simulated_s = to_seconds(world.now());
  result.events = calendar.dispatched();
  return result;
}

}  // namespace xensim
