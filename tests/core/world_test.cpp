#include "core/world.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

namespace xensim {
namespace {

/// A host that does something every 300 ms, beginning at 100 ms.
struct Metronome {
  Calendar calendar;
  Event beat = Event::calling<&Metronome::on_beat>(*this);
  int beats = 0;
  bool fails = false;
  Metronome() { calendar.schedule(beat, 100ms); }
  ~Metronome() { calendar.cancel(beat); }
  Metronome(const Metronome&) = delete;
  Metronome& operator=(const Metronome&) = delete;
  void on_beat() {
    ++beats;
    if (fails) throw std::runtime_error("a host failed");
    calendar.schedule(beat, calendar.now() + 300ms);
  }
};

/// What an actor sees of the host each time it wakes.
std::vector<std::pair<Time, int>> observe(Metronome& host) {
  std::vector<std::pair<Time, int>> seen;
  World world;
  world.add_host("host", host.calendar);
  world.add_actor("observer", [&] {
    for (int i = 0; i < 4; ++i) {
      World::sleep(200ms);
      EXPECT_EQ(world.now(), host.calendar.now());
      seen.emplace_back(world.now(), host.beats);
    }
  });
  world.run();
  return seen;
}

TEST(World, AnActorFindsTheHostAtItsOwnPresent) {
  Metronome host;
  const auto seen = observe(host);
  // Beats at 100, 400 and 700 ms; what is due at the present itself has not happened yet.
  const std::vector<std::pair<Time, int>> expected{{200ms, 1}, {400ms, 1}, {600ms, 2}, {800ms, 3}};
  EXPECT_EQ(seen, expected);
}

TEST(World, TheHundredthInAProcessRunsLikeTheFirst) {
  Metronome first_host;
  const auto first = observe(first_host);
  for (int i = 0; i < 99; ++i) {
    Metronome host;
    ASSERT_EQ(observe(host), first) << i;
  }
}

// SimGrid's clock goes on from world to world, and takes what is close for one.
TEST(World, OneAfterManyHoursOfOthersTellsActorsApartThatWakeANanosecondAfterEachOther) {
  const auto times = [] {
    std::vector<Time> seen;
    World world;
    for (const Time apart : {0ns, 1ns}) {
      world.add_actor(apart == 0ns ? "first" : "second", [&seen, &world, apart] {
        World::sleep(apart + 1ms);
        for (int i = 1; i <= 100; ++i) {
          seen.push_back(world.now());
          World::sleep(1ms + 37us * i);
        }
      });
    }
    world.run();
    return seen;
  };
  const std::vector<Time> first = times();
  ASSERT_EQ(first.size(), 200U);
  for (std::size_t i = 0; i < first.size(); i += 2) ASSERT_EQ(first[i + 1] - first[i], 1ns) << i;
  {
    World world;
    world.add_actor("waits", [] { World::sleep(40'000s); });
    world.run();
  }
  EXPECT_EQ(times(), first);
}

TEST(World, PassesOnWhatAnActorOrAHostThrows) {
  {
    World world;
    world.add_actor("fails", [] { throw std::invalid_argument("an actor failed"); });
    EXPECT_THROW(world.run(), std::invalid_argument);
  }
  Metronome host;
  host.fails = true;
  World world;
  world.add_host("host", host.calendar);
  world.add_actor("waits", [] { World::sleep(1s); });
  EXPECT_THROW(world.run(), std::runtime_error);
}

/// Counts its end.
struct Held {
  explicit Held(int& ended) : ended_(ended) {}
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() { ++ended_; }
  int& ended_;
};

TEST(World, EndsActorsThatStillWaitWithAllThatTheyHold) {
  int begun = 0, ended = 0;
  for (int i = 0; i < 3; ++i) {
    {
      World world;
      const auto wait = [&] {
        const Held held(ended);
        ++begun;
        for (;;) World::sleep(1s);
      };
      world.add_actor("waits", wait, World::Ends::lasting);
      world.add_actor("returns", [] { World::sleep(2500ms); });
      world.run();
      EXPECT_EQ(begun, i + 1);
    }
    EXPECT_EQ(ended, i + 1);
  }
}

TEST(World, MayEndBeforeItsActorsBegin) {
  bool begun = false;
  {
    World world;
    world.add_actor("never begins", [&] { begun = true; });
  }
  EXPECT_FALSE(begun);
}

TEST(World, AnActorThatWaitsForAnEventFindsTheHostWhereItHappened) {
  Metronome host;
  World world;
  world.add_host("host", host.calendar);
  World::Signal signal(world);
  std::vector<std::pair<Time, int>> seen;
  Event strike([](void* context) { static_cast<World::Signal*>(context)->give(); }, &signal);
  host.calendar.schedule(strike, 400ms + Time{1});
  world.add_actor("waiter", [&] {
    signal.wait();
    EXPECT_EQ(world.now(), host.calendar.now());
    seen.emplace_back(world.now(), host.beats);
  });
  world.add_actor("sleeper", [] { World::sleep(10s); });
  world.run();
  // A picosecond is rounded up to the next nanosecond; the host went no further.
  EXPECT_EQ(seen, (std::vector<std::pair<Time, int>>{{400ms + 1ns, 2}}));
  EXPECT_EQ(host.calendar.now(), 10s);
}

TEST(World, ASignalThatWasGivenBeforeAnybodyWaitedIsKeptOnce) {
  Metronome host;
  World world;
  world.add_host("host", host.calendar);
  World::Signal signal(world);
  Event strike([](void* context) { static_cast<World::Signal*>(context)->give(); }, &signal);
  host.calendar.schedule(strike, 400ms);
  std::vector<Time> passed;
  world.add_actor("giver", [&] {
    signal.give();
    signal.give();
    World::sleep(1s);
  });
  world.add_actor("waiter", [&] {
    World::sleep(100ms);
    for (int i = 0; i < 2; ++i) {
      signal.wait();
      passed.push_back(world.now());
    }
  });
  world.run();
  EXPECT_EQ(passed, (std::vector<Time>{100ms, 400ms}));
}

TEST(World, LastingActorsEndWithTheOthers) {
  Metronome host;
  World world;
  world.add_host("host", host.calendar);
  World::Signal never_given(world);
  int turns = 0;
  world.add_actor(
      "waits", [&] { never_given.wait(); }, World::Ends::lasting);
  world.add_actor(
      "turns",
      [&] {
        for (;;) {
          ++turns;
          World::sleep(100ms);
        }
      },
      World::Ends::lasting);
  world.add_actor("returns", [] { World::sleep(250ms); });
  world.run();
  EXPECT_EQ(world.now(), 250ms);
  EXPECT_EQ(turns, 3);
}

}  // namespace
}  // namespace xensim
