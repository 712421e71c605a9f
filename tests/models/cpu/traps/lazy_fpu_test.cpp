#include "models/cpu/traps/lazy_fpu.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <array>
#include <vector>

namespace xensim {
namespace {

TEST(LazyFpuOfADomain, TrapsOnceATurn) {
  LazyFpu fpu;
  EXPECT_TRUE(fpu.traps());
  EXPECT_EQ(fpu.device_not_available().fill, FpuFill::initialised);
  EXPECT_FALSE(fpu.traps());
  EXPECT_TRUE(fpu.switch_out()) << "its registers are to be saved";
  EXPECT_TRUE(fpu.traps());
  EXPECT_EQ(fpu.device_not_available().fill, FpuFill::restored);
}

TEST(LazyFpuOfADomain, CostsNothingIfTheUnitIsNotUsed) {
  LazyFpu fpu;
  EXPECT_FALSE(fpu.switch_out());
  fpu.task_switch();
  EXPECT_FALSE(fpu.switch_out());
}

TEST(LazyFpuOfADomain, ForwardsTheFirstUseAfterATaskSwitchOfTheGuest) {
  LazyFpu fpu;
  (void)fpu.device_not_available();
  fpu.task_switch();
  ASSERT_TRUE(fpu.traps());
  const FpuTrap trap = fpu.device_not_available();
  EXPECT_TRUE(trap.forward);
  EXPECT_EQ(trap.fill, FpuFill::kept) << "the guest's kernel saves them, for its other process";
  EXPECT_FALSE(fpu.traps());
}

TEST(LazyFpuOfADomain, RemembersTheRequestOverADomainSwitch) {
  LazyFpu fpu;
  (void)fpu.device_not_available();
  fpu.task_switch();
  EXPECT_TRUE(fpu.switch_out());
  const FpuTrap trap = fpu.device_not_available();
  EXPECT_TRUE(trap.forward);
  EXPECT_EQ(trap.fill, FpuFill::restored);
}

/// Real registers in one unit and three domains' copies in memory: each domain must always find its own.
TEST(LazyFpuOfADomain, NeverShowsOneDomainTheRegistersOfAnother) {
  EXPECT_TRUE(rc::check([](const std::vector<std::uint32_t>& steps) {
    struct Domain {
      LazyFpu fpu;
      std::uint32_t saved = 0, expected = 0;
    };
    std::array<Domain, 3> domains;
    std::size_t running = 0;
    std::uint32_t unit = 0xbad;
    for (const std::uint32_t step : steps) {
      Domain& domain = domains[running];
      switch (step % 3) {
        case 0:
          if (domain.fpu.switch_out()) domain.saved = unit;
          running = step / 3 % domains.size();
          break;
        case 1:
          domain.fpu.task_switch();
          break;
        default:
          if (domain.fpu.traps()) {
            const FpuFill fill = domain.fpu.device_not_available().fill;
            if (fill == FpuFill::initialised) unit = 0;
            if (fill == FpuFill::restored) unit = domain.saved;
          }
          RC_ASSERT(unit == domain.expected);
          unit = domain.expected = step;
      }
    }
  }));
}

}  // namespace
}  // namespace xensim
