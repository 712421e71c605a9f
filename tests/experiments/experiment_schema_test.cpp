#include <gmock/gmock.h>

#include "core/json.hpp"
#include "core/json_source.hpp"
#include "experiments/runner/experiment.hpp"
#include "tests/project_folder.hpp"

namespace xensim {
namespace {

const std::filesystem::path experiments = project_folder() / "experiments";

TEST(ExperimentSchema, IsTheCommittedOne) {
  // After a change of parameters: xensim schema > experiments/experiment.schema.json
  const Json committed = read_json(experiments / "experiment.schema.json").value;
  EXPECT_TRUE(committed == experiment_schema()) << Json::diff(committed, experiment_schema()).dump(2);
}

TEST(ExperimentSchema, RefusesUnknownKeysAtEveryLevelThatHasFixedOnes) {
  std::function<void(const Json&, const std::string&)> visit = [&](const Json& schema,
                                                                   const std::string& path) {
    if (schema.is_object() && schema.contains("properties")) {
      EXPECT_EQ(schema.value("additionalProperties", Json(true)), Json(false)) << path;
    }
    if (!schema.is_structured()) return;
    for (const auto& member : schema.items()) visit(member.value(), path + "/" + member.key());
  };
  visit(experiment_schema(), "");
}

TEST(ExperimentSchema, DescribesTheParametersOfASchedulerInsideAPlatform) {
  const std::string text = experiment_schema()["properties"]["platform"].dump();
  EXPECT_THAT(text, testing::HasSubstr("ctx_allow"));
  EXPECT_THAT(text, testing::HasSubstr("round-robin"));
}

}  // namespace
}  // namespace xensim
