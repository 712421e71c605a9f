/// The world outside the simulated hosts, and the clock that all share: a SimGrid simulation.
#pragma once

#include <cstdint>
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
/// An actor that waits for a Signal sees one host stop for it; other hosts may have run ahead by then, up to
/// the time that the next actor has to act anyway.
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

  /// Adds an actor, which begins with the run, on a SimGrid host of its own. A `lasting` one does not return;
  /// it ends with the others.
  enum class Ends : std::uint8_t { returning, lasting };
  void add_actor(const std::string& name, std::function<void()> body, Ends ends = Ends::returning);

  /// What an actor waits for and an event of a host's calendar gives. Each is given as often as it is waited
  /// for at most: what is given before anybody waits is kept, once.
  class Signal {
   public:
    explicit Signal(World& world);
    ~Signal();
    Signal(const Signal&) = delete;
    Signal& operator=(const Signal&) = delete;

    /// From an event of a host, which goes no further than the actor's turn, or from an actor.
    void give();
    /// For an actor: passes when it was given, in whole nanoseconds, rounded up. An actor that returns must
    /// not wait for what is never given.
    void wait();

   private:
    struct Implementation;
    std::unique_ptr<Implementation> implementation_;
  };

  /// For actors: lets time pass. Whole nanoseconds; the rest is rounded.
  static void sleep(Time duration);

  /// Runs until every actor that returns has done so. Rethrows what an actor or a host threw first.
  void run();

  /// Time since this world began. SimGrid's own clock goes on from one world of a process to the next: only
  /// differences of whole nanoseconds cross the border, so that every world runs alike.
  [[nodiscard]] Time now() const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace xensim
