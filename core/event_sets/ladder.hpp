/// The event set of every calendar: a ladder queue with a branch-free sorted front.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/event_set.hpp"
#include "core/event_sets/entry.hpp"
#include "core/event_sets/front.hpp"
#include "core/event_sets/rung.hpp"
#include "core/event_sets/tickets.hpp"

namespace xensim {

/// After Tang, Goh & Thng, "Ladder queue: an O(1) priority queue structure for large-scale discrete event
/// simulation", ACM TOMACS 15(3), 2005. In order of time: the sorted front, and the rungs from inner to
/// outer; the last bag of the outermost rung holds what is later than all else. Events are sorted only when
/// they come to the front; before that an entry of 16 bytes stands for each, and is moved to ever finer bags.
///
/// Up to 16 events only the front is in use. Every operation takes constant time, amortized, for delays of
/// one magnitude; at worst an event is moved once for each bit that its delay has. Memory is proportional to
/// the largest number ever pending, and is reused, not released: in a steady state nothing is allocated.
class LadderQueue {
 public:
  LadderQueue() = default;
  /// For tests: numbers insertions from there. When the numbers run out they are given out anew.
  explicit LadderQueue(std::uint32_t first_order) : next_order_(first_order) {}

  void push(Event& event, Time when) {
    const ladder::Ticks ticks = to_ticks(when);
    if (next_order_ == orders) renumber();
    const std::uint32_t order = next_order_++;
    event.hook().when = when;
    if (ticks < limit_ && front_.full()) spill();
    if (ticks < limit_) [[likely]] {
      event.hook().place = front_.push({&event, ticks, order});
    } else {
      push_beyond_front(event, ticks, order);
    }
  }

  void remove(Event& event) {
    const std::uint32_t place = event.hook().place;
    event.hook().place = Event::Hook::nowhere;
    if (place < first_ticket) {
      front_.remove(place);
      if (front_.empty() && entries_ != 0) refill();
    } else {
      tickets_.revoke(place - first_ticket);
      ++revoked_;
      if (revoked_ > entries_ / 2 + revoked_allowance) sweep();
    }
  }

  Event& pop() {
    Event& event = front_.pop();
    event.hook().place = Event::Hook::nowhere;
    if (front_.empty() && entries_ != 0) {
      last_popped_ = to_ticks(event.when());
      refill();
    }
    return event;
  }

  [[nodiscard]] Time next() const {
    return front_.empty() ? never : Time{static_cast<std::int64_t>(front_.next())};
  }
  [[nodiscard]] std::size_t size() const { return front_.size() + entries_ - revoked_; }

 private:
  static constexpr ladder::Ticks unlimited = ~ladder::Ticks{0};
  static constexpr std::uint32_t orders = ~std::uint32_t{0};
  static constexpr std::uint32_t first_ticket = ladder::Front::capacity;
  /// A front that is refilled to no more than this many events by all there are takes all that come.
  static constexpr std::size_t comfortable = 12;
  static constexpr std::size_t revoked_allowance = 64;

  static ladder::Ticks to_ticks(Time when) { return static_cast<ladder::Ticks>(when.count()); }

  void push_beyond_front(Event& event, ladder::Ticks when, std::uint32_t order);
  void refill();
  void spill();
  void sweep();
  void renumber();

  void bring_to_front(std::span<const ladder::Entry> entries);
  void begin_anew(ladder::Bag& bag);
  ladder::Rung& add_rung(ladder::Ticks first, ladder::Ticks last, std::size_t population);
  ladder::Rung& inner() { return *rungs_[depth_ - 1]; }
  /// Where what lies outside of the inner rung begins.
  [[nodiscard]] ladder::Ticks outer_open() const {
    return depth_ > 1 ? rungs_[depth_ - 2]->open() : unlimited;
  }

  // The front holds what is before `limit_`, and is empty only if the set is.
  ladder::Front front_;
  ladder::Ticks limit_ = unlimited;
  std::uint32_t next_order_ = 0;

  // Entries beyond the front; those of them whose event was cancelled are dropped when they come to it.
  std::size_t entries_ = 0;
  std::size_t revoked_ = 0;
  ladder::Tickets tickets_;
  std::vector<std::unique_ptr<ladder::Rung>> rungs_;  // from outer to inner; those from `depth_` on are spare
  std::size_t depth_ = 0;                             // zero only if there is nothing beyond the front
  ladder::Bag scratch_;
  ladder::Ticks last_popped_ = 0;
};

static_assert(EventSet<LadderQueue>);

}  // namespace xensim
