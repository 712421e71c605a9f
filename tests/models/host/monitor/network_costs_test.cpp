#include "models/host/monitor/network_costs.hpp"

#include <gtest/gtest.h>

#include "core/json.hpp"
#include "tests/models/testbed.hpp"

namespace xensim {
namespace {

class NetworkCostsTest : public ::testing::Test {
 protected:
  static NetworkCosts costs(const Calibration& constants) { return {constants, ProcessorCosts(constants)}; }
  static Cycles of(const NetworkCosts& costs, NetStep step, std::uint64_t times = 1) {
    WorkCount<NetStep> work;
    work.did(step, times);
    return costs.of(work);
  }
};

TEST_F(NetworkCostsTest, EveryStepHasAPriceButThoseThatOthersPayFor) {
  const NetworkCosts all = costs(testbed_calibration());
  for (std::size_t i = 0; i < WorkCount<NetStep>::steps; ++i) {
    const auto step = static_cast<NetStep>(i);
    if (step == NetStep::event || step == NetStep::remote_packet) continue;
    EXPECT_GT(of(all, step, 1000), Cycles{}) << net_step_names[i];
  }
  EXPECT_EQ(of(all, NetStep::event), Cycles{}) << "marking it is the monitor's";
}

TEST_F(NetworkCostsTest, WorkCostsTheSumOfItsSteps) {
  const NetworkCosts all = costs(testbed_calibration());
  WorkCount<NetStep> work;
  work.did(NetStep::tx_request, 3);
  work.did(NetStep::rule_tried, 12);
  const Cycles sum = of(all, NetStep::tx_request, 3) + of(all, NetStep::rule_tried, 12);
  EXPECT_LE(abs((all.of(work) - sum).count), 1) << "a remainder";
}

TEST_F(NetworkCostsTest, AByteCostsItsShareOfACopiedLine) {
  const Calibration constants = testbed_calibration();
  const auto line = static_cast<std::int64_t>(constants.value("kernel_paths.copy_line") + 0.5);
  EXPECT_NEAR(static_cast<double>(of(costs(constants), NetStep::byte_copied, 64).count),
              static_cast<double>(line), 1);
}

TEST_F(NetworkCostsTest, TheDriverInTheMonitorCostsWhatANativeOneDoes) {
  const Calibration constants = testbed_calibration();
  const double instructions = constants.value("kernel_paths.nic_receive");
  EXPECT_EQ(costs(constants).of(DriverStep::received), ProcessorCosts(constants).path(instructions));
  const Calibration longer = testbed_calibration({{"kernel_paths.nic_sent", 190}});
  EXPECT_GT(costs(longer).of(DriverStep::sent), costs(constants).of(DriverStep::sent));
}

TEST_F(NetworkCostsTest, ALongListOfRulesIsPaidRuleByRule) {
  const NetworkCosts all = costs(testbed_calibration());
  EXPECT_NEAR(static_cast<double>(of(all, NetStep::rule_tried, 200).count),
              200 * static_cast<double>(of(all, NetStep::rule_tried, 1).count), 200);
}

}  // namespace
}  // namespace xensim
