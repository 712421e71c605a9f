/// Calendars beside each other, fed with the same events: `hold/ENGINE/DELAYS/PENDING` is one event that
/// happens and is armed again, dispatch included; `churn/...` the same and the re-arming of another event.
#include <benchmark/benchmark.h>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/event_sets/reference.hpp"
#include "tests/benchmark/calendar_engines.hpp"
#include "tests/benchmark/calendar_simgrid.hpp"
#ifdef XENSIM_WITH_NS3
#include "tests/benchmark/calendar_ns3.hpp"
#endif

namespace xensim::benchmarks {
namespace {

using Reference = CalendarEngine<BasicCalendar<ReferenceEventSet>>;

template <class Engine>
std::uint64_t order_of(std::size_t events, Delays delays) {
  Workload<Engine> workload(events, delays);
  workload.hash_order();
  for (int i = 0; i < 20'000; ++i) workload.churn();
  return workload.order_hash();
}

bool all_in_order = true;

template <class Engine>
void check_order(const std::string& name) {
  for (const Delays delays : {Delays::exponential, Delays::uniform, Delays::bimodal}) {
    for (const std::size_t events : {std::size_t{10}, std::size_t{1000}}) {
      if (order_of<Engine>(events, delays) == order_of<Reference>(events, delays)) continue;
      std::fprintf(stderr, "%s does not let events happen in the order of the reference\n", name.c_str());
      all_in_order = false;
    }
  }
}

/// Where the workload of the benchmark that runs is kept. Google Benchmark calls each benchmark repeatedly to
/// find the number of iterations; only when another one begins is this emptied.
std::shared_ptr<void>& kept_for(const std::string& benchmark) {
  static std::string owner;
  static std::shared_ptr<void> kept;
  if (owner != benchmark) kept.reset();
  owner = benchmark;
  return kept;
}

template <class Engine, bool churn>
void run(benchmark::State& state, const std::string& name, Delays delays, std::size_t events) {
  std::shared_ptr<void>& kept = kept_for(name);
  if (!kept) kept = std::make_shared<Workload<Engine>>(events, delays);
  auto& workload = *static_cast<Workload<Engine>*>(kept.get());
  constexpr int batch = 1000;
  while (state.KeepRunningBatch(batch)) {
    for (int i = 0; i < batch; ++i) churn ? workload.churn() : workload.hold();
  }
}

template <class Engine, bool churn>
void add_one(const std::string& name, Delays delays, std::size_t events) {
  benchmark::RegisterBenchmark(name.c_str(), [name, delays, events](benchmark::State& state) {
    run<Engine, churn>(state, name, delays, events);
  });
}

template <class Engine>
void add(const std::string& name, std::size_t most_events = 1'000'000) {
  const std::vector<std::pair<std::string, Delays>> kinds = {
      {"exponential", Delays::exponential}, {"uniform", Delays::uniform}, {"bimodal", Delays::bimodal}};
  for (const auto& [kind, delays] : kinds) {
    for (std::size_t events = 10; events <= most_events; events *= events == 10'000 ? 100 : 10) {
      const std::string what = "/" + name + "/" + kind + "/" + std::to_string(events);
      add_one<Engine, false>("hold" + what, delays, events);
      add_one<Engine, true>("churn" + what, delays, events);
    }
  }
}

template <class Engine>
void check_and_add(const std::string& name, std::size_t most_events = 1'000'000) {
  check_order<Engine>(name);
  add<Engine>(name, most_events);
}

}  // namespace
}  // namespace xensim::benchmarks

int main(int count, char** arguments) {
  using namespace xensim::benchmarks;
  check_and_add<CalendarEngine<xensim::Calendar>>("xensim");
  check_and_add<PriorityQueueEngine>("std_priority_queue");
  check_and_add<DAryHeapEngine>("boost_d_ary_heap");
#ifdef XENSIM_WITH_NS3
  check_and_add<Ns3Engine<ns3::MapScheduler>>("ns3_map");
  check_and_add<Ns3Engine<ns3::HeapScheduler>>("ns3_heap");
  check_and_add<Ns3Engine<ns3::PriorityQueueScheduler>>("ns3_priority_queue");
  check_and_add<Ns3Engine<ns3::CalendarScheduler>>("ns3_calendar", 1000);  // far too slow beyond
#endif
  add<SimGridEngine>("simgrid_timers", 10'000);  // order of ties not defined: not checked
  if (!all_in_order) return 1;
  benchmark::Initialize(&count, arguments);
  if (benchmark::ReportUnrecognizedArguments(count, arguments)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  kept_for("none").reset();  // before the static objects of the libraries go
}
