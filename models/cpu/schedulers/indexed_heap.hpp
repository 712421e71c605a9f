/// A priority queue that can also remove from its middle and name its second best.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace xensim {

/// A 4-ary min-heap of items that stay where they are; the member `Slot` of each remembers its place,
/// so that an item is in at most one heap per such member. Which of several equal keys comes first is
/// unspecified. push, erase: O(log n); first, second: O(1); grows, but never allocates below its peak.
template <class Key, class Item, auto Slot>
class IndexedHeap {
 public:
  static constexpr std::uint32_t absent = UINT32_MAX;  ///< what `Slot` must be initialised to

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] static bool contains(const Item& item) { return item.*Slot != absent; }

  /// The item of the least key, or of the least but one; null if there are not so many.
  [[nodiscard]] Item* first() const { return empty() ? nullptr : entries_.front().item; }
  [[nodiscard]] Item* second() const {
    if (size() < 2) return nullptr;
    return entries_[least_of(1)].item;
  }
  [[nodiscard]] const Key& key(const Item& item) const { return entries_[item.*Slot].key; }

  void push(Item& item, Key key) {
    entries_.push_back({std::move(key), &item});
    rise(entries_.size() - 1);
  }

  void erase(Item& item) {
    const std::size_t hole = item.*Slot;
    item.*Slot = absent;
    const Entry last = entries_.back();
    entries_.pop_back();
    if (hole == entries_.size()) return;
    const Entry erased = std::exchange(entries_[hole], last);
    if (last.key < erased.key) {
      rise(hole);
    } else {
      sink(hole);
    }
  }

  /// Changes all keys by a function that keeps their order. O(n).
  template <class Function>
  void transform(Function function) {
    for (Entry& entry : entries_) entry.key = function(entry.key);
  }

  /// Whether every entry is in heap order and known to its item. O(n).
  [[nodiscard]] bool consistent() const {
    for (std::size_t i = 0; i < size(); ++i) {
      if (entries_[i].item->*Slot != i) return false;
      if (i > 0 && entries_[i].key < entries_[(i - 1) / arity].key) return false;
    }
    return true;
  }

 private:
  static constexpr std::size_t arity = 4;  // siblings share a cache line or two
  struct Entry {
    Key key;
    Item* item;
  };

  void place(std::size_t slot, const Entry& entry) {
    entries_[slot] = entry;
    entry.item->*Slot = static_cast<std::uint32_t>(slot);
  }

  [[nodiscard]] std::size_t least_of(std::size_t child) const {
    const std::size_t end = std::min(child + arity, entries_.size());
    std::size_t least = child;
    while (++child < end) {
      if (entries_[child].key < entries_[least].key) least = child;
    }
    return least;
  }

  void rise(std::size_t slot) {
    const Entry entry = entries_[slot];
    for (; slot > 0; slot = (slot - 1) / arity) {
      const Entry& parent = entries_[(slot - 1) / arity];
      if (!(entry.key < parent.key)) break;
      place(slot, parent);
    }
    place(slot, entry);
  }

  void sink(std::size_t slot) {
    const Entry entry = entries_[slot];
    for (std::size_t child = 0; (child = slot * arity + 1) < entries_.size(); slot = child) {
      child = least_of(child);
      if (!(entries_[child].key < entry.key)) break;
      place(slot, entries_[child]);
    }
    place(slot, entry);
  }

  std::vector<Entry> entries_;
};

}  // namespace xensim
