/// The pending events and the clock of one host.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <stdexcept>

#include "core/event.hpp"
#include "core/event_set.hpp"
#include "core/event_sets/ladder.hpp"
#include "core/time.hpp"

namespace xensim {

/// Lets events happen in order of time, ties in order of insertion.
template <EventSet Set>
class BasicCalendar {
 public:
  BasicCalendar() = default;
  BasicCalendar(const BasicCalendar&) = delete;
  BasicCalendar& operator=(const BasicCalendar&) = delete;

  [[nodiscard]] Time now() const { return now_; }

  /// Makes `event` happen at `when` (>= now), after those already pending at that time. If it is pending
  /// already it moves. Throws std::logic_error if `when` is in the past.
  void schedule(Event& event, Time when) {
    if (when < now_) [[unlikely]]
      throw std::logic_error("an event was scheduled in the past");
    cancel(event);
    events_.push(event, when);
  }

  /// Does nothing if the event is not pending.
  void cancel(Event& event) {
    if (event.pending()) events_.remove(event);
  }

  /// Time of the earliest pending event; `never` if there is none.
  [[nodiscard]] Time next() const { return events_.next(); }
  [[nodiscard]] std::size_t size() const { return events_.size(); }
  /// Events that have happened so far.
  [[nodiscard]] std::uint64_t dispatched() const { return dispatched_; }

  /// Lets the earliest event happen. There must be one.
  void dispatch() {
    assert(size() > 0);
    now_ = events_.next();  // not from the event, which may be far from the cache
    Event& event = events_.pop();
    ++dispatched_;
    event.happen();
  }

  /// Lets everything happen that is due before `bound`, which becomes the time, unless an event holds it.
  void run_before(Time bound) {
    horizon_ = bound;
    while (next() < horizon_) dispatch();
    now_ = horizon_;
  }

  /// Lets everything happen that is due at or before `bound` (< never), which becomes the time, unless an
  /// event holds it.
  void run_until(Time bound) {
    run_before(bound + Time{1});
    if (now_ > bound) now_ = bound;
  }

  /// For events: somebody outside acts at `when` (>= now), which becomes the bound of the run under way if
  /// that is later.
  void hold(Time when) {
    if (when < horizon_) horizon_ = when;
  }

  /// Nobody outside acts on this host before this time: the bound of the run under way.
  [[nodiscard]] Time horizon() const { return horizon_; }

 private:
  Set events_;
  Time now_{};
  Time horizon_ = never;
  std::uint64_t dispatched_ = 0;
};

/// The calendar of every host. Constant time for each operation; see `LadderQueue`.
using Calendar = BasicCalendar<LadderQueue>;

}  // namespace xensim
