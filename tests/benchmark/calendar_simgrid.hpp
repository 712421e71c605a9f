/// The timers of SimGrid's kernel, which drive its activities' time-outs.
#pragma once

#include <simgrid/kernel/Timer.hpp>
#include <simgrid/s4u.hpp>

#include "tests/benchmark/calendar_workload.hpp"

namespace xensim::benchmarks {

/// One tick of ours is one second of SimGrid's, so that times stay integers. Ties are in no certain order.
/// SimGrid's clock never goes back and there is one in a process: engines may only follow each other.
class SimGridEngine {
  using Timer = simgrid::kernel::timer::Timer;

 public:
  using Handle = Timer*;
  SimGridEngine() : engine_(engine()), origin_(simgrid::s4u::Engine::get_clock()) {}
  ~SimGridEngine() {
    while (Timer::next() >= 0) simgrid::kernel::timer::kernel_timers().top().second->remove();
  }

  [[nodiscard]] Time now() const {
    return Time{static_cast<std::int64_t>(simgrid::s4u::Engine::get_clock() - origin_)};
  }
  void arm(Slot<Handle>& slot, Time when) {
    slot.handle = Timer::set(origin_ + static_cast<double>(when.count()), [&slot] { slot.event.happen(); });
  }
  void rearm(Slot<Handle>& slot, Time when) {
    slot.handle->remove();
    arm(slot, when);
  }
  void step() { engine_.run_until(Timer::next()); }

 private:
  /// The process's engine, with an actor without which it would think that it is done.
  static simgrid::s4u::Engine& engine() {
    static simgrid::s4u::Engine& instance = []() -> simgrid::s4u::Engine& {
      static char name[] = "benchmark";
      static char quiet[] = "--log=root.thresh:critical";
      static char* arguments[] = {name, quiet, nullptr};
      int count = 2;
      static simgrid::s4u::Engine made(&count, arguments);
      auto* zone = simgrid::s4u::create_full_zone("world");
      auto* host = zone->create_host("host", 1e9);
      zone->seal();
      simgrid::s4u::Actor::create("sleeper", host, [] { simgrid::s4u::this_actor::sleep_for(1e18); });
      return made;
    }();
    return instance;
  }

  simgrid::s4u::Engine& engine_;
  double origin_;
};

}  // namespace xensim::benchmarks
