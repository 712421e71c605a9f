#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "core/json.hpp"
#include "experiments/runner/cells.hpp"

namespace xensim {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

const Json compare = Json::parse(R"({
  "cell": "figure6/{platform}/{domains[0].count}", "metric": "throughput",
  "relative_to": {"domains[0].count": 1}, "unit": "x one instance"})");

CompareBlock block_of(const Json& json) {
  return read_compare_blocks({Json{{"compare", json}}, nullptr}).at(0);
}

/// Platforms linux and xen, 1 and 4 domains, subsets gzip and mcf, three replications. One instance yields
/// `speed` = 1 (gzip) or 10 (mcf) times a replication's luck; four yield `gain` times as much.
class CellsTest : public testing::Test {
 protected:
  CellsTest() {
    for (const char* platform : {"linux", "xen"}) {
      for (const char* count : {"1", "4"}) {
        for (const char* subset : {"gzip", "mcf"}) {
          for (int replication = 0; replication < 3; ++replication) add(platform, count, subset, replication);
        }
      }
    }
  }
  void add(const std::string& platform, const std::string& count, const std::string& subset,
           int replication) {
    const double speed = (subset == "gzip" ? 1.0 : 10.0) * (1 + replication);
    const double gain = count == "1" ? 1 : platform == "linux" ? 2 : subset == "gzip" ? 1.5 : 1.9;
    runs.push_back({.index = runs.size(),
                    .point = {{"platform", platform}, {"domains[0].count", count}, {"subset", subset}},
                    .replication = replication,
                    .experiment = {}});
    results.push_back({.metrics = {{"events", "", 0}, {"throughput", "1/s", speed * gain}}, .series = {}});
  }
  std::vector<Cell> cells(const Json& json, const std::set<std::string, std::less<>>& calibrated = {}) {
    return form_cells(block_of(json), runs, results, published, calibrated);
  }

  const PublishedValues published{{"figure6/linux/4", {2, "x one instance", ""}}};
  std::vector<xensim::Run> runs;
  std::vector<RunResult> results;
};

TEST_F(CellsTest, come_in_the_order_of_the_sweep) {
  std::vector<std::string> ids;
  for (const Cell& cell : cells(compare)) ids.push_back(cell.id);
  EXPECT_THAT(ids,
              testing::ElementsAre("figure6/linux/1", "figure6/linux/4", "figure6/xen/1", "figure6/xen/4"));
}

TEST_F(CellsTest, are_ratios_to_the_base_run_of_the_same_subset_and_replication) {
  const std::vector<Cell> all = cells(compare);
  EXPECT_EQ(all[0].simulated.mean, 1);
  EXPECT_EQ(all[0].simulated.high, 1);
  EXPECT_TRUE(all[0].by_definition);
  EXPECT_FALSE(all[1].by_definition);
  // Subsets and replications differ in speed by a factor of 30, but not in gain.
  EXPECT_EQ(all[1].simulated.mean, 2);
  EXPECT_EQ(all[1].simulated.low, 2);
  EXPECT_EQ(all[1].simulated.high, 2);
}

TEST_F(CellsTest, may_be_changes_in_percent_of_runs_at_one_point_only) {
  Json block = compare;
  block["at"] = Json::parse(R"({"platform": "xen", "domains[0].count": 4})");
  block["change"] = true;
  const std::vector<Cell> all = cells(block);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].id, "figure6/xen/4");
  EXPECT_DOUBLE_EQ(all[0].simulated.mean, 70);
  EXPECT_FALSE(all[0].by_definition);
}

TEST_F(CellsTest, cannot_change_without_a_base) {
  Json block = compare;
  block.erase("relative_to");
  block["change"] = true;
  EXPECT_THAT([&] { cells(block); }, ThrowsMessage<InputError>(HasSubstr("what the change is relative to")));
}

TEST_F(CellsTest, have_an_interval_that_carries_the_spread_between_subsets) {
  const Estimate expected = estimate(std::vector{1.5, 1.9});
  const Estimate simulated = cells(compare)[3].simulated;
  EXPECT_DOUBLE_EQ(simulated.mean, 1.7);
  EXPECT_NEAR(simulated.low, expected.low, 1e-9);
  EXPECT_NEAR(simulated.high, expected.high, 1e-9);
}

