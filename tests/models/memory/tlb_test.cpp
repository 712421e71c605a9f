#include "models/memory/tlb.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <list>
#include <optional>
#include <vector>

#include "core/random.hpp"

namespace xensim {
namespace {

constexpr std::uint32_t writable = PageTableEntry::writable, global = PageTableEntry::global,
                        large = PageTableEntry::large;
constexpr AddressSpaceId one{1}, two{2};

Address page(std::uint32_t number) { return {number * page_size}; }

TEST(Tlb, FindsWhatWasInserted) {
  Tlb tlb(data_tlb_shape);
  EXPECT_EQ(tlb.lookup(page(5)), nullptr);
  tlb.insert(page(5), {.frame = {77}, .flags = writable});
  const Translation* found = tlb.lookup({page(5).value + 123});
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(*found, (Translation{.frame = {77}, .flags = writable}));
  EXPECT_EQ(tlb.lookup(page(6)), nullptr);
  EXPECT_EQ(tlb.counts().hits, 1U);
  EXPECT_EQ(tlb.counts().misses, 2U);
}

TEST(Tlb, AnEntryOfALargePageCoversFourMegabytes) {
  Tlb tlb(data_tlb_shape);
  tlb.insert(page(1024), {.frame = {2048}, .flags = large});
  const Translation* found = tlb.lookup(page(2047));
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->frame_of(page(2047)), FrameNumber{3071});
  EXPECT_EQ(tlb.lookup(page(2048)), nullptr);
  EXPECT_EQ(tlb.lookup(page(1023)), nullptr);
}

TEST(Tlb, TheDataTlbHoldsAny64PagesAndThenForgetsTheLeastRecentlyUsed) {
  Tlb tlb(data_tlb_shape);
  for (std::uint32_t i = 0; i < 64; ++i) tlb.insert(page(i * 1024), {.frame = {i}});
  EXPECT_EQ(tlb.size(), 64U);
  ASSERT_NE(tlb.lookup(page(0)), nullptr);
  tlb.insert(page(1), {.frame = {64}});
  EXPECT_NE(tlb.lookup(page(0)), nullptr);
  EXPECT_EQ(tlb.lookup(page(1024)), nullptr);
  EXPECT_EQ(tlb.counts().evictions, 1U);
}

TEST(Tlb, TheInstructionTlbHoldsFourPagesOfASet) {
  Tlb tlb(instruction_tlb_shape);
  for (std::uint32_t i = 0; i < 5; ++i) tlb.insert(page(i * 32), {.frame = {i}});
  tlb.insert(page(1), {.frame = {9}});
  EXPECT_EQ(tlb.lookup(page(0)), nullptr);
  for (std::uint32_t i = 1; i < 5; ++i) EXPECT_NE(tlb.lookup(page(i * 32)), nullptr) << i;
  EXPECT_NE(tlb.lookup(page(1)), nullptr);
}

TEST(Tlb, GlobalEntriesSurviveALoadOfTheAddressSpaceButNotAChangeOfMode) {
  Tlb tlb(data_tlb_shape);
  tlb.insert(page(1), {.frame = {1}});
  tlb.insert(page(2), {.frame = {2}, .flags = global});
  tlb.switch_to(two);
  EXPECT_EQ(tlb.lookup(page(1)), nullptr);
  EXPECT_NE(tlb.lookup(page(2)), nullptr);
  tlb.flush(FlushScope::everything);
  EXPECT_EQ(tlb.lookup(page(2)), nullptr);
  EXPECT_EQ(tlb.counts().flushes, 2U);
}

TEST(Tlb, FlushingAPageTakesItsGlobalEntryAndLeavesItsNeighbours) {
  Tlb tlb(data_tlb_shape);
  for (std::uint32_t i = 0; i < 3; ++i) tlb.insert(page(i), {.frame = {i}, .flags = global});
  tlb.flush_page({page(1).value + 100});
  EXPECT_NE(tlb.lookup(page(0)), nullptr);
  EXPECT_EQ(tlb.lookup(page(1)), nullptr);
  EXPECT_NE(tlb.lookup(page(2)), nullptr);
  EXPECT_EQ(tlb.counts().page_flushes, 1U);
}

TEST(Tlb, WhatWasFlushedMakesRoomFirst) {
  Tlb tlb(data_tlb_shape);
  for (std::uint32_t i = 0; i < 64; ++i) tlb.insert(page(i), {.frame = {i}});
  tlb.flush_page(page(63));
  tlb.insert(page(100), {.frame = {100}});
  EXPECT_NE(tlb.lookup(page(0)), nullptr);
  EXPECT_EQ(tlb.counts().evictions, 0U);
}

TEST(Tlb, WithTagsEntriesWaitForTheirAddressSpaceToReturn) {
  Tlb tlb({.entries = 64, .ways = 64, .tagged = true});
  tlb.switch_to(one);
  tlb.insert(page(1), {.frame = {10}});
  tlb.insert(page(9), {.frame = {90}, .flags = global});
  tlb.switch_to(two);
  EXPECT_EQ(tlb.lookup(page(1)), nullptr);
  EXPECT_NE(tlb.lookup(page(9)), nullptr);
  tlb.insert(page(1), {.frame = {20}});
  tlb.switch_to(one);
  EXPECT_EQ(tlb.lookup(page(1))->frame, FrameNumber{10});
  EXPECT_EQ(tlb.counts().flushes, 0U);
}

TEST(Tlb, WithTagsAFlushMayStayWithinTheAddressSpace) {
  Tlb tlb({.entries = 64, .ways = 64, .tagged = true});
  for (const AddressSpaceId space : {one, two}) {
    tlb.switch_to(space);
    tlb.insert(page(1), {.frame = {space.value}});
  }
  tlb.insert(page(2), {.frame = {3}, .flags = global});
  tlb.flush(FlushScope::space);
  EXPECT_EQ(tlb.lookup(page(1)), nullptr);
  EXPECT_NE(tlb.lookup(page(2)), nullptr);
  tlb.switch_to(one);
  EXPECT_NE(tlb.lookup(page(1)), nullptr);
  tlb.flush(FlushScope::all_but_global);
  EXPECT_EQ(tlb.size(), 1U);
}

/// A list per set, newest first, searched from end to end.
class NaiveTlb {
 public:
  explicit NaiveTlb(const TlbShape& shape) : shape_(shape), sets_(shape.entries / shape.ways) {}

