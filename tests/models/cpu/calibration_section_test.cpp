#include "models/cpu/calibration_section.hpp"

#include <gtest/gtest.h>

#include "core/error.hpp"
#include "core/json.hpp"
#include "tests/models/testbed.hpp"

namespace xensim {
namespace {

class CalibrationSectionTest : public testing::Test {
 protected:
  Calibration calibration = testbed_calibration();
  CalibrationSection network{calibration, "network."};
};

TEST_F(CalibrationSectionTest, ReadsTheConstantsWhoseNamesBeginAlike) {
  EXPECT_EQ(network.value("line_rate"), calibration.value("network.line_rate"));
  EXPECT_EQ(CalibrationSection(calibration, "network.line_").value("rate"), network.value("line_rate"));
}

TEST(CalibrationSectionOfOneConstant, GivesItInTheUnitThatTheFunctionIsNamedAfter) {
  const Calibration calibration = testbed_calibration({{"network.interrupt_latency", 0.5}});
  const CalibrationSection network(calibration, "network.");
  EXPECT_EQ(network.nanoseconds("interrupt_latency"), Time{500});
  EXPECT_EQ(network.microseconds("interrupt_latency"), 500ns);
  EXPECT_EQ(network.milliseconds("interrupt_latency"), 500us);
  EXPECT_EQ(network.seconds("interrupt_latency"), 500ms);
}

TEST(CalibrationSectionOfOneConstant, RoundsWhatIsWholeToTheNearest) {
  const Calibration calibration = testbed_calibration({{"network.transmit_ring", 511.6}});
  const CalibrationSection network(calibration, "network.");
  EXPECT_EQ(network.whole("transmit_ring"), 512U);
  EXPECT_EQ(network.cycles("transmit_ring"), Cycles{512});
}

TEST_F(CalibrationSectionTest, RefusesAConstantThatThereIsNot) {
  EXPECT_THROW((void)network.whole("line_ratte"), InputError);
}

}  // namespace
}  // namespace xensim
