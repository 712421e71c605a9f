/// Borrowed virtual time as published: exact slices, and the bounds that make it fair.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <boost/multiprecision/cpp_int.hpp>
#include <numeric>

#include "core/json.hpp"
#include "tests/models/cpu/schedulers/random_operations.hpp"

namespace xensim::test {
namespace {

constexpr Time allowance = 5ms;  // C

TEST(Bvt, RunsAVcpuUntilItIsOneAllowanceAheadOfTheNext) {
  Bench bench{"bvt"};
  const VcpuId a = bench.add_hog({.weight = 1}), b = bench.add_hog({.weight = 1});
  bench.run_until(5ms - Time{1});
  EXPECT_EQ(bench.running(), a);
  bench.run_until(5ms);  // b is 5 ms behind: it runs until it is 5 ms ahead
  EXPECT_EQ(bench.last(), (Bench::Pass{5ms, CpuId{0}, b, 10ms, 3}));
  bench.run_until(15ms);
  EXPECT_EQ(bench.last(), (Bench::Pass{15ms, CpuId{0}, a, 10ms, 3}));
}

TEST(Bvt, ScalesTheAllowanceAndTheLeadByTheWeight) {
  Bench bench{"bvt"};
  const VcpuId heavy = bench.add_hog({.weight = 4}), light = bench.add_hog({.weight = 1});
  bench.run_until(5ms);  // heavy is at A = 1.25 ms
  EXPECT_EQ(bench.last(), (Bench::Pass{5ms, CpuId{0}, light, 6250us, 3}));
  bench.run_until(11250us);  // light at 6.25 ms: heavy may go to 6.25 + 5/4 = 7.5 ms
  EXPECT_EQ(bench.last(), (Bench::Pass{11250us, CpuId{0}, heavy, 25ms, 3}));
}

TEST(Bvt, NeedsNoPassWhileNobodyCompetes) {
  Bench bench{"bvt"};
  bench.add_hog();
  bench.run_for(10s);
  EXPECT_EQ(bench.passes().size(), 1u);
  EXPECT_EQ(bench.last().slice, never);
}

TEST(Bvt, AWakeUpBelowTheCurrentPreemptsAtOnceWithoutAllowance) {
  Bench bench{"bvt"};
  const VcpuId sleeper = bench.add({.weight = 1}), a = bench.add_hog({.weight = 1}),
               b = bench.add_hog({.weight = 1});
  bench.run_until(6ms);  // a is at 5 ms, b at 1 ms
  bench.wake(sleeper);   // SVT is b's 1 ms, which is not below the current's
  EXPECT_EQ(bench.running(), b);
  bench.run_until(11ms - Time{1});
  EXPECT_EQ(bench.running(), b);
  bench.run_until(11ms);  // b is at 6 ms
  EXPECT_EQ(bench.running(), sleeper);
  bench.block(sleeper);
  EXPECT_EQ(bench.running(), a);
  bench.run_until(15ms);  // a is at 9 ms, b still at 6 ms
  bench.wake(sleeper);    // at 6 ms
  EXPECT_EQ(bench.last().at, Time{15ms});
  EXPECT_EQ(bench.running(), sleeper);
}

/// It may have to wait for the current one, if that is at the same virtual time, but for no other.
TEST(Bvt, AWakeUpIsNotKeptWaitingByACrowdThatHasItsVirtualTime) {
  Bench bench{"bvt"};
  const VcpuId sleeper = bench.add();
  for (int hog = 0; hog < 64; ++hog) bench.add_hog();
  bench.run_until(2s);
  for (int time = 0; time < 50; ++time) {
    bench.run_for(647ms);  // more than a round of all, in which SVT moves on
    const VcpuId current = bench.running();
    bench.wake(sleeper);
    while (bench.running() == current) bench.run_for(100us);
    ASSERT_EQ(bench.running(), sleeper);
    bench.block(sleeper);
  }
  EXPECT_LE(bench.longest_wait(sleeper), allowance);
}

TEST(Bvt, AWarpIsWorthTheVirtualTimeOfRunningThatLong) {
  Bench bench{"bvt"};
  const VcpuId warper = bench.add({.weight = 10, .warp = 20ms}), hog = bench.add_hog({.weight = 10});
  bench.run_until(10ms);
  bench.wake(warper);  // at the hog's A of 1 ms; E is 2 ms less
  EXPECT_EQ(bench.running(), warper);
  EXPECT_EQ(bench.last().slice, 25ms);
  bench.run_until(35ms);
  EXPECT_EQ(bench.running(), hog);
}

TEST(Bvt, ASleeperDoesNotSaveUpVirtualTime) {
  Bench bench{"bvt"};
  const VcpuId sleeper = bench.add({.weight = 1}), hog = bench.add_hog({.weight = 1});
  bench.run_until(10s);
  bench.wake(sleeper);
  const Time before = bench.service(hog);
  bench.run_for(1s);
  EXPECT_LE(bench.service(sleeper) - (bench.service(hog) - before), allowance);
}

TEST(Bvt, AWarpPutsAWakingVcpuAheadOfEqualsByW) {
  Bench bench{"bvt"};
  const VcpuId warper = bench.add({.weight = 1, .warp = 20ms}), hog = bench.add_hog({.weight = 1});
  bench.run_until(10ms);
  bench.wake(warper);  // A = 10 ms, E = -10 ms: below the current's 10 ms
  EXPECT_EQ(bench.running(), warper);
  EXPECT_EQ(bench.last().slice, 25ms);  // to the hog's 10 ms, and C
  bench.run_until(35ms);
  EXPECT_EQ(bench.running(), hog);
}

TEST(Bvt, TheWarpTimeLimitEndsAWarpAndTheUnwarpRequirementDelaysTheNext) {
  Bench bench{"bvt"};
  const VcpuId warper = bench.add({.weight = 1, .warp = 100ms, .warp_limit = 2ms, .unwarp_requirement = 8ms});
  const VcpuId hog = bench.add_hog({.weight = 1});
  bench.run_until(10ms);
  bench.wake(warper);
  EXPECT_EQ(bench.last().slice, 105ms);
  bench.run_until(15ms - Time{1});  // at 12 ms unwarped, at A = E = 12 ms: C ahead of 10 ms at 15 ms
  EXPECT_EQ(bench.running(), warper);
  bench.run_until(15ms);
  EXPECT_EQ(bench.running(), hog);
  bench.run_until(20ms - Time{1});
  EXPECT_EQ(bench.running(), hog);
  bench.run_until(20ms);  // 12 ms + 8 ms: E falls by W
  EXPECT_EQ(bench.running(), warper);
  EXPECT_EQ(bench.violation(), "");
}

TEST(Bvt, AWarpWithoutUnwarpRequirementIsHadAgainAtTheNextWakeUp) {
  Bench bench{"bvt"};
  const VcpuId warper = bench.add({.weight = 1, .warp = 100ms, .warp_limit = 1ms});
  const VcpuId hog = bench.add_hog({.weight = 1});
  for (const Time at : {Time{10ms}, Time{50ms}}) {
    bench.run_until(at);
    ASSERT_EQ(bench.running(), hog);
    bench.wake(warper);
    EXPECT_EQ(bench.last().slice, 105ms);
    bench.run_for(2ms);
    bench.block(warper);
  }
}

/// The virtual times of all vCPUs, exactly: in ps divided by a multiple of every weight.
class VirtualTimes {
 public:
  using Integer = boost::multiprecision::cpp_int;