  std::optional<Translation> lookup(Address address) {
    // A small page counts before a large one, the address space's own before a global one.
    for (const bool shared : {false, true}) {
      for (const bool is_large : {false, true}) {
        std::list<Item>& set = set_of(address, is_large);
        const auto found = std::find_if(set.begin(), set.end(), [&](const Item& item) {
          return covers(item, address) && item.translation.has(large) == is_large &&
                 is_shared(item) == shared;
        });
        if (found == set.end()) continue;
        set.splice(set.begin(), set, found);
        return found->translation;
      }
    }
    return std::nullopt;
  }
  void insert(Address address, Translation translation) {
    std::list<Item>& set = set_of(address, translation.has(large));
    set.push_front({.page = address, .translation = translation, .space = space_});
    if (set.size() > shape_.ways) set.pop_back();
  }
  void flush_page(Address address) {
    erase([&](const Item& item) { return covers(item, address); });
  }
  void flush(FlushScope scope) {
    erase([&](const Item& item) {
      if (scope == FlushScope::everything) return true;
      if (item.translation.has(global)) return false;
      return scope == FlushScope::all_but_global || !shape_.tagged || item.space == space_;
    });
  }
  void switch_to(AddressSpaceId space) {
    if (!shape_.tagged) flush(FlushScope::all_but_global);
    space_ = space;
  }
  [[nodiscard]] std::size_t size() const {
    std::size_t sum = 0;
    for (const auto& set : sets_) sum += set.size();
    return sum;
  }

 private:
  struct Item {
    Address page;
    Translation translation;
    AddressSpaceId space;
  };
  [[nodiscard]] bool is_shared(const Item& item) const {
    return shape_.tagged && item.translation.has(global);
  }
  [[nodiscard]] bool covers(const Item& item, Address address) const {
    if (shape_.tagged && item.space != space_ && !item.translation.has(global)) return false;
    return item.translation.has(large) ? item.page.directory_index() == address.directory_index()
                                       : item.page.page() == address.page();
  }
  std::list<Item>& set_of(Address address, bool is_large) {
    return sets_[(is_large ? address.directory_index() : address.page()) % sets_.size()];
  }
  template <class Predicate>
  void erase(Predicate predicate) {
    for (auto& set : sets_) set.remove_if(predicate);
  }

