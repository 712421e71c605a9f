// Constants with which nothing can be built are bad input, and said to be before anything runs.
#include <gmock/gmock.h>

#include "core/json.hpp"
#include "experiments/runner/experiment.hpp"
#include "tests/complaint.hpp"

namespace xensim {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string complaint_about(const Json& constants) {
  Json document = Json::parse(
      R"({"name": "test", "platform": "native", "domains": [{"name": "hog", "workload": "cpu_hog"}]})");
  document["constants"] = constants;
  return complaint_of([&] { (void)interpret(document); });
}

TEST(ConstantLimits, TheNetworkInterfaceHasADescriptorForEachBuffer) {
  EXPECT_THAT(complaint_about({{"network.receive_posted", 100000}}),
              AllOf(HasSubstr("$.constants.network.receive_posted: found 100000 buffers"),
                    HasSubstr("at most 512, for which network.receive_ring has descriptors")));
  EXPECT_THAT(complaint_about({{"network.receive_ring", 100}}),
              AllOf(HasSubstr("$.constants.network.receive_ring: found 100 descriptors"),
                    HasSubstr("at least 200, the buffers of network.receive_posted")));
  EXPECT_EQ(complaint_about({{"network.receive_posted", 1000}, {"network.receive_ring", 1000}}), "no error");
}

TEST(ConstantLimits, ThereIsAtLeastOneOfEveryPart) {
  for (const char* part :
       {"disk.heads", "disk.zones", "disk.read_segments", "disk.tags", "network.transmit_ring",
        "network.return_ring", "network.receive_posted", "control.batch"}) {
    EXPECT_THAT(complaint_about({{part, 0.1}}),
                AllOf(HasSubstr("$.constants." + std::string(part) + ": found 0.1; expected at least ")));
  }
  EXPECT_THAT(complaint_about({{"processor.trace_lines", 7}}), HasSubstr("at least 8")) << "one in each way";
  EXPECT_EQ(complaint_about({{"processor.trace_lines", 8}, {"disk.heads", 1}, {"disk.zones", 1}}),
            "no error");
}

TEST(ConstantLimits, CodeHasNoMoreLinesThanCanBeCounted) {
  EXPECT_THAT(complaint_about({{"guest.code_line", 1e-9}}), HasSubstr("expected at least 0.01"));
}

TEST(ConstantLimits, NothingTakesLongerThanSimulatedTime) {
  for (const char* rate : {"disk.rotation", "disk.interface_rate", "network.line_rate"}) {
    EXPECT_THAT(complaint_about({{rate, 1e-9}}), HasSubstr("expected at least")) << rate;
  }
}

TEST(ConstantLimits, ACostMayBeAsGoodAsNothing) {
  EXPECT_EQ(complaint_about({{"monitor_network.hypercall", 1e-9}, {"disk.overhead_hit", 1e-9}}), "no error");
}

}  // namespace
}  // namespace xensim
