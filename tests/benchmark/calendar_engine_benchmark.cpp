/// What the engine itself costs: actors that do nothing but arm themselves again, each with a period of
/// its own, so that the pattern of arrivals is that of a host's timers.
#include <benchmark/benchmark.h>

#include <deque>

#include "core/calendar.hpp"

namespace xensim {
namespace {

class Actor {
 public:
  Actor(Calendar& calendar, Time period) : calendar_(calendar), period_(period) { happen(); }

 private:
  void happen() { calendar_.schedule(event_, calendar_.now() + period_); }

  Calendar& calendar_;
  Time period_;
  Event event_ = Event::calling<&Actor::happen>(*this);
};

void periodic_actors(benchmark::State& state) {
  Calendar calendar;
  std::deque<Actor> actors;
  for (std::int64_t i = 0; i < state.range(0); ++i) {
    actors.emplace_back(calendar, 1us + Time{i * 7919});
  }
  const std::uint64_t before = calendar.dispatched();
  for (auto _ : state) calendar.run_until(calendar.now() + 100us);
  state.counters["per_event"] = benchmark::Counter(static_cast<double>(calendar.dispatched() - before),
                                                   benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}
BENCHMARK(periodic_actors)->Arg(2)->Arg(10)->Arg(20)->Arg(100);

}  // namespace
}  // namespace xensim

BENCHMARK_MAIN();
