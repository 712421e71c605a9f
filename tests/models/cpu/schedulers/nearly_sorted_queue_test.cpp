#include "models/cpu/schedulers/nearly_sorted_queue.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <deque>
#include <set>

namespace xensim {
namespace {

struct Item {
  int name;
  std::uint32_t run_slot = UINT32_MAX, heap_slot = UINT32_MAX;
};
using Key = std::pair<int, int>;
using Queue = NearlySortedQueue<Key, Item, &Item::run_slot, &Item::heap_slot>;

/// The queue beside a sorted set, which says what it must answer.
struct Pair {
  std::deque<Item> items;
  Queue queue;
  std::set<std::pair<Key, Item*>> sorted;

  void push(int key) {
    Item& item = items.emplace_back(Item{static_cast<int>(items.size())});
    queue.push(item, {key, item.name});
    sorted.insert({{key, item.name}, &item});
  }
  void erase(Item& item) {
    sorted.erase({queue.key(item), &item});
    queue.erase(item);
  }
  [[nodiscard]] bool agree() const {
    return queue.consistent() && queue.size() == sorted.size() &&
           queue.first() == (sorted.empty() ? nullptr : sorted.begin()->second);
  }
};

TEST(NearlySortedQueue, NamesTheSameFirstAsASortedSetWhateverTheOrder) {
  EXPECT_TRUE(rc::check([](const std::vector<std::pair<int, unsigned>>& operations) {
    Pair pair;
    for (const auto& [key, choice] : operations) {
      if (choice % 3 == 0 && !pair.items.empty()) {
        Item& item = pair.items[choice % pair.items.size()];
        if (Queue::contains(item)) pair.erase(item);
      } else {
        pair.push(key);
      }
      RC_ASSERT(pair.agree());
    }
  }));
}

TEST(NearlySortedQueue, NamesTheSameFirstAsASortedSetWhenKeysComeNearlyInOrder) {
  EXPECT_TRUE(rc::check([] {
    const int waiting = *rc::gen::inRange(1, 80);
    const auto delays = *rc::gen::container<std::vector<int>>(200, rc::gen::inRange(0, 12));
    Pair pair;
    for (int i = 0; i < waiting; ++i) pair.push(0);
    for (const int delay : delays) {  // the first runs and goes back behind nearly all
      const int key = pair.sorted.begin()->first.first;
      pair.erase(*pair.queue.first());
      pair.push(delay == 11 ? key : key + 50 + delay % 3);  // one in twelve comes early
      RC_ASSERT(pair.agree());
    }
  }));
}

TEST(NearlySortedQueue, KeepsItsOrderWhenAllKeysAreShifted) {
  Pair pair;
  for (int i = 0; i < 100; ++i) pair.push((i * 37) % 100);
  Item* const first = pair.queue.first();
  pair.queue.transform([](Key key) { return Key{key.first - 1000, key.second}; });
  EXPECT_TRUE(pair.queue.consistent());
  EXPECT_EQ(pair.queue.first(), first);
  EXPECT_EQ(pair.queue.key(*first).first, -1000);
}

}  // namespace
}  // namespace xensim
