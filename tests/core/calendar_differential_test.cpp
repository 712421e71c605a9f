/// Every event set must pop the same sequence as the reference, whatever is done to both.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "core/event_sets/ladder.hpp"
#include "core/event_sets/reference.hpp"
#include "core/random.hpp"

namespace xensim {
namespace {

/// A set and the reference side by side, each with events of its own.
class Pair {
 public:
  explicit Pair(std::size_t events, LadderQueue set = LadderQueue()) : set_(std::move(set)) {
    const auto nothing = [](void*) {};
    ours_.assign(events, Event(nothing, nullptr));
    theirs_.assign(events, Event(nothing, nullptr));
  }

  [[nodiscard]] std::size_t events() const { return ours_.size(); }
  [[nodiscard]] std::size_t size() const { return reference_.size(); }
  [[nodiscard]] Time now() const { return now_; }
  [[nodiscard]] bool pending(std::size_t index) const { return theirs_[index].pending(); }

  void arm(std::size_t index, Time when) {
    cancel(index);
    set_.push(ours_[index], when);
    reference_.push(theirs_[index], when);
  }

  void cancel(std::size_t index) {
    if (!pending(index)) return;
    set_.remove(ours_[index]);
    reference_.remove(theirs_[index]);
  }

  /// Pops from both and returns the index of the event.
  std::size_t pop() {
    const Event& ours = set_.pop();
    const Event& theirs = reference_.pop();
    now_ = theirs.when();
    same_ = same_ && !ours.pending() && &ours - ours_.data() == &theirs - theirs_.data();
    return static_cast<std::size_t>(&theirs - theirs_.data());
  }

  [[nodiscard]] bool same() {
    same_ = same_ && set_.size() == reference_.size() && set_.next() == reference_.next();
    return same_;
  }

  [[nodiscard]] bool same_to_the_end() {
    while (same() && size() > 0) pop();
    return same();
  }

 private:
  LadderQueue set_;
  ReferenceEventSet reference_;
  std::vector<Event> ours_;
  std::vector<Event> theirs_;
  Time now_{};
  bool same_ = true;
};

/// Delays from nothing to the end of time, with a liking for ties and for clusters far apart.
Time some_delay(RandomStream& random, Time now) {
  const auto upto = [&random](std::int64_t bound) {
    return Time{static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(bound)))};
  };
  switch (random.below(9)) {
    case 0:
      return Time{};
    case 1:
      return upto(4);
    case 2:
      return upto(1000);
    case 3:
      return upto(1'000'000);
    case 4:
      return Time{1000} - now % 1000;  // the same for many
    case 5:
      return upto(100) * 1'000'000;
    case 6:
      return upto(std::int64_t{1} << random.below(62));
    case 7:
      return random.below(10) == 0 ? never - now : upto(50);
    default:
      return Time{1'000'000} + upto(3);
  }
}

Time later(Time now, Time delay) { return delay > never - now ? never : now + delay; }

TEST(EventSets, PopTheSameSequenceWhateverIsDone) {
  EXPECT_TRUE(rc::check([](std::uint64_t seed) {
    RandomStream random(seed, "differential");
    // Sets of all sizes, above all around those where the ladder changes its ways.
    const std::size_t events = 1 + random.below(std::uint64_t{1} << (1 + random.below(11)));
    Pair pair(events);
    const std::uint64_t cancel_share = random.below(100);
    const std::uint64_t pop_share = 1 + random.below(100);
    for (int step = 0; step < 3000; ++step) {
      const std::uint64_t choice = random.below(100 + pop_share);
      const std::size_t index = random.below(events);
      if (choice >= 100 && pair.size() > 0) {
        pair.pop();
      } else if (choice < cancel_share / 2) {
        pair.cancel(index);
      } else {
        pair.arm(index, later(pair.now(), some_delay(random, pair.now())));
      }
      RC_ASSERT(pair.same());
    }
    RC_ASSERT(pair.same_to_the_end());
  }));
}

/// One hold model: `delay` says when an event that has just happened is due again.
void hold(std::size_t events, int steps, const std::function<Time(RandomStream&)>& delay,
          std::uint64_t churn_percent) {
  SCOPED_TRACE(testing::Message() << events << " events, " << churn_percent << " % churn");
  RandomStream random(7, "hold");
  Pair pair(events);
  for (std::size_t i = 0; i < events; ++i) pair.arm(i, delay(random));
  for (int step = 0; step < steps; ++step) {
    const std::size_t happened = pair.pop();
    pair.arm(happened, pair.now() + delay(random));
    if (random.below(100) < churn_percent) {
      const std::size_t moved = random.below(events);
      pair.arm(moved, pair.now() + delay(random));
    }
    ASSERT_TRUE(pair.same()) << "at step " << step;
  }
  EXPECT_TRUE(pair.same_to_the_end());
}

