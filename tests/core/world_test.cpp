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

TEST(World, MayEndWhileActorsStillWait) {
  for (int i = 0; i < 3; ++i) {
    World world;
    world.add_actor("waits", [] { World::sleep(1s); });
  }
  SUCCEED();
}

}  // namespace
}  // namespace xensim