  TlbShape shape_;
  std::vector<std::list<Item>> sets_;
  AddressSpaceId space_{0};
};

void behaves_like_a_list(const TlbShape& shape, std::uint32_t pages) {
  Tlb tlb(shape);
  NaiveTlb naive(shape);
  std::uint64_t hits = 0, misses = 0;
  // Pages in two regions of 4 MB, so that large ones overlap small ones.
  const auto steps =
      *rc::gen::resize(600, rc::gen::container<std::vector<std::pair<int, std::uint32_t>>>(rc::gen::pair(
                                rc::gen::inRange(0, 100), rc::gen::inRange<std::uint32_t>(0, pages))));
  for (const auto& [action, number] : steps) {
    const Address address{number % 2 * (4U << 20) + number / 2 * page_size};
    if (action < 90) {
      const Translation* found = tlb.lookup(address);
      const std::optional<Translation> expected = naive.lookup(address);
      RC_ASSERT((found != nullptr) == expected.has_value());
      if (found != nullptr) {
        RC_ASSERT(*found == *expected);
        ++hits;
        continue;
      }
      ++misses;
      std::uint32_t flags = action % 4 == 0 ? global : 0;
      if (action % 16 == 1) flags |= large;
      const Translation translation{.frame = {number + static_cast<std::uint32_t>(action)}, .flags = flags};
      tlb.insert(address, translation);
      naive.insert(address, translation);
    } else if (action < 95) {
      tlb.flush_page(address);
      naive.flush_page(address);
    } else if (action < 97) {
      const AddressSpaceId space{number % 3};
      tlb.switch_to(space);
      naive.switch_to(space);
    } else {
      const auto scope = static_cast<FlushScope>(action - 97);
      tlb.flush(scope);
      naive.flush(scope);
    }
    RC_ASSERT(tlb.size() == naive.size());
  }
  RC_ASSERT(tlb.counts().hits == hits);
  RC_ASSERT(tlb.counts().misses == misses);
}

TEST(Tlb, BehavesLikeAListSearchedFromEndToEnd) {
  for (const bool tagged : {false, true}) {
    EXPECT_TRUE(rc::check([&] { behaves_like_a_list({16, 16, tagged}, 24); }));
    EXPECT_TRUE(rc::check([&] { behaves_like_a_list({16, 4, tagged}, 24); }));
    EXPECT_TRUE(rc::check([&] { behaves_like_a_list({8, 1, tagged}, 24); }));
  }
}

TEST(Tlb, EvictsWhatAListWouldEvictInAnyMixOfHitsAndMisses) {
  // Nearly all hits, so that many entries were used when one must go, to nearly all misses.
  for (const std::uint32_t pages : {70U, 100U, 1000U}) {
    for (const TlbShape& shape : {data_tlb_shape, instruction_tlb_shape}) {
      Tlb tlb(shape);
      NaiveTlb naive(shape);
      RandomStream random(1, "pages");
      for (int i = 0; i < 20000; ++i) {
        const Address address = page(static_cast<std::uint32_t>(random.below(pages)));
        const bool hit = tlb.lookup(address) != nullptr;
        ASSERT_EQ(hit, naive.lookup(address).has_value()) << pages << " pages, step " << i;
        if (random.below(100) == 0) {
          tlb.flush_page(address);
          naive.flush_page(address);
        } else if (!hit) {
          tlb.insert(address, {.frame = {address.page()}});
          naive.insert(address, {.frame = {address.page()}});
        }
      }
      EXPECT_GT(tlb.counts().evictions + tlb.counts().hits, 10000U);
    }
  }
}

TEST(Tlb, ShowsWhatTheCurrentAddressSpaceCanHit) {
  Tlb tlb({.entries = 8, .ways = 8, .tagged = true});
  tlb.switch_to(one);
  tlb.insert(page(1), {.frame = {1}});
  tlb.switch_to(two);
  tlb.insert(page(2), {.frame = {2}});
  tlb.insert(page(4096), {.frame = {4096}, .flags = large | global});
  EXPECT_THAT(tlb.visible(), testing::UnorderedElementsAre(
                                 Tlb::Entry{page(2), {.frame = {2}}},
                                 Tlb::Entry{page(4096), {.frame = {4096}, .flags = large | global}}));
}

}  // namespace
}  // namespace xensim