TEST_F(CellsTest, carry_published_value_and_role) {
  const std::vector<Cell> all = cells(compare);
  EXPECT_EQ(all[1].published, 2);
  EXPECT_EQ(all[1].role, "predicted");
  EXPECT_EQ(all[1].unit, "x one instance");
  EXPECT_EQ(all[3].role, "unpublished");
}

TEST_F(CellsTest, that_a_constant_rests_on_are_calibrated_if_they_were_published) {
  const std::vector<Cell> all = cells(compare, {"figure6/linux/4", "figure6/xen/4"});
  EXPECT_EQ(all[1].role, "calibrated");
  EXPECT_EQ(all[3].role, "unpublished");
}

TEST_F(CellsTest, without_a_base_are_plain_means) {
  Json plain = compare;
  plain.erase("relative_to");
  // (1 + 10) / 2 times the mean luck of 2.
  EXPECT_DOUBLE_EQ(cells(plain)[0].simulated.mean, 11);
  EXPECT_FALSE(cells(plain)[0].by_definition);
}

TEST_F(CellsTest, are_medians_of_the_replications_if_the_file_says_so) {
  results[2].metrics[1].value = 1000;  // linux, one instance of gzip, third replication
  Json plain = compare;
  plain.erase("relative_to");
  plain["cell"] = "x/{platform}/{domains[0].count}/{subset}";
  plain["statistic"] = "median";
  EXPECT_DOUBLE_EQ(cells(plain).front().simulated.mean, 2);
  plain["statistic"] = "mode";
  EXPECT_THROW(block_of(plain), InputError);
}

TEST_F(CellsTest, add_up_the_metrics_that_a_star_stands_for) {
  for (RunResult& result : results) {
    result.metrics.push_back({"first/rate", "1/s", 3});
    result.metrics.push_back({"second/rate", "1/s", 4});
    result.metrics.push_back({"second/0/rate", "1/s", 100});
  }
  const std::vector<Cell> found = cells({{"cell", "x/{platform}"}, {"metric", "*/rate"}, {"unit", "1/s"}});
  EXPECT_DOUBLE_EQ(found.front().simulated.mean, 7);
}

TEST_F(CellsTest, name_what_the_runs_do_not_have_and_what_is_near) {
  Json wrong = compare;
  wrong["cell"] = "figure6/{platfrom}";
  EXPECT_THAT([&] { (void)cells(wrong); },
              ThrowsMessage<InputError>(HasSubstr("did you mean \"platform\"?")));
  wrong = compare;
  wrong["metric"] = "troughput";
  EXPECT_THAT([&] { (void)cells(wrong); },
              ThrowsMessage<InputError>(HasSubstr("did you mean \"throughput\"?")));
  wrong = compare;
  wrong["relative_to"] = {{"domains[0].count", 3}};
  EXPECT_THAT([&] { (void)cells(wrong); }, ThrowsMessage<InputError>(HasSubstr("no run at this point")));
  wrong["relative_to"] = {{"domains[1].count", 1}};
  EXPECT_THAT([&] { (void)cells(wrong); }, ThrowsMessage<InputError>(HasSubstr("is not swept")));
}

TEST(CompareBlocks, may_be_absent_one_or_several) {
  EXPECT_TRUE(read_compare_blocks({Json::object(), nullptr}).empty());
  EXPECT_EQ(read_compare_blocks({Json{{"compare", compare}}, nullptr}).size(), 1U);
  EXPECT_EQ(read_compare_blocks({Json{{"compare", Json::array({compare, compare})}}, nullptr}).size(), 2U);
}

TEST(CompareBlocks, refuse_unknown_members_and_to_state_a_role_of_their_own) {
  Json wrong = compare;
  wrong["rolle"] = 1;
  EXPECT_THAT([&] { (void)block_of(wrong); }, ThrowsMessage<InputError>(HasSubstr("rolle")));
  wrong = compare;
  wrong["role"] = "calibrated";
  EXPECT_THAT([&] { (void)block_of(wrong); }, ThrowsMessage<InputError>(HasSubstr("role")));
}

}  // namespace
}  // namespace xensim
