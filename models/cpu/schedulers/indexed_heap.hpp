/// A priority queue that can also remove from its middle and change its keys.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace xensim {

/// A 4-ary min-heap of items that stay where they are; the member `Slot` of each remembers its place,
/// so that an item is in at most one heap per such member. Which of several equal keys comes first is
/// unspecified. push, erase: O(log n); first: O(1); grows, but never allocates below its peak.
template <class Key, class Item, auto Slot>
class IndexedHeap {
 public:
  static constexpr std::uint32_t absent = UINT32_MAX;  ///< what `Slot` must be initialised to
  struct Entry {
    Key key;
    Item* item;
  };

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] static bool contains(const Item& item) { return item.*Slot != absent; }

  /// The item of the least key; null if there is none.
  [[nodiscard]] Item* first() const { return empty() ? nullptr : entries_.front().item; }
  [[nodiscard]] const Key& key(const Item& item) const { return entries_[item.*Slot].key; }

  void push(Item& item, Key key) {
    entries_.push_back({key, &item});
    rise(entries_.size() - 1, {std::move(key), &item});
  }

  void erase(Item& item) {
    const std::size_t hole = item.*Slot;
    item.*Slot = absent;
    const Entry last = entries_.back();
    entries_.pop_back();
    if (hole == entries_.size()) return;
    if (last.key < entries_[hole].key) {
      rise(hole, last);
    } else {
      sink(hole, last);
    }
  }

  /// Calls `visit(item, key)` for each, in no particular order.
  template <class Visitor>
  void for_each(Visitor visit) const {
    for (const Entry& entry : entries_) visit(*entry.item, entry.key);
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
  void place(std::size_t slot, const Entry& entry) {
    entries_[slot] = entry;
    entry.item->*Slot = static_cast<std::uint32_t>(slot);
  }

  [[nodiscard]] std::size_t least_of(std::size_t child) const {
    const auto lesser = [this](std::size_t a, std::size_t b) {
      return entries_[b].key < entries_[a].key ? b : a;
    };
    if (child + arity <= size()) return lesser(lesser(child, child + 1), lesser(child + 2, child + 3));
    std::size_t least = child;
    while (++child < size()) least = lesser(least, child);
    return least;
  }

  /// Puts an entry where it belongs, at the free `slot` or above it; below it.
  void rise(std::size_t slot, const Entry entry) {
    for (; slot > 0; slot = (slot - 1) / arity) {
      const Entry& parent = entries_[(slot - 1) / arity];
      if (!(entry.key < parent.key)) break;
      place(slot, parent);
    }
    place(slot, entry);
  }

  void sink(std::size_t slot, const Entry entry) {
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
