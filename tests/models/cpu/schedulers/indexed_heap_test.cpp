#include "models/cpu/schedulers/indexed_heap.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <deque>
#include <set>

namespace xensim {
namespace {

struct Item {
  int name;
  std::uint32_t slot = UINT32_MAX;
};
using Heap = IndexedHeap<std::pair<int, int>, Item, &Item::slot>;

TEST(IndexedHeap, NamesTheSameFirstAsASortedSetAfterAnyInsertionsAndRemovals) {
  EXPECT_TRUE(rc::check([](const std::vector<std::pair<int, int>>& operations) {
    std::deque<Item> items;
    Heap heap;
    std::set<std::pair<std::pair<int, int>, Item*>> sorted;
    for (const auto& [key, victim] : operations) {
      if (victim % 3 == 0 && !items.empty()) {
        Item& item = items[static_cast<std::size_t>(victim < 0 ? -victim : victim) % items.size()];
        if (!heap.contains(item)) continue;
        sorted.erase({heap.key(item), &item});
        heap.erase(item);
      } else {
        items.push_back({static_cast<int>(items.size())});
        heap.push(items.back(), {key, items.back().name});
        sorted.insert({{key, items.back().name}, &items.back()});
      }
      RC_ASSERT(heap.consistent());
      RC_ASSERT(heap.size() == sorted.size());
      RC_ASSERT(heap.first() == (sorted.empty() ? nullptr : sorted.begin()->second));
    }
  }));
}

TEST(IndexedHeap, KeepsItsOrderWhenAllKeysAreShifted) {
  std::deque<Item> items;
  Heap heap;
  for (int i = 0; i < 20; ++i) {
    items.push_back({i});
    heap.push(items.back(), {(i * 7) % 20, 0});
  }
  Item* const first = heap.first();
  heap.transform([](std::pair<int, int> key) { return std::pair{key.first - 100, key.second}; });
  EXPECT_TRUE(heap.consistent());
  EXPECT_EQ(heap.first(), first);
  EXPECT_EQ(heap.key(*first).first, -100);
}

}  // namespace
}  // namespace xensim
