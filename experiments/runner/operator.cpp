#include "experiments/runner/operator.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "experiments/runner/control_script.hpp"
#include "experiments/runner/sampler.hpp"
#include "models/host/monitor/control.hpp"

namespace xensim {

void report_workloads(const Experiment& experiment, const std::vector<std::unique_ptr<Workload>>& workloads,
                      StatisticSink& sink) {
  for (std::size_t i = 0; i < workloads.size(); ++i) {
    workloads[i]->report(sink, experiment.domains[i].name + '/');
  }
}

Operator::Operator(const Experiment& experiment, std::vector<Instance>& instances, Platform& platform,
                   Outside& outside, const std::vector<std::unique_ptr<Prober>>& probers,
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

void Operator::work(const World& world) {
  start_instances(world);
  while (!platform_.ready()) World::sleep(look_again);
  World::sleep(experiment_.measure.warm_up);
  platform_.settle();
  for (std::uint32_t i = 0; i < instances_.size(); ++i) platform_.divide_times(i);
  platform_.measurement_begins();
  read(before);
  report_workloads(experiment_, workloads_, workloads_before);
  for (const auto& workload : workloads_) workload->measurement_begins();
  outside_.measure(world.now());
  for (const auto& prober : probers_) prober->begin(world.now() + experiment_.measure.duration);
  measure(world.now(), world);
  read(after);
}

void Operator::start_instances(const World& world) {
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
}

void Operator::measure(Time begin, const World& world) {
  const Time end = begin + experiment_.measure.duration, interval = experiment_.measure.sample;
  if (interval > Time{}) {
    Sampler sampler(experiment_, instances_, platform_, [&](StatisticSink& sink) {
      platform_.report(sink, "host0/");
      report_workloads(experiment_, workloads_, sink);
      outside_.report(sink, world.now());
    });
    sampler.begin(begin);
    while (world.now() + interval <= end) {
      World::sleep(interval);
      platform_.settle();
      sampler.sample(world.now());
    }
    series = sampler.finish();
  }
  World::sleep(end - world.now());
}

void Operator::read(Snapshot& snapshot) {
  platform_.settle();
  platform_.report(snapshot, "host0/");
  std::map<std::string, LifeTimes> lives, elapsed;
  for (std::uint32_t i = 0; i < instances_.size(); ++i) {
    snapshot.work.push_back(platform_.work(i));
    const std::string path = instances_[i].path();
    const auto add = [](LifeTimes& sum, const LifeTimes& times) {
      std::ranges::transform(sum, times, sum.begin(), std::plus<>{});
    };
    if (snapshot.wants(path + "life/")) add(lives[path], platform_.times(i));
    if (snapshot.wants(path + "elapsed/")) add(elapsed[path], platform_.elapsed(i));
  }
  for (const auto& [path, times] : lives) report_lives(times, snapshot, path);
  for (const auto& [path, times] : elapsed) report_elapsed(times, snapshot, path);
}

void ScriptedOperator::work(const World& world) {
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

void ScriptedOperator::ask(const ControlStep& step, std::uint32_t instance) {
  using enum ControlVerb;
  ControlRequest request{.verb = step.verb, .instance = instance, .share = step.share};
  request.slice = step.slice;
  if (request.verb == limit_network) request.size = step.bytes;
  if (request.verb == set_disk) request.size = step.size;
  if (request.verb == set_memory) request.size = step.memory;
  request.interval = step.interval;
  request.rules = static_cast<std::uint32_t>(step.rules);
  if (request.verb == create) request.programs = programs_(instance);
  platform_.control()->ask(std::move(request));
}

}  // namespace xensim
