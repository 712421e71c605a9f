/// Recorded phases, run again: so much work, then blocked for so long; or work at given times.
#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/histogram.hpp"
#include "core/input_file.hpp"
#include "models/guest/processes/process_kernel.hpp"
#include "models/guest/processes/self.hpp"
#include "workloads/constant_data.hpp"
#include "workloads/recorded/phases_file.hpp"

namespace xensim {
namespace {

using enum Statistic::Kind;
const Statistic response_mean{"response/mean", "ms", summary,
                              "of recorded phases: from when work is wanted until it is done"};
const Statistic response_p99{"response/p99", "ms", summary, "99 % of the phases took less"};
const Statistic slowdown{"slowdown", "times", summary,
                         "response of recorded phases, all together, over the work that was recorded"};
const Statistic response_median{"response/p50", "ms", summary, "half of the phases took less"};
const Statistic response_maximum{"response/maximum", "ms", summary, "the phase that took longest"};
const Statistic completed{"phases", "phases", counter, "recorded phases whose work was done"};
const Statistic passes{"passes", "passes", counter, "times that the last recorded phase was done"};

struct PhasesParameters {
  InputFile file{};
  std::string task{};
  std::int64_t passes = 0;
  Bytes working_set{std::int64_t{4} << 10};
};
const auto parameters =
    ParameterTable<PhasesParameters>{}
        .add(
            "file", &PhasesParameters::file,
            "of phases in CSV; relative to the experiment file, or where an option gives it, to where xensim "
            "is started",
            "choice")
        .add("task", &PhasesParameters::task, "of the file; empty: the instances take the tasks in turn",
             "choice")
        .add("passes", &PhasesParameters::passes,
             "through the task's phases; 0: a closed loop until the run ends, an open one once", "choice",
             {.minimum = 0, .maximum = 1'000'000'000})
        .add("working_set", &PhasesParameters::working_set, "data it uses all the time", "choice",
             {.minimum = Bytes{64}, .maximum = Bytes{std::int64_t{64} << 20}});

RecordedPhases read(const PhasesParameters& p) {
  if (p.file.path.empty()) {
    throw InputError({.path = "phases"}, "no file", "the parameter file: phases in CSV");
  }
  RecordedPhases phases = read_phases(p.file.path);
  (void)phases.task(p.task, 0, p.file.path);
  for (const RecordedPhases::Task& task : phases.tasks) {
    const auto takes_time = [](const RecordedPhase& phase) { return phase.run + phase.other > Time{}; };
    if (phases.open_loop || std::ranges::any_of(task.phases, takes_time)) continue;
    throw InputError({.file = p.file.path},
                     fmt::format("found no time in the phases of task \"{}\"", task.name),
                     "one phase at least that runs or blocks");
  }
  return phases;
}

class Phases final : public Workload {
 public:
  Phases(const PhasesParameters& p, const WorkloadContext& context)
      : parameters_(p), phases_(read(p)), data_(constant_data(p.working_set, context)) {}

  [[nodiscard]] WorkloadNeeds needs() const override { return {.files = {parameters_.file.path}}; }
  std::vector<Program> programs(std::uint32_t instance, RandomStream& /*random*/) override {
    const RecordedPhases::Task& task = phases_.task(parameters_.task, instance, parameters_.file.path);
    std::vector<Program> all;
    all.push_back(phases_.open_loop ? open(*this, task) : closed(*this, task));
    return all;
  }
  void measurement_begins() override {
    responses_ = {};
    demand_ms_ = response_ms_ = 0;
  }
  void report(StatisticSink& sink, const std::string& prefix) const override;

 private:
  static Program closed(Phases& self, const RecordedPhases::Task& task);
  static Program open(Phases& self, const RecordedPhases::Task& task);
  [[nodiscard]] bool goes_on(std::int64_t pass) const {
    const std::int64_t wanted = parameters_.passes == 0 && phases_.open_loop ? 1 : parameters_.passes;
    return wanted == 0 || pass < wanted;
  }
  void done(Time work, std::int64_t response);

  PhasesParameters parameters_;
  RecordedPhases phases_;
  WorkingSet data_;
  Histogram responses_;  ///< ns
  double demand_ms_ = 0, response_ms_ = 0;
  std::uint64_t completed_ = 0, passes_ = 0;
};

/// Ticks that the kernel has counted.
Call ticks() {
  return Call{Call::Kind::instructions, [](ProcessKernel& kernel, GuestProcess&) -> CallResult {
                return {.value = static_cast<std::int64_t>(kernel.scheduler().ticks())};
              }};
}

/// A sleep ends with a tick. What it was too long is taken off the following ones, so that the task is
/// blocked for as long as was recorded, all in all. What it then waits for a processor is not, so the ticks
/// are counted.
Program Phases::closed(Phases& self, const RecordedPhases::Task& task) {
  constexpr Time tick = GuestKernel::tick_length;
  const Self kernel;
  Time wanted{co_await kernel.clock()};  // the work of the next phase
  Time owed{};                           // of being blocked; negative: it was for too long
  Time first_tick = never;               // or later, where no tick was seen at once
  for (std::int64_t pass = 0; self.goes_on(pass); ++pass) {
    for (const RecordedPhase& phase : task.phases) {
      if (phase.run > Time{}) {
        co_yield Compute{phase.run, &self.data_};
        self.done(phase.run, co_await kernel.clock() - wanted.count());
      }
      wanted = Time{co_await kernel.clock()};
      const std::int64_t counted = co_await ticks();
      owed += phase.other;
      if (owed <= tick / 2) continue;
      // Counted from the last tick, it lasts one more than it is asked for.
      const Time asked = std::max(owed - tick, Time{});
      const auto lasts = static_cast<std::int64_t>(GuestKernel::ticks_of(asked)) + 1;
      co_yield Sleep{asked};
      const Time now{co_await kernel.clock()};
      first_tick = std::min(first_tick, now - co_await ticks() * tick);
      const Time woken = first_tick + (counted + lasts) * tick;
      owed -= woken - wanted;
      wanted = woken;
    }
    ++self.passes_;
  }
}

Program Phases::open(Phases& self, const RecordedPhases::Task& task) {
  const Self kernel;
  for (std::int64_t pass = 0; self.goes_on(pass); ++pass) {
    const std::int64_t began = co_await kernel.clock();
    for (const RecordedPhase& phase : task.phases) {
      const std::int64_t wanted = began + phase.other.count();
      const std::int64_t early = wanted - co_await kernel.clock();
      if (early > 0) co_yield Sleep{Time{early}};
      co_yield Compute{phase.run, &self.data_};
      self.done(phase.run, co_await kernel.clock() - wanted);
    }
    ++self.passes_;
  }
}

void Phases::done(Time work, std::int64_t response) {
  ++completed_;
  responses_.add(static_cast<std::uint64_t>(std::max(response, std::int64_t{}) / 1000));
  demand_ms_ += static_cast<double>(work.count()) * 1e-9;
  response_ms_ += static_cast<double>(response) * 1e-9;
}

void Phases::report(StatisticSink& sink, const std::string& prefix) const {
  constexpr double ms = 1e-6;
  if (responses_.count() > 0) {
    sink.value(prefix, response_mean, responses_.mean() * ms);
    sink.value(prefix, response_p99, static_cast<double>(responses_.quantile(0.99)) * ms);
    if (demand_ms_ > 0) sink.value(prefix, slowdown, response_ms_ / demand_ms_);
    sink.value(prefix, response_median, static_cast<double>(responses_.quantile(0.5)) * ms);
    sink.value(prefix, response_maximum, static_cast<double>(responses_.maximum()) * ms);
  }
  sink.value(prefix, completed, static_cast<double>(completed_));
  sink.value(prefix, passes, static_cast<double>(passes_));
}

const RegisterWorkload<Phases, PhasesParameters> registered{
    "phases", "work and blocking as recorded, or work at recorded times", parameters};

}  // namespace
}  // namespace xensim
