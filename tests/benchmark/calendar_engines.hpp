/// Our calendar, and heaps of the C++ and Boost libraries wrapped as calendars.
#pragma once

#include <boost/heap/d_ary_heap.hpp>
#include <cstdint>
#include <queue>
#include <vector>

#include "core/calendar.hpp"
#include "tests/benchmark/calendar_workload.hpp"

namespace xensim::benchmarks {

template <class Calendar>
class CalendarEngine {
 public:
  struct Handle {};
  [[nodiscard]] Time now() const { return calendar_.now(); }
  void arm(Slot<Handle>& slot, Time when) { calendar_.schedule(slot.event, when); }
  void rearm(Slot<Handle>& slot, Time when) { calendar_.schedule(slot.event, when); }
  void step() { calendar_.dispatch(); }

 private:
  Calendar calendar_;
};

template <class Slot>
struct HeapEntry {
  Time when;
  std::uint64_t sequence;
  Slot* slot;

  /// Both libraries' heaps have the greatest on top.
  friend bool operator<(const HeapEntry& a, const HeapEntry& b) {
    return a.when != b.when ? a.when > b.when : a.sequence > b.sequence;
  }
};

/// Cancels lazily: an entry is void if its sequence number is not its slot's.
class PriorityQueueEngine {
 public:
  using Handle = std::uint64_t;
  [[nodiscard]] Time now() const { return now_; }
  void arm(Slot<Handle>& slot, Time when) {
    slot.handle = sequence_;
    queue_.push({when, sequence_++, &slot});
  }
  void rearm(Slot<Handle>& slot, Time when) { arm(slot, when); }
  void step() {
    while (queue_.top().sequence != queue_.top().slot->handle) queue_.pop();
    const auto first = queue_.top();
    queue_.pop();
    now_ = first.when;
    first.slot->event.happen();
  }

 private:
  std::priority_queue<HeapEntry<Slot<Handle>>> queue_;
  std::uint64_t sequence_ = 0;
  Time now_{};
};

/// Moves entries in the heap.
class DAryHeapEngine {
  struct Stored;
  using Heap = boost::heap::d_ary_heap<Stored, boost::heap::arity<4>, boost::heap::mutable_<true>>;
  struct Link;

 public:
  using Handle = Link;
  [[nodiscard]] Time now() const { return now_; }
  inline void arm(Slot<Handle>& slot, Time when);
  inline void rearm(Slot<Handle>& slot, Time when);
  inline void step();

 private:
  struct Stored : HeapEntry<Slot<Link>> {};
  struct Link {
    Heap::handle_type in_heap;
  };

  Heap heap_;
  std::uint64_t sequence_ = 0;
  Time now_{};
};

void DAryHeapEngine::arm(Slot<Handle>& slot, Time when) {
  slot.handle.in_heap = heap_.push({{when, sequence_++, &slot}});
}
void DAryHeapEngine::rearm(Slot<Handle>& slot, Time when) {
  heap_.update(slot.handle.in_heap, {{when, sequence_++, &slot}});
}
void DAryHeapEngine::step() {
  const Stored first = heap_.top();
  heap_.pop();
  now_ = first.when;
  first.slot->event.happen();
}

}  // namespace xensim::benchmarks
