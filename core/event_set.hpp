/// What a calendar needs of a pending-event set.
#pragma once

#include <concepts>
#include <cstddef>

#include "core/event.hpp"

namespace xensim {

/// A set of events in order of time, ties in order of insertion. The contract of its members:
/// - `push(event, when)`: the event must not be pending; `when` is not before the last event popped.
/// - `remove(event)`: the event must be pending in this set.
/// - `pop()`: takes out the first event; there must be one.
/// - `next()`: the time of the first event, `never` if there is none. Constant time.
/// A set keeps `Event::Hook` up to date: `when` while pending, `place` is `nowhere` otherwise.
template <class Set>
concept EventSet = std::default_initializable<Set> &&
    requires(Set set, const Set& constant, Event& event, Time when) {
  { set.push(event, when) } -> std::same_as<void>;
  { set.remove(event) } -> std::same_as<void>;
  { set.pop() } -> std::same_as<Event&>;
  { constant.next() } -> std::same_as<Time>;
  { constant.size() } -> std::same_as<std::size_t>;
};

}  // namespace xensim