void hold_all_sizes(const std::function<Time(RandomStream&)>& delay) {
  for (const std::size_t events : {1u, 2u, 15u, 16u, 17u, 20u, 40u, 100u, 1000u, 20'000u}) {
    for (const std::uint64_t churn : {0u, 100u}) hold(events, 50'000, delay, churn);
  }
}

TEST(EventSets, PopTheSameSequenceWithUniformDelays) {
  hold_all_sizes([](RandomStream& random) { return random.between(Time{}, Time{2'000'000}); });
}

TEST(EventSets, PopTheSameSequenceWithBimodalDelays) {
  hold_all_sizes([](RandomStream& random) {
    return random.below(8) == 0 ? random.between(Time{}, 8us) : random.between(Time{}, 100ns);
  });
}

TEST(EventSets, PopTheSameSequenceWithDelaysOverAllMagnitudes) {
  hold_all_sizes(
      [](RandomStream& random) { return random.between(Time{}, Time{std::int64_t{1} << random.below(45)}); });
}

TEST(EventSets, PopTheSameSequenceWithAlmostOnlyTies) {
  hold_all_sizes([](RandomStream& random) { return random.between(Time{}, Time{2}) * 500; });
}

TEST(EventSets, PopTheSameSequenceInBurstsThatDrain) {
  RandomStream random(3, "bursts");
  Pair pair(5000);
  for (int burst = 0; burst < 60; ++burst) {
    const std::size_t size = 1 + random.below(pair.events());
    const Time spread{static_cast<std::int64_t>(random.below(std::uint64_t{1} << random.below(30)))};
    for (std::size_t i = 0; i < size; ++i) pair.arm(i, pair.now() + random.between(Time{}, spread));
    const std::size_t left = burst % 3 == 0 ? 0 : random.below(size);
    while (pair.size() > left) {
      pair.pop();
      ASSERT_TRUE(pair.same()) << "in burst " << burst;
    }
  }
  EXPECT_TRUE(pair.same_to_the_end());
}

TEST(EventSets, PopTheSameSequenceWhenEachEventIsBeforeAllOthers) {
  Pair pair(3000);
  for (std::size_t i = 0; i < 3000; ++i) pair.arm(i, Time{1'000'000 - static_cast<std::int64_t>(i) * 300});
  for (std::size_t i = 0; i < 1000; ++i) pair.pop();
  for (std::size_t i = 3000; i-- > 2000;) pair.arm(i, pair.now() + Time{static_cast<std::int64_t>(i) - 2000});
  EXPECT_TRUE(pair.same_to_the_end());
}

TEST(EventSets, PopTheSameSequenceWithManyTiesAndEventsBeforeThem) {
  RandomStream random(5, "ties");
  Pair pair(3000);
  for (std::size_t i = 0; i < 2500; ++i) pair.arm(i, 1us);
  // Again and again the ties come to the front, and are pushed back by events that come before them.
  for (int round = 0; round < 50; ++round) {
    for (std::size_t i = 2500; i < 2500 + 1 + random.below(60); ++i) {
      pair.arm(i, pair.now() + Time{static_cast<std::int64_t>(random.below(5'000))});
    }
    while (pair.size() > 2500) {
      pair.pop();
      ASSERT_TRUE(pair.same());
    }
    pair.cancel(random.below(2500));
    pair.arm(random.below(2500), 1us);
    if (pair.now() + Time{5'000} > 1us) break;
  }
  EXPECT_TRUE(pair.same_to_the_end());
}

TEST(EventSets, PopTheSameSequenceWhenInsertionsAreNumberedAnew) {
  constexpr std::uint32_t almost_all = ~std::uint32_t{0} - 700;
  RandomStream random(11, "renumber");
  Pair pair(500, LadderQueue(almost_all));
  for (int step = 0; step < 3000; ++step) {
    const std::size_t index = random.below(500);
    pair.arm(index, pair.now() + Time{static_cast<std::int64_t>(random.below(40))});
    if (random.below(4) == 0) pair.pop();
    ASSERT_TRUE(pair.same());
  }
  EXPECT_TRUE(pair.same_to_the_end());
}

TEST(EventSets, AMillionTiesComeInOrderOfInsertion) {
  constexpr std::size_t events = 1'000'000;
  LadderQueue set;
  std::vector<Event> ties(events, Event([](void*) {}, nullptr));
  for (Event& tie : ties) set.push(tie, 1ms);
  std::size_t in_order = 0;
  while (in_order < events && &set.pop() == &ties[in_order]) ++in_order;
  EXPECT_EQ(in_order, events);
  EXPECT_EQ(set.size(), 0);
}

TEST(EventSets, PopTheSameSequenceWhenAnInstantDoesNotEnd) {
  Pair pair(41);
  for (std::size_t i = 0; i < 41; ++i) pair.arm(i, 1us);
  for (int step = 0; step < 20'000; ++step) {
    const std::size_t happened = pair.pop();
    pair.arm(happened, pair.now());
    ASSERT_TRUE(pair.same()) << "at step " << step;
  }
  EXPECT_TRUE(pair.same_to_the_end());
}

TEST(EventSets, KeepNothingOfATimerThatIsReArmedForever) {
  // Far more often than memory would allow if each cancellation left something behind.
  Pair pair(40);
  for (std::size_t i = 0; i < 40; ++i) pair.arm(i, Time{static_cast<std::int64_t>(i) + 1'000'000});
  for (int i = 0; i < 300'000; ++i) pair.arm(39, Time{2'000'000 + i});
  EXPECT_TRUE(pair.same_to_the_end());
}

}  // namespace
}  // namespace xensim