  VirtualTimes(const Bench& bench, const std::vector<SchedulingShare>& shares)
      : bench_(bench), shares_(shares) {
    for (const SchedulingShare& share : shares) scale_ = boost::multiprecision::lcm(scale_, share.weight);
    accounts_.resize(shares.size());
    update();
  }

  /// To be called before and after all that happens.
  void update() {
    Integer least = -1;
    for (std::uint32_t i = 0; i < accounts_.size(); ++i) {
      const Time service = bench_.service(VcpuId{i});
      accounts_[i].avt += scale_ / shares_[i].weight * (service - accounts_[i].seen).count();
      accounts_[i].seen = service;
      if (accounts_[i].runnable && (least < 0 || accounts_[i].avt < least)) least = accounts_[i].avt;
    }
    svt_ = std::max(svt_, least);
    for (std::uint32_t i = 0; i < accounts_.size(); ++i) {
      const bool runnable = bench_.runnable(VcpuId{i});
      const Integer svt_in_whole_ps = svt_ / scale_ * scale_;
      if (runnable && !accounts_[i].runnable) {
        accounts_[i].avt = std::max(accounts_[i].avt, svt_in_whole_ps);
      }
      accounts_[i].runnable = runnable;
    }
  }

  /// Whether A_i <= A_j + C/w_i + W_i (warp/w_i) for all runnable i, j, and 1 ps because SVT is in whole
  /// ones.
  [[nodiscard]] bool lead_bounded() const {
    for (std::size_t i = 0; i < accounts_.size(); ++i) {
      const Integer lead = scale_ / shares_[i].weight * (allowance + shares_[i].warp).count() + scale_;
      for (std::size_t j = 0; j < accounts_.size(); ++j) {
        if (!accounts_[i].runnable || !accounts_[j].runnable) continue;
        if (accounts_[i].avt > accounts_[j].avt + lead) return false;
      }
    }
    return true;
  }

