/// A map from keys to values in one array.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace xensim {

/// To look up what is looked up all the time: a search mostly reads one cache line. Open addressing with
/// linear probing, at most three quarters full; what is removed closes its gap (Knuth, TAOCP volume 3,
/// section 6.4, algorithm R). No order: whoever walks it must not depend on one.
///
/// `Hash` need not mix: its value is multiplied by 2^64 over the golden ratio. Pointers to values are valid
/// until the next change. Copies of keys and values are cheap.
template <class Key, class Value, class Hash = std::hash<Key>>
class FlatMap {
 public:
  /// Null if there is none. Expected O(1), here and below.
  [[nodiscard]] Value* find(const Key& key) {
    if (size_ == 0) return nullptr;
    Slot& slot = slots_[place_of(key)];
    return slot ? &slot->second : nullptr;
  }
  [[nodiscard]] const Value* find(const Key& key) const {
    if (size_ == 0) return nullptr;
    const Slot& slot = slots_[place_of(key)];
    return slot ? &slot->second : nullptr;
  }
  [[nodiscard]] bool contains(const Key& key) const { return find(key) != nullptr; }

  /// The key's value, `value` if it had none; and whether it had none.
  std::pair<Value*, bool> try_emplace(const Key& key, Value value = {}) {
    if (4 * (size_ + 1) > 3 * slots_.size()) grow();
    Slot& slot = slots_[place_of(key)];
    const bool added = !slot;
    if (added) {
      slot.emplace(key, std::move(value));
      ++size_;
    }
    return {&slot->second, added};
  }
  /// Whether there was one.
  bool erase(const Key& key) {
    if (size_ == 0) return false;
    std::size_t gap = place_of(key);
    if (!slots_[gap]) return false;
    for (std::size_t next = after(gap); slots_[next]; next = after(next)) {
      const std::size_t wanted = home_of(slots_[next]->first);
      // It may move down only if its search passes the gap.
      if (((next - wanted) & (slots_.size() - 1)) < ((next - gap) & (slots_.size() - 1))) continue;
      slots_[gap] = std::move(slots_[next]);
      gap = next;
    }
    slots_[gap].reset();
    --size_;
    return true;
  }
  /// O(1) if it is empty, otherwise as if made again.
  void clear() {
    if (size_ > 0) *this = {};
  }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  /// Calls `visit(key, value)` for each, in an order that means nothing.
  template <class Visit>
  void for_each(Visit visit) const {
    for (const Slot& slot : slots_) {
      if (slot) visit(slot->first, slot->second);
    }
  }

 private:
  using Slot = std::optional<std::pair<Key, Value>>;
  static constexpr unsigned first_bits = 3;

  [[nodiscard]] std::size_t after(std::size_t place) const { return (place + 1) & (slots_.size() - 1); }
  [[nodiscard]] std::size_t home_of(const Key& key) const {
    return static_cast<std::uint64_t>(Hash{}(key)) * 0x9E3779B97F4A7C15 >> (64 - bits_);
  }
  /// Where the key is, or would be.
  [[nodiscard]] std::size_t place_of(const Key& key) const {
    std::size_t place = home_of(key);
    while (slots_[place] && !(slots_[place]->first == key)) place = after(place);
    return place;
  }
  void grow() {
    bits_ = slots_.empty() ? first_bits : bits_ + 1;
    std::vector<Slot> before(std::size_t{1} << bits_);
    before.swap(slots_);
    for (Slot& slot : before) {
      if (slot) slots_[place_of(slot->first)] = std::move(slot);
    }
  }

  std::vector<Slot> slots_;  ///< a power of two of them, or none
  unsigned bits_ = 0;        ///< of that
  std::size_t size_ = 0;
};

}  // namespace xensim
