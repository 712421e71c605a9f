/// The world outside the simulated hosts, and the clock that all share: a SimGrid simulation.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/calendar.hpp"
#include "core/time.hpp"

namespace xensim {

/// Hosts are co-simulated: SimGrid's engine runs each one's calendar in step with the actors outside. An
/// actor may reach into a host at any time: its calendar stands at the actor's present, with everything
/// done that is due before it.
///
/// One world at a time in a process.
class World {
 public:
  World();
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  /// Adds a host. `calendar` must outlive the world.
  void add_host(const std::string& name, Calendar& calendar);

  /// Adds an actor, which begins with the run.
  void add_actor(const std::string& name, std::function<void()> body);

  /// For actors: lets time pass. Whole nanoseconds; the rest is rounded.
  static void sleep(Time duration);

  /// Runs until every actor has returned. Rethrows what an actor or a host threw first.
  void run();

  /// Time since this world began. SimGrid's own clock goes on from one world of a process to the next: only
  /// differences, rounded to whole nanoseconds, cross the border, so that every world runs alike.
  [[nodiscard]] Time now() const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace xensim
