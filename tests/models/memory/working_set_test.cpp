#include "models/memory/working_set.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <array>

namespace xensim {
namespace {

constexpr Time price{97'500};  // ps: 150 ns, 65 % of it exposed
constexpr std::uint32_t l2_lines = 8192;

MissCurve gzip_like() {
  const std::array points{MissCurve::Point{Bytes{32 << 10}, 34.31}, MissCurve::Point{Bytes{256 << 10}, 0.825},
                          MissCurve::Point{Bytes{8 << 20}, 0.22}};
  return MissCurve(points);
}

WorkingSet gzip(std::uint32_t lines = l2_lines) {
  return WorkingSet::from_curve(gzip_like(), 1.21, Frequency{2'400'000}, Bytes{64}, lines, price, 40);
}

TEST(MissCurve, PassesThroughItsPointsAndFallsBetweenThem) {
  const MissCurve curve = gzip_like();
  EXPECT_NEAR(curve.at(Bytes{32 << 10}), 34.31, 1e-9);
  EXPECT_NEAR(curve.at(Bytes{256 << 10}), 0.825, 1e-9);
  EXPECT_NEAR(curve.at(Bytes{8 << 20}), 0.22, 1e-9);
  // Log-log between 256 KB and 8 MB: a factor of (0.22/0.825)^(1/5) per octave.
  EXPECT_NEAR(curve.at(Bytes{512 << 10}), 0.633, 0.001);
  for (std::int64_t size = 64; size < (32 << 20); size += size / 3 + 1) {
    EXPECT_GE(curve.at(Bytes{size}), curve.at(Bytes{size + size / 3 + 1}));
  }
}

TEST(MissCurve, RefusesWhatIsNoCurve) {
  EXPECT_THROW(MissCurve(std::array<MissCurve::Point, 1>{{{Bytes{64}, 1}}}), std::invalid_argument);
  EXPECT_THROW(MissCurve(std::array<MissCurve::Point, 2>{{{Bytes{128}, 1}, {Bytes{64}, 2}}}),
               std::invalid_argument);
  EXPECT_THROW(MissCurve(std::array<MissCurve::Point, 2>{{{Bytes{64}, 1}, {Bytes{128}, 0}}}),
               std::invalid_argument);
}

TEST(WorkingSet, AFullCacheRunsAtFullSpeed) {
  const WorkingSet set = gzip();
  EXPECT_EQ(set.run(set.with_resident(set.lines()), 10ms).work, Time{10ms});
  EXPECT_EQ(set.time_for(set.with_resident(set.lines()), 10ms), Time{10ms});
}

TEST(WorkingSet, AColdStartCostsThePriceOfItsExtraMissesOnce) {
  const WorkingSet set = gzip();
  const Time span = 200ms;
  const Time lost = span - set.run(set.with_resident(0), span).work;
  EXPECT_NEAR(to_seconds(lost), set.extra_misses() * to_seconds(price), 1e-9);
  EXPECT_EQ(set.run(set.with_resident(0), 2 * span).work - set.run(set.with_resident(0), span).work, span)
      << "nothing is lost later";
}

TEST(WorkingSet, ReloadsTheLinesThatTheMethodOfTheMissCurveGives) {
  // Footprint less what a warm cache would have missed meanwhile: 3406 lines for gzip at 512 KB.
  EXPECT_NEAR(gzip().extra_misses(), 3406, 0.05 * 3406);
}

TEST(WorkingSet, ALargerCacheTakesLongerToRefill) {
  EXPECT_LT(gzip(4096).extra_misses(), gzip(8192).extra_misses());
  EXPECT_LT(gzip(8192).extra_misses(), gzip(16384).extra_misses());
}

TEST(WorkingSet, ProgressIsMonotonousAndTimeForInvertsIt) {
  const WorkingSet set = gzip();
  EXPECT_TRUE(rc::check([&] {
    const auto resident = *rc::gen::inRange<std::uint32_t>(0, l2_lines + 1);
    const Time span{*rc::gen::inRange<std::int64_t>(1, 50'000'000'000)};
    const WorkingSet::Progress progress = set.run(set.with_resident(resident), span);
    RC_ASSERT(progress.work <= span);
    RC_ASSERT(progress.work >= Time{});
    RC_ASSERT(progress.resident >= resident);
    RC_ASSERT(progress.resident <= l2_lines);
    RC_ASSERT(set.run(set.with_resident(resident), span + 1us).work >= progress.work);
    // To the rounding of the table's coordinates, which are whole lines.
    const Time error = set.time_for(set.with_resident(resident), progress.work) - span;
    RC_ASSERT(error <= Time{1us});
    RC_ASSERT(error >= Time{-1us});
  }));
}

TEST(WorkingSet, AStretchOfAPicosecondNeverUndoesWork) {
  const WorkingSet set = gzip();
  for (std::uint32_t resident = 0; resident <= l2_lines; ++resident) {
    for (const Time span : {Time{0}, Time{1}, Time{2}, Time{3}}) {
      const WorkingSet::Progress progress = set.run(set.with_resident(resident), span);
      ASSERT_GE(progress.work, Time{}) << resident << " lines, " << span.count() << " ps";
      // The curve's extrapolation below 32 KB lets the very first lines come at once.
      ASSERT_LE(progress.touched, 16U) << resident << " lines, " << span.count() << " ps";
    }
  }
}

TEST(WorkingSet, TwoStretchesDoAsMuchAsOne) {
  const WorkingSet set = gzip();
  EXPECT_TRUE(rc::check([&] {
    const Time first{*rc::gen::inRange<std::int64_t>(1, 5'000'000'000)};
    const Time second{*rc::gen::inRange<std::int64_t>(1, 5'000'000'000)};
    const WorkingSet::Progress half = set.run(set.with_resident(0), first);
    const Time split = half.work + set.run(set.with_resident(half.resident), second).work;
    const Time whole = set.run(set.with_resident(0), first + second).work;
    // A line or two may fall between the stretches.
    RC_ASSERT(split - whole <= 20us);
    RC_ASSERT(whole - split <= 20us);
  }));
}

TEST(WorkingSet, AConstantSetPaysForItsLinesAtOnce) {
  const WorkingSet set = WorkingSet::constant(100, price, 4);
  EXPECT_EQ(set.lines(), 100U);
  EXPECT_NEAR(to_seconds(1ms - set.run(set.with_resident(0), 1ms).work), to_seconds(price * 100), 1e-11);
  EXPECT_EQ(set.run(set.with_resident(100), 1ms).work, Time{1ms});
}

}  // namespace
}  // namespace xensim
