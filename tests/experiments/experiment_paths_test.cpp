#include <gmock/gmock.h>
#include <rapidcheck.h>

#include "core/json.hpp"
#include "experiments/runner/experiment.hpp"
#include "tests/complaint.hpp"

namespace xensim {
namespace {

using testing::AllOf;
using testing::HasSubstr;

Json document() {
  return Json::parse(R"({"name": "test", "machine": "dell2650", "platform": "xen",
                         "domains": [{"name": "hog", "workload": "cpu_hog"}]})");
}

Json after(std::string_view path, Json value) {
  Json changed = document();
  set_path(changed, path, std::move(value));
  return changed;
}

std::string complaint(std::string_view path) {
  return complaint_of([&] { (void)after(path, 1); });
}

TEST(SettingAPath, ReplacesAndAddsWhatTheFormatKnows) {
  EXPECT_EQ(after("domains[0].count", 4)["domains"][0]["count"], 4);
  EXPECT_EQ(after("domains[0].name", "x")["domains"][0]["name"], "x");
  EXPECT_EQ(after("measure.duration", "5 s")["measure"], (Json{{"duration", "5 s"}}));
  EXPECT_EQ(after("seed", 3)["seed"], 3);
}

TEST(SettingAPath, TurnsANameOnTheWayIntoTheObjectItStandsFor) {
  EXPECT_EQ(after("machine.l2", "1 MiB")["machine"], (Json{{"base", "dell2650"}, {"l2", "1 MiB"}}));
  EXPECT_EQ(after("domains[0].workload.processes", 2)["domains"][0]["workload"],
            (Json{{"name", "cpu_hog"}, {"processes", 2}}));
  EXPECT_EQ(after("platform.scheduler", "round-robin")["platform"],
            (Json{{"name", "xen"}, {"scheduler", "round-robin"}}));
  Json changed = after("platform.scheduler", "round-robin");
  set_path(changed, "platform.scheduler.slice", "1 ms");
  EXPECT_EQ(changed["platform"]["scheduler"], (Json{{"name", "round-robin"}, {"slice", "1 ms"}}));
}

TEST(SettingAPath, TakesTheNameOfAConstantWhole) {
  EXPECT_EQ(after("constants.processor.l2_latency", 20)["constants"], (Json{{"processor.l2_latency", 20}}));
}

TEST(SettingAPath, NamesTheNearestPathForAnUnknownOne) {
  EXPECT_THAT(complaint("domains[0].cuont"), HasSubstr("did you mean \"domains[0].count\"?"));
  EXPECT_THAT(complaint("measure.durration"), HasSubstr("did you mean \"measure.duration\"?"));
  EXPECT_THAT(complaint("platform.scheduler.ctx_alow"), HasSubstr("platform.scheduler"));
  EXPECT_THAT(complaint("platform.tik"), HasSubstr("did you mean \"platform.tick\"?"));
}

TEST(SettingAPath, RefusesWhatIsNotThere) {
  EXPECT_THAT(complaint("domains[1].count"), AllOf(HasSubstr("index 1"), HasSubstr("an index from 0 to 0")));
  EXPECT_THAT(complaint("domains.count"), HasSubstr("an object"));
  EXPECT_THAT(complaint("name.x"), HasSubstr("an object"));
  EXPECT_THAT(complaint("seed[0]"), HasSubstr("an array"));
}

TEST(SettingAPath, RefusesWhatIsNoPath) {
  for (const char* path : {"", ".", "domains[", "domains[x]", "domains[0]count", "measure.", "measure..x",
                           "domains[99999999999999999999]", "domains[-1]", "[0]"}) {
    EXPECT_THROW((void)after(path, 1), InputError) << path;
  }
}

TEST(SettingAPath, NeverCrashes) {
  EXPECT_TRUE(rc::check("any text is a path or an InputError", [](const std::string& path) {
    try {
      (void)after(path, 1);
    } catch (const InputError&) {
      RC_TAG("refused");
    }
  }));
}

}  // namespace
}  // namespace xensim
