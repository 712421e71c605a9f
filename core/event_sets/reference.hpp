/// The event set that is slow and obviously right: what the others are tested against.
#pragma once

#include <cstddef>
#include <map>

#include "core/event_set.hpp"

namespace xensim {

/// A `std::multimap` keeps equal keys in order of insertion, which is all there is to prove.
/// Everything in O(log n), removal also linear in the number of ties.
class ReferenceEventSet {
 public:
  void push(Event& event, Time when) {
    event.hook() = {when, 0};
    events_.emplace(when, &event);
  }

  void remove(Event& event) {
    auto found = events_.lower_bound(event.when());
    while (found->second != &event) ++found;
    erase(found);
  }

  Event& pop() { return erase(events_.begin()); }

  [[nodiscard]] Time next() const { return events_.empty() ? never : events_.begin()->first; }
  [[nodiscard]] std::size_t size() const { return events_.size(); }

 private:
  using Events = std::multimap<Time, Event*>;

  Event& erase(Events::iterator position) {
    Event& event = *position->second;
    events_.erase(position);
    event.hook().place = Event::Hook::nowhere;
    return event;
  }

  Events events_;
};

static_assert(EventSet<ReferenceEventSet>);

}  // namespace xensim
