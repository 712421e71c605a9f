#include "models/cpu/calibration.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/json.hpp"
#include "models/cpu/costs.hpp"
#include "tests/complaint.hpp"
#include "tests/models/testbed.hpp"

namespace xensim {
namespace {

using testing::HasSubstr;

Json one_constant(double value, double low, double high) {
  return {{"processor",
           {{"latency",
             {{"value", value},
              {"unit", "ns"},
              {"range", {low, high}},
              {"origin", "prior"},
              {"source", "test"}}}}}};
}

std::string message_of(const Json& document, const Json& overrides) {
  return complaint_of([&] { (void)Calibration(document).with(Config(overrides)); });
}

TEST(Calibration, GivesConstantsByName) {
  const Calibration calibration(one_constant(150, 125, 180));
  EXPECT_EQ(calibration.value("processor.latency"), 150);
  EXPECT_THROW((void)calibration.value("processor.latensy"), InputError);
}

TEST(Calibration, RefusesAConstantOutsideItsOwnRangeOrWithoutItsOrigin) {
  EXPECT_THAT(message_of(one_constant(200, 125, 180), Json::object()), HasSubstr("outside its range"));
  Json nameless = one_constant(150, 125, 180);
  nameless["processor"]["latency"].erase("origin");
  EXPECT_THAT(message_of(nameless, Json::object()), HasSubstr("no \"origin\""));
}

TEST(Calibration, KnowsThePublishedCellsThatItsConstantsRestOn) {
  Json document = one_constant(150, 125, 180);
  EXPECT_TRUE(Calibration(document).cells().empty());
  document["processor"]["latency"]["cells"] = {"table4/L-UP/2p_0K", "table3/L-UP/stat"};
  EXPECT_THAT(Calibration(document).cells(), testing::ElementsAre("table3/L-UP/stat", "table4/L-UP/2p_0K"));
  document["processor"]["latency"]["cells"] = "table3/L-UP/stat";
  EXPECT_THAT(message_of(document, Json::object()), HasSubstr("expected an array"));
}

TEST(Calibration, RefusesAnOverrideThatNoMachineCanHave) {
  for (const double value : {180'001.0, 1e300}) {
    EXPECT_THAT(message_of(one_constant(150, 125, 180), {{"processor.latency", value}}),
                HasSubstr("expected at most 180000 ns, 1000 times the end of its range"));
  }
  EXPECT_EQ(message_of(one_constant(150, 125, 180), {{"processor.latency", 180'000}}), "no error");
}

TEST(Calibration, OverridesOneAndSaysWhenItLeavesTheRange) {
  const Json inside = {{"processor.latency", 130}}, outside = {{"processor.latency", 300}};
  EXPECT_TRUE(Calibration(one_constant(150, 125, 180)).with(Config(inside)).out_of_range().empty());
  const Calibration far = Calibration(one_constant(150, 125, 180)).with(Config(outside));
  EXPECT_EQ(far.value("processor.latency"), 300);
  EXPECT_THAT(far.out_of_range(),
              testing::ElementsAre("processor.latency = 300 is outside its range, 125 to 180 ns"));
}

TEST(Calibration, NamesTheNearestConstant) {
  EXPECT_THAT(message_of(one_constant(150, 125, 180), {{"processor.latncy", 130}}),
              HasSubstr("did you mean \"processor.latency\"?"));
  EXPECT_THAT(message_of(one_constant(150, 125, 180), {{"processor.latency", -1}}),
              HasSubstr("a positive number"));
}

TEST(Calibration, OfTheTestbedHoldsEverythingThatTheModelsAskFor) {
  const Calibration calibration = testbed_calibration();
  const ProcessorCosts processor(calibration);
  const MonitorCosts monitor(calibration, processor);
  const GuestCosts guest(calibration, processor);
  EXPECT_EQ(processor.miss_price, Time{97'500}) << "150 ns, 65 % of it exposed";
  // The published bottom-up sum for a null hypercall is 900 to 1250 cycles.
  const Cycles null_hypercall = monitor.hypercall_entry + monitor.exit_tests + monitor.resume_guest;
  EXPECT_GE(null_hypercall.count, 900);
  EXPECT_LE(null_hypercall.count, 1250);
  // A native null call takes 0.45 us, 1080 cycles (SOSP'03, Table 3, L-UP).
  EXPECT_NEAR(static_cast<double>(guest.system_call.count), 1080, 0.03 * 1080);
}

}  // namespace
}  // namespace xensim
