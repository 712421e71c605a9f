/// One stream of events for every engine: the hold model, and the same with cancellation.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/event.hpp"
#include "core/random.hpp"

namespace xensim::benchmarks {

enum class Delays { exponential, uniform, bimodal };

/// Delays of about a million ticks on average, drawn beforehand so that drawing is not timed.
class DelayTable {
 public:
  explicit DelayTable(Delays kind) {
    RandomStream random(1, "delays");
    for (Time& delay : delays_) {
      const double uniform = static_cast<double>(random.next() >> 11) * 0x1p-53;
      delay = Time{1 + static_cast<std::int64_t>(1e6 * scaled(kind, uniform))};
    }
  }
  [[nodiscard]] Time operator[](std::size_t index) const { return delays_[index % size]; }

 private:
  static constexpr std::size_t size = 1 << 14;

  static double scaled(Delays kind, double uniform) {
    switch (kind) {
      case Delays::exponential:
        return -std::log(1 - uniform);
      case Delays::uniform:
        return 2 * uniform;
      case Delays::bimodal:
        return uniform < 0.875 ? 0.1 * uniform : 8 * uniform;
    }
    return 0;
  }

  std::array<Time, size> delays_;
};

/// What an engine arms: the event and what the engine must keep with it.
template <class Handle>
struct Slot {
  Event event;
  [[no_unique_address]] Handle handle{};
};

/// An engine has: `Handle`; `now()`; `arm(slot, when)` for a slot that is not pending; `rearm(slot, when)`
/// for one that is; `step()`, which advances to the first slot and calls `slot.event.happen()`.
template <class Engine>
class Workload {
 public:
  Workload(std::size_t events, Delays kind) : delays_(kind) {
    actors_.reserve(events);
    for (std::size_t i = 0; i < events; ++i) actors_.emplace_back(*this);
    RandomStream random(2, "victims");
    for (std::uint32_t& victim : victims_) victim = static_cast<std::uint32_t>(random.below(events));
    for (Actor& actor : actors_) engine_.arm(actor.slot, next_time());
    for (std::size_t i = 0; i < 2 * events + 10'000; ++i) hold();
  }

  /// The first event happens and is armed again.
  void hold() { engine_.step(); }

  /// The same, and some other event is re-armed.
  void churn() {
    engine_.step();
    engine_.rearm(actors_[victims_[victim_++ % victims_.size()]].slot, next_time());
  }

  /// Depends on which events have happened, in their order.
  [[nodiscard]] std::uint64_t order_hash() const { return order_hash_; }
  void hash_order() { hashing_ = true; }

 private:
  struct Actor {
    explicit Actor(Workload& owner) : slot{Event::calling<&Actor::happen>(*this)}, workload(owner) {}
    void happen() { workload.happened(*this); }

    Slot<typename Engine::Handle> slot;
    Workload& workload;
  };

  void happened(Actor& actor) {
    if (hashing_) {
      const auto index = static_cast<std::uint64_t>(&actor - actors_.data());
      order_hash_ = (order_hash_ ^ index) * 0x100000001B3;
    }
    engine_.arm(actor.slot, next_time());
  }

  Time next_time() { return engine_.now() + delays_[delay_++]; }

  Engine engine_;
  bool hashing_ = false;
  std::size_t delay_ = 0;
  std::size_t victim_ = 0;
  std::uint64_t order_hash_ = 0;
  std::vector<Actor> actors_;
  DelayTable delays_;
  std::array<std::uint32_t, 1 << 14> victims_;
};

}  // namespace xensim::benchmarks
