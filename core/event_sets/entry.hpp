/// The parts of a ladder queue that lie beyond its sorted front: entries, and bags of them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace xensim::ladder {

/// Times inside the queue are unsigned, so that their differences cannot overflow. In `Time`'s unit.
using Ticks = std::uint64_t;

/// Stands for an event that waits outside of the front, so that moving it moves 16 bytes and touches
/// nothing else.
struct Entry {
  Ticks when;
  std::uint32_t order;   ///< Of insertion: breaks ties.
  std::uint32_t ticket;  ///< For the event, see `Tickets`.

  friend bool operator<(const Entry& a, const Entry& b) {
    return (a.when < b.when) | ((a.when == b.when) & (a.order < b.order));
  }
};

/// Entries of one interval of time. If that is a single instant, the bag is a queue that can be taken
/// piecemeal.
class Bag {
 public:
  /// Adds an entry that was inserted into the set after all that are here.
  void add_newest(Entry entry) { entries_.push_back(entry); }

  /// Adds an entry in any order; if it was taken from here, it goes back to its place.
  void add_older(Entry entry) {
    if (taken_ > 0) {
      entries_[--taken_] = entry;
    } else {
      entries_.push_back(entry);
      ordered_ = false;
    }
  }

  /// Takes out `count` entries in order of insertion.
  std::span<const Entry> take(std::size_t count) {
    if (taken_ > room_limit && taken_ > size()) drop_taken(taken_ - room_to_give_back);
    if (!ordered_) std::sort(entries_.begin() + static_cast<std::ptrdiff_t>(taken_), entries_.end());
    ordered_ = true;
    const std::size_t first = taken_;
    taken_ += static_cast<std::uint32_t>(count);
    return std::span(entries_).subspan(first, count);
  }

  /// Drops the entries that `is_dead` and returns their number.
  template <class Predicate>
  std::size_t sweep(Predicate is_dead) {
    drop_taken(taken_);
    return std::erase_if(entries_, is_dead);
  }

  void clear() {
    entries_.clear();
    taken_ = 0;
    ordered_ = true;
  }

  [[nodiscard]] std::size_t size() const { return entries_.size() - taken_; }
  [[nodiscard]] bool empty() const { return size() == 0; }
  /// Are entries of the same time in order of insertion?
  [[nodiscard]] bool ordered() const { return ordered_; }
  [[nodiscard]] std::span<const Entry> entries() const { return std::span(entries_).subspan(taken_); }
  /// The first and the last time. There must be an entry.
  [[nodiscard]] std::pair<Ticks, Ticks> range() const {
    Ticks first = ~Ticks{0};
    Ticks last = 0;
    for (const Entry& entry : entries()) {
      first = std::min(first, entry.when);
      last = std::max(last, entry.when);
    }
    return {first, last};
  }
  [[nodiscard]] std::span<Entry> entries() { return std::span(entries_).subspan(taken_); }

 private:
  // Instants at which events beget events without end must not take memory without end.
  static constexpr std::uint32_t room_limit = 1024;
  static constexpr std::uint32_t room_to_give_back = 16;

  void drop_taken(std::uint32_t count) {
    entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(count));
    taken_ -= count;
  }

  std::vector<Entry> entries_;
  std::uint32_t taken_ = 0;
  bool ordered_ = true;
};

}  // namespace xensim::ladder
