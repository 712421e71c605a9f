/// A cache in which objects have addresses.
#include "models/memory/addressed_cache.hpp"

#include <gtest/gtest.h>

#include <set>
#include <utility>
#include <vector>

#include "models/memory/cache.hpp"
#include "tests/models/memory/cache_shapes.hpp"

namespace xensim {
namespace {

constexpr FootprintId one{1}, other{2};
constexpr std::uint64_t colouring = 2003;

AddressedCache l2() { return AddressedCache(l2_shape, LinePlacement(colouring)); }

TEST(LinePlacement, AnObjectOfAPageHasEachLineOfItOnce) {
  const LinePlacement placement(colouring);
  std::set<std::uint32_t> offsets;
  for (std::uint32_t line = 0; line < LinePlacement::page_lines; ++line) {
    const auto [frame, offset] = placement.place(one, line);
    EXPECT_EQ(frame, placement.page_start(one).frame);
    EXPECT_LT(offset, page_size);
    offsets.insert(offset);
  }
  EXPECT_EQ(offsets.size(), LinePlacement::page_lines);
}

TEST(LinePlacement, ASmallObjectLiesAwayFromTheStartOfItsPage) {
  const LinePlacement placement(colouring);
  for (std::uint32_t object = 0; object < 1000; ++object) {
    EXPECT_NE(placement.place({object}, 0).offset, placement.page_start({object}).offset);
  }
}

TEST(LinePlacement, AnotherColouringPutsTheSameObjectElsewhere) {
  std::set<std::uint32_t> frames;
  for (std::uint64_t seed = 0; seed < 100; ++seed)
    frames.insert(LinePlacement(seed).place(one, 0).frame.value);
  EXPECT_GT(frames.size(), 98U);
}

TEST(AddressedCache, MissesEachLineOnceAndThenNoneAsLongAsNobodyElseUsesIt) {
  AddressedCache cache = l2();
  EXPECT_EQ(cache.touch(one, 100), 100U);
  EXPECT_EQ(cache.touch(one, 100), 0U);
  EXPECT_EQ(cache.touch(one, 120), 20U) << "it has grown";
}

TEST(AddressedCache, TellsOfManyObjectsWhichMissedTheirFirstLine) {
  AddressedCache cache = l2();
  (void)cache.touch(one, 1);
  std::vector<FootprintId> objects{other, one, {3}, other};
  objects.resize(cache.touch_each(objects));
  EXPECT_EQ(objects, (std::vector<FootprintId>{other, {3}}));
}

TEST(AddressedCache, AProgramOfTheCachesSizeLeavesLittleOfAnother) {
  AddressedCache cache = l2();
  (void)cache.touch(one, 50);
  (void)cache.touch(other, 3 * l2_shape.sectors());
  EXPECT_EQ(cache.touch(one, 50), 50U);
}

TEST(AddressedCache, ASingleLineOccupiesThatOfTheOtherSectorToo) {
  // As many objects of one line as the cache has lines of 128 bytes fill it.
  const auto left_after = [](std::uint32_t objects) {
    AddressedCache cache = l2();
    (void)cache.touch(one, 64);
    for (std::uint32_t object = 10; object < 10 + objects; ++object) (void)cache.touch({object}, 1);
    return 64 - cache.touch(one, 64);
  };
  EXPECT_GT(left_after(l2_shape.sectors() / 8), 55U);
  EXPECT_LT(left_after(l2_shape.sectors()), 10U);
}

TEST(AddressedCache, WhatIsInvalidIsMissedAgain) {
  AddressedCache cache = l2();
  (void)cache.touch(one, 10);
  cache.invalidate(one, 4);
  EXPECT_EQ(cache.touch(one, 10), 4U);
  cache.invalidate(one, UINT32_MAX);
  EXPECT_EQ(cache.touch(one, 10), 10U);
  cache.invalidate(other, 7);  // which it never saw
  EXPECT_EQ(cache.touch(one, 10), 0U);
}

TEST(AddressedCache, TheFirstLineOfAPageIsNotThatOfAnObjectInIt) {
  AddressedCache cache = l2();
  (void)cache.touch(one, 1);
  EXPECT_EQ(cache.touch_page_start(one), 1U);
  EXPECT_EQ(cache.touch_page_start(one), 0U);
}

TEST(AddressedCache, ARunThatCrowdsItselfOutIsResidentAsFarAsOthersLeftIt) {
  AddressedCache cache = l2();
  cache.ran(one, l2_shape.sectors());
  EXPECT_EQ(cache.resident(one), l2_shape.sectors());
  cache.ran(other, 3 * l2_shape.sectors());
  EXPECT_LT(cache.resident(one), l2_shape.sectors() / 10);
  EXPECT_EQ(cache.resident({3}), 0U);
}

// Objects of many sizes in turn: what footprints expect is the mean over colourings.
TEST(Cache, FootprintsFindTheMeanOverColourings) {
  constexpr std::uint32_t objects = 400, rounds = 6, warm = 3;
  const SurvivalTable table(l2_shape.sectors(), l2_shape.ways);
  // Even sizes of two lines and more, so that few lines are used by half.
  const auto lines_of = [](std::uint32_t object) { return 4 + object % 10 * 4; };
  const auto missed = [&](Cache cache) {
    double all = 0;
    for (std::uint32_t round = 0; round < rounds; ++round) {
      for (std::uint32_t object = 0; object < objects; ++object) {
        const std::uint32_t missing = cache.touch({object}, lines_of(object));
        if (round >= warm) all += missing;
      }
    }
    return all / (rounds - warm);
  };
  double mean = 0;
  constexpr int colourings = 20;
  for (std::uint64_t seed = 1; seed <= colourings; ++seed) {
    Cache cache(table);
    cache.go_by_addresses(l2_shape, LinePlacement(seed));
    mean += missed(std::move(cache)) / colourings;
  }
  const double expected = missed(Cache(table));
  EXPECT_GT(expected, 100);
  EXPECT_NEAR(mean, expected, 0.35 * expected);
}

}  // namespace
}  // namespace xensim