 private:
  struct Account {
    Integer avt = 0;
    Time seen{};
    bool runnable = false;
  };
  const Bench& bench_;
  std::vector<SchedulingShare> shares_;
  Integer scale_ = 1, svt_ = 0;
  std::vector<Account> accounts_;
};

/// Duda & Cheriton: while i runs, E_i <= E_j + C/w_i for every runnable j; so at any time a runnable
/// vCPU's A leads no other's by more than C/w_i + W_i, given that waking ones are brought up to SVT.
void lead_stays_bounded(bool with_warp) {
  const auto shares =
      *rc::gen::nonEmpty(rc::gen::container<std::vector<SchedulingShare>>(any_share(with_warp)));
  Bench bench{"bvt"};
  for (const SchedulingShare& share : shares) bench.add(share);
  VirtualTimes times(bench, shares);
  bool bounded = true;
  bench.after_step = [&] {
    times.update();
    bounded = bounded && times.lead_bounded();
  };
  for (const Operation& operation : *any_history(ordinary_operations)) {
    perform(bench, operation);
    times.update();
    RC_ASSERT(bounded);
    RC_ASSERT(bench.violation() == "");
  }
}

TEST(Bvt, NoRunnableVcpuLeadsAnotherByMoreThanItsAllowanceWhateverSleepsAndWakes) {
  EXPECT_TRUE(rc::check([] { lead_stays_bounded(false); }));
}

TEST(Bvt, WarpingAddsAtMostTheWarpToTheLead) {
  EXPECT_TRUE(rc::check([] { lead_stays_bounded(true); }));
}

/// From the same bound: A_i - A_j <= C/w_i + 1 ps, multiplied by both weights.
TEST(Bvt, HogsShareTheProcessorInProportionToTheirWeights) {
  EXPECT_TRUE(rc::check([] {
    const auto weights = *rc::gen::nonEmpty(
        rc::gen::container<std::vector<std::int64_t>>(rc::gen::inRange<std::int64_t>(1, 101)));
    Bench bench{"bvt"};
    for (const std::int64_t weight : weights) bench.add_hog({.weight = weight});
    bench.run_for(Time{*rc::gen::inRange<std::int64_t>(1, Time{20s}.count())});
    for (std::uint32_t i = 0; i < weights.size(); ++i) {
      for (std::uint32_t j = 0; j < weights.size(); ++j) {
        const Time lead = bench.service(VcpuId{i}) * weights[j] - bench.service(VcpuId{j}) * weights[i];
        RC_ASSERT(lead <= (allowance + Time{weights[i]}) * weights[j]);
      }
    }
  }));
}

/// Weights that divide nothing evenly: remainders are carried, so that turns without number lose nothing.
TEST(Bvt, VirtualTimeDoesNotDrift) {
  Bench bench{Json{{"name", "bvt"}, {"ctx_allow", "10 us"}}};
  const VcpuId a = bench.add_hog({.weight = 97}), b = bench.add_hog({.weight = 89});
  bench.run_for(30s);
  const Time lead = bench.service(a) * 89 - bench.service(b) * 97;
  EXPECT_LE(lead, (10us + Time{97}) * 89);
  EXPECT_GE(lead, -(10us + Time{89}) * 97);
  EXPECT_GT(bench.passes().size(), 100'000u);
}

}  // namespace
}  // namespace xensim::test
