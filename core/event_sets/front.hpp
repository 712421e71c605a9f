/// The sorted front of a ladder queue: the few events that come first.
#pragma once

#include <array>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>

#include "core/event_sets/entry.hpp"

namespace xensim {
class Event;
}

namespace xensim::ladder {

/// Up to 16 events in order, in which every operation takes a fixed number of steps without a branch.
/// Events lie still in slots; what is sorted is one word of 16 hexadecimal digits, the slots in order of
/// their events, free slots last (the permutation of Mao, Kohler & Morris, "Cache craftiness for fast
/// multicore key-value storage", EuroSys 2012).
class Front {
 public:
  static constexpr std::size_t capacity = 16;

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] bool full() const { return size_ == capacity; }

  struct Item {
    Event* event;
    Ticks when;
    std::uint32_t order;
  };

  /// Time of the first event; meaningless if there is none.
  [[nodiscard]] Ticks next() const { return when_[head_]; }
  [[nodiscard]] Ticks when(std::size_t rank) const { return when_[slot_at(rank)]; }
  [[nodiscard]] Item item(std::size_t rank) const {
    const std::size_t slot = slot_at(rank);
    return {event_[slot], when_[slot], order_[slot]};
  }

  /// Adds an event after those of the same time; there must be room, and `when` must not be before the
  /// last event popped. Returns its slot.
  std::uint32_t push(Item item) {
    assert(!full());
    // No free slot's time is after `when`: so the number of later times counts events only.
    // Two sums, of different types lest compilers make them one again: neither waits for the other.
    std::uint32_t low = 0;
    std::uint64_t high = 0;
    for (std::size_t i = 0; i < capacity / 2; ++i) {
      low += item.when < when_[i];
      high += item.when < when_[i + capacity / 2];
    }
    const std::uint64_t rank = size_ - (low + high);
    const std::uint64_t slot = ranking_ >> 60;
    const std::uint64_t below = (std::uint64_t{1} << (4 * rank)) - 1;
    ranking_ = (ranking_ & below) | slot << (4 * rank) | (ranking_ & ~below) << 4;
    ++size_;
    set(slot, item);
    // A branch, so that the processor may guess that the first event stays the first, and go on with it
    // before it knows where this one went. That is most of the time taken by a small set.
    if (rank == 0) [[unlikely]]
      head_ = slot;
    return static_cast<std::uint32_t>(slot);
  }

  Event& pop() {
    Event& event = *event_[head_];
    ranking_ = std::rotr(ranking_, 4);
    head_ = slot_at(0);
    --size_;
    return event;
  }

  void pop_back() { free(slot_at(--size_)); }

  void remove(std::uint32_t slot) {
    constexpr std::uint64_t ones = 0x1111'1111'1111'1111;
    // The digit that equals `slot` becomes zero, and the lowest zero digit is found by its borrow.
    const std::uint64_t digits = ranking_ ^ (slot * ones);
    const int shift = std::countr_zero((digits - ones) & ~digits & (ones << 3)) & ~3;
    const std::uint64_t below = (std::uint64_t{1} << shift) - 1;
    ranking_ = (ranking_ & below) | ((ranking_ >> 4) & ~below) | std::uint64_t{slot} << 60;
    head_ = slot_at(0);
    --size_;
    free(slot);
  }

  void renumber(std::size_t rank, std::uint32_t order) { order_[slot_at(rank)] = order; }

 private:
  [[nodiscard]] std::size_t slot_at(std::size_t rank) const { return (ranking_ >> (4 * rank)) & 15; }
  void set(std::size_t slot, Item item) {
    when_[slot] = item.when;
    event_[slot] = item.event;
    order_[slot] = item.order;
  }
  void free(std::size_t slot) { when_[slot] = 0; }

  std::uint64_t ranking_ = 0xFEDC'BA98'7654'3210;
  std::size_t head_ = 0;  // the first slot of the ranking
  std::size_t size_ = 0;
  std::array<Ticks, capacity> when_{};
  std::array<Event*, capacity> event_{};
  std::array<std::uint32_t, capacity> order_{};
};

}  // namespace xensim::ladder
