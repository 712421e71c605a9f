/// The fast model of the L2, CacheFootprint, against the cache itself: programs with pages of random colours
/// take turns, each using all its lines in its turn.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/random.hpp"
#include "models/memory/cache_footprint.hpp"
#include "models/memory/page_table.hpp"
#include "tests/models/memory/cache_shapes.hpp"

namespace xensim {
namespace {

constexpr std::uint32_t pages_in_l2 = 128, rounds = 5, warm_up_rounds = 2;
constexpr int colourings = 40;

struct Programs {
  std::uint32_t count = 0;
  std::uint32_t pages = 0;   ///< of each
  std::uint32_t stride = 0;  ///< bytes between the sectors that it uses

  [[nodiscard]] std::uint32_t sectors() const { return pages * (page_size / stride); }
};

/// Means over turns, and over colourings.
struct Turn {
  double kept = 0;    ///< sectors still there when a program's turn comes
  double own = 0;     ///< there when it ends: what its own lines leave of each other
  double missed = 0;  ///< in the turn
};

Turn detailed(const Programs& programs) {
  Turn mean;
  const double turns = double{colourings} * (rounds - warm_up_rounds) * programs.count;
  for (int colouring = 0; colouring < colourings; ++colouring) {
    RandomStream random(1, std::to_string(colouring));
    DetailedCache cache(l2_shape);
    std::vector<FrameNumber> frames(std::size_t{programs.count} * programs.pages);
    for (FrameNumber& frame : frames) frame = {static_cast<std::uint32_t>(random.below(1 << 18))};
    for (std::uint32_t round = 0; round < rounds; ++round) {
      for (std::uint32_t program = 0; program < programs.count; ++program) {
        const FootprintId owner{program};
        const double kept = cache.resident(owner);
        std::uint32_t missed = 0;
        for (std::uint32_t page = 0; page < programs.pages; ++page) {
          const FrameNumber frame = frames[std::size_t{program} * programs.pages + page];
          for (std::uint32_t offset = 0; offset < page_size; offset += programs.stride) {
            if (!cache.access(frame, offset, owner)) ++missed;
          }
        }
        if (round < warm_up_rounds) continue;
        mean.kept += kept / turns;
        mean.own += cache.resident(owner) / turns;
        mean.missed += missed / turns;
      }
    }
  }
  return mean;
}

/// `lines` of each of `count` programs.
Turn fast(std::uint32_t count, std::uint32_t lines) {
  static const SurvivalTable table(l2_shape.sectors(), l2_shape.ways);
  CacheFootprint cache(table);
  Turn mean;
  const double turns = double{rounds - warm_up_rounds} * count;
  for (std::uint32_t round = 0; round < rounds; ++round) {
    for (std::uint32_t program = 0; program < count; ++program) {
      const double kept = cache.resident({program});
      const double missed = cache.touch({program}, lines);
      if (round < warm_up_rounds) continue;
      mean.kept += kept / turns;
      mean.missed += missed / turns;
    }
  }
  return mean;
}

std::vector<Programs> around_the_capacity(std::uint32_t stride) {
  std::vector<Programs> all;
  for (const std::uint32_t count : {2U, 8U}) {
    for (const std::uint32_t quarters : {2U, 3U, 4U, 5U, 6U, 8U}) {
      all.push_back({.count = count, .pages = quarters * pages_in_l2 / 4 / count, .stride = stride});
    }
  }
  return all;
}

std::string name(const Programs& programs) {
  return std::to_string(programs.count) + " programs of " + std::to_string(programs.pages) + " pages";
}

// Measured: the prediction is off by -1.5 % to +0.7 % of the program's lines, where the spread between
// colourings has a standard deviation of up to 9.4 %.
TEST(CacheFootprintAgreement, ResidentLinesAreThoseOfTheDetailedCacheToTwoPercentOfTheProgram) {
  for (const Programs& programs : around_the_capacity(l2_shape.sector)) {
    const Turn truth = detailed(programs), model = fast(programs.count, programs.sectors());
    // Survival is judged among the lines that the program does not crowd out itself.
    const double predicted = model.kept * truth.own / programs.sectors();
    EXPECT_NEAR(predicted, truth.kept, 0.02 * programs.sectors()) << name(programs);
  }
}

// A line that is used by half occupies the cache as a whole. Measured: entered as what it uses, such a
// program seems to keep up to 66 % of its lines too many; entered as what it occupies, the error is as above.
TEST(CacheFootprintAgreement, AProgramThatUsesEveryOtherSectorCountsTwice) {
  for (const Programs& programs : around_the_capacity(l2_shape.line)) {
    const Turn truth = detailed(programs), model = fast(programs.count, 2 * programs.sectors());
    const double predicted = model.kept / 2 * truth.own / programs.sectors();
    EXPECT_NEAR(predicted, truth.kept, 0.02 * programs.sectors()) << name(programs);
  }
  const Programs worst{.count = 8, .pages = 24, .stride = l2_shape.line};
  const double as_used = fast(worst.count, worst.sectors()).kept;
  EXPECT_GT(as_used - detailed(worst).kept, 0.6 * worst.sectors());
}

// The fast model takes for missing what is gone when the turn begins. In the turn itself the lines that are
// fetched displace others that would have been used later. Measured: of the misses of a turn in the order of
// addresses, the model counts 79 % to 99 % with eight programs and 34 % to 86 % with two, least where little
// misses at all.
TEST(CacheFootprintAgreement, ATurnMissesMoreThanWasGoneBefore) {
  for (const Programs& programs : around_the_capacity(l2_shape.sector)) {
    const double truth = detailed(programs).missed, model = fast(programs.count, programs.sectors()).missed;
    EXPECT_LE(model, truth + 0.005 * programs.sectors()) << name(programs);
    EXPECT_GE(model, (programs.count == 8 ? 0.75 : 0.30) * truth) << name(programs);
  }
}

}  // namespace
}  // namespace xensim
