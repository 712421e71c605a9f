#include "models/guest/kernel/kernel_timers.hpp"

#include <gtest/gtest.h>

namespace xensim {
namespace {

struct Noting final : KernelTimer {
  Noting(KernelTimers& timers, std::vector<int>& all, int its_name, std::uint64_t its_period = 0)
      : kernel(timers), log(all), name(its_name), period(its_period) {}
  void expired(unsigned /*vcpu*/) override {
    log.push_back(name);
    if (period > 0) kernel.set(*this, at += period);
  }
  KernelTimers& kernel;
  std::vector<int>& log;
  int name;
  std::uint64_t period, at = 0;
};

TEST(KernelTimersTest, RunWhenTheirTickHasCome) {
  KernelTimers timers;
  std::vector<int> log;
  Noting late(timers, log, 1), early(timers, log, 2), cleared(timers, log, 3);
  timers.set(late, 10);
  timers.set(early, 5);
  timers.set(cleared, 5);
  timers.clear(cleared);
  timers.run(0, 4);
  EXPECT_TRUE(log.empty());
  timers.run(0, 5);
  EXPECT_EQ(log, std::vector{2});
  EXPECT_FALSE(timers.is_set(early, 100));
  EXPECT_TRUE(timers.is_set(late, 10));
  EXPECT_FALSE(timers.is_set(late, 9)) << "not so early";
  timers.run(0, 50);
  EXPECT_EQ(log, (std::vector{2, 1}));
}

TEST(KernelTimersTest, ATimerMaySetItselfAgain) {
  KernelTimers timers;
  std::vector<int> log;
  Noting periodic(timers, log, 1, 10);
  timers.set(periodic, periodic.at = 10);
  timers.run(0, 35);
  EXPECT_EQ(log.size(), 3U);
}

}  // namespace
}  // namespace xensim
