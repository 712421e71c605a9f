/// A priority queue for keys that mostly come in order.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "models/cpu/schedulers/indexed_heap.hpp"

namespace xensim {

/// Items stay where they are; the members `RunSlot` and `HeapSlot` of each remember its place, so that an
/// item is in at most one queue per such pair. Keys must differ.
///
/// A scheduler's vCPU goes back into its queue behind nearly all others. So there is a sorted run, in which
/// an item finds its place from the end within a few steps, in O(1); those that would have to go further go
/// into a heap, in O(log n). first: O(1). erase: O(1) from the run, O(log n) from the heap. Grows, but never
/// allocates below its peak.
template <class Key, class Item, auto RunSlot, auto HeapSlot>
class NearlySortedQueue {
 public:
  static constexpr std::uint32_t absent = UINT32_MAX;  ///< what both slots must be initialised to

  [[nodiscard]] std::size_t size() const { return in_run_ + heap_.size(); }
  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] static bool contains(const Item& item) {
    return item.*RunSlot != absent || Heap::contains(item);
  }
  [[nodiscard]] const Key& key(const Item& item) const {
    return item.*RunSlot != absent ? run_[item.*RunSlot].key : heap_.key(item);
  }

  /// The item of the least key; null if there is none.
  [[nodiscard]] Item* first() const {
    if (in_run_ == 0) return heap_.first();
    const Entry& front = run_[front_];
    if (heap_.empty() || front.key < heap_.key(*heap_.first())) return front.item;
    return heap_.first();
  }

  void push(Item& item, Key key) {
    constexpr std::uint32_t steps = 16;
    if (end_ == run_.size()) make_room();
    std::uint32_t place = end_;
    const std::uint32_t stop = end_ - std::min(steps, end_ - front_);
    while (place > stop && key < run_[place - 1].key) --place;
    if (place == stop && place > front_ && key < run_[place - 1].key) {
      heap_.push(item, std::move(key));
      return;
    }
    for (std::uint32_t i = end_; i > place; --i) put(i, run_[i - 1]);
    put(place, {std::move(key), &item});
    ++end_;
    ++in_run_;
  }

  void erase(Item& item) {
    const std::uint32_t place = item.*RunSlot;
    if (place == absent) {
      heap_.erase(item);
      return;
    }
    item.*RunSlot = absent;
    run_[place].item = nullptr;  // its key still keeps the order
    --in_run_;
    if (in_run_ == 0) front_ = end_ = 0;
    while (front_ < end_ && run_[front_].item == nullptr) ++front_;
  }

  /// Calls `visit(item, key)` for each, in no particular order.
  template <class Visitor>
  void for_each(Visitor visit) const {
    for (std::uint32_t i = front_; i < end_; ++i) {
      if (run_[i].item != nullptr) visit(*run_[i].item, run_[i].key);
    }
    heap_.for_each(visit);
  }

  /// Changes all keys by a function that keeps their order. O(n).
  template <class Function>
  void transform(Function function) {
    for (std::uint32_t i = front_; i < end_; ++i) run_[i].key = function(run_[i].key);
    heap_.transform(function);
  }

  /// Whether everything is in order and known to its item. O(n).
  [[nodiscard]] bool consistent() const {
    std::size_t found = 0;
    for (std::uint32_t i = front_; i < end_; ++i) {
      if (i > front_ && run_[i].key < run_[i - 1].key) return false;
      if (run_[i].item == nullptr) continue;
      ++found;
      if (run_[i].item->*RunSlot != i) return false;
    }
    return found == in_run_ && (in_run_ == 0 || run_[front_].item != nullptr) && heap_.consistent();
  }

 private:
  using Heap = IndexedHeap<Key, Item, HeapSlot>;
  using Entry = typename Heap::Entry;

  void put(std::uint32_t place, const Entry& entry) {
    run_[place] = entry;
    if (entry.item != nullptr) entry.item->*RunSlot = place;
  }

  /// Closes the gaps; with as much room again as is in use.
  void make_room() {
    std::uint32_t kept = 0;
    for (std::uint32_t i = front_; i < end_; ++i) {
      if (run_[i].item != nullptr) put(kept++, run_[i]);
    }
    front_ = 0;
    end_ = kept;
    constexpr std::size_t least = 16;
    if (run_.size() < 2 * std::size_t{kept} + least) run_.resize(4 * std::size_t{kept} + least);
  }

  std::vector<Entry> run_;  ///< ascending from front_ to end_; null items were erased, but not in front
  std::uint32_t front_ = 0, end_ = 0;
  std::size_t in_run_ = 0;
  Heap heap_;
};

}  // namespace xensim
