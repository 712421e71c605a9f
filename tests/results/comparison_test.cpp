#include "results/comparison.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/json.hpp"
#include "results/atomic_file.hpp"
#include "results/compare_directories.hpp"
#include "results/recorder.hpp"
#include "tests/project_folder.hpp"
#include "tests/results/temporary_directory.hpp"

namespace xensim {
namespace {

using testing::HasSubstr;

const PublishedValues published{
    {"t/a", {100, "us", "Table"}}, {"t/b", {50, "us", "Table"}}, {"t/c", {-4, "%", "Text"}}};

std::vector<Cell> cells() {
  return {make_cell("t/a", "us", {101, 100, 102}, "calibrated", published),
          make_cell("t/b", "us", {45, 44, 46}, "predicted", published),
          make_cell("t/c", "%", {-5, NAN, NAN}, "predicted", published),
          make_cell("t/d", "us", {7, 6, 8}, "predicted", published)};
}

TEST(Comparison, errors_are_relative_to_the_size_of_the_published_value_or_points_if_that_is_a_percentage) {
  EXPECT_DOUBLE_EQ(*cells()[0].error_percent(), 1);
  EXPECT_DOUBLE_EQ(*cells()[1].error_percent(), -10);
  EXPECT_DOUBLE_EQ(*cells()[2].error_percent(), -1);
}

TEST(Comparison, a_cell_without_published_value_is_unpublished_and_has_no_error) {
  EXPECT_EQ(cells()[3].role, "unpublished");
  EXPECT_FALSE(cells()[3].error_percent().has_value());
}

TEST(Comparison, the_file_has_the_agreed_form) {
  const std::vector<ExperimentComparison> experiments{{"t", 1.5, 20, 300, cells()}};
  const Json json = comparison_json("0.1.0", 7, experiments);
  EXPECT_EQ(json["xensim"], "0.1.0");
  EXPECT_EQ(json["seed"], 7);
  const Json& experiment = json["experiments"][0];
  EXPECT_EQ(experiment["name"], "t");
  EXPECT_EQ(experiment["wall_s"], 1.5);
  EXPECT_EQ(experiment["simulated_s"], 20.0);
  EXPECT_EQ(experiment["events"], 300);
  EXPECT_EQ(experiment["cells"][0].dump(),
            R"({"id":"t/a","unit":"us","published":100,"simulated":101,"ci95":[100,102],)"
            R"("role":"calibrated","error_pct":1})");
  EXPECT_TRUE(experiment["cells"][2]["ci95"].is_null()) << "one sample: the interval is not known";
  EXPECT_TRUE(experiment["cells"][3]["published"].is_null());
  EXPECT_TRUE(experiment["cells"][3]["error_pct"].is_null());
}

TEST(Comparison, the_table_never_averages_fitted_with_predicted_cells) {
  const std::string table = comparison_table(cells());
  EXPECT_THAT(table, HasSubstr("calibrated: 1 cells, mean error 1.00 %, worst +1.00 % (t/a)"));
  EXPECT_THAT(table, HasSubstr("predicted: 1 cells, mean error 10.00 %, worst -10.00 % (t/b)"));
  EXPECT_THAT(table, HasSubstr("predicted: 1 cells, mean error 1.00 points, worst -1.00 points (t/c)"));
}

TEST(Comparison, what_is_right_by_definition_does_not_lower_the_mean_error) {
  std::vector<Cell> all = cells();
  all[0].by_definition = true;
  EXPECT_THAT(comparison_table(all), testing::Not(HasSubstr("calibrated: ")));
}

TEST(Comparison, the_csv_leaves_unknown_values_empty) {
  EXPECT_THAT(comparison_csv(cells()), HasSubstr("t/c,%,predicted,-4,-5,,,-1,0\n"));
  EXPECT_THAT(comparison_csv(cells()), HasSubstr("t/d,us,unpublished,,7,6,8,,0\n"));
}

TEST(Comparison, the_csv_says_what_is_right_by_definition) {
  std::vector<Cell> all = cells();
  all[0].by_definition = true;
  EXPECT_THAT(comparison_csv(all), HasSubstr("t/a,us,calibrated,100,101,100,102,1,1\n"));
}

TEST(PublishedValuesFile, has_every_cell_of_the_evaluation) {
  const PublishedValues values = read_published(project_folder() / "results/published/sosp03.json");
  const auto count = [&](std::string_view start) {
    return std::count_if(values.begin(), values.end(),
                         [&](const auto& entry) { return entry.first.starts_with(start); });
  };
  EXPECT_EQ(count("figure3/"), 24);
  EXPECT_EQ(count("figure4/"), 10);
  EXPECT_EQ(count("figure5/"), 10);
  EXPECT_EQ(count("figure6/"), 27);
  EXPECT_EQ(count("table3/"), 50);
  EXPECT_EQ(count("table4/"), 35);
  EXPECT_EQ(count("table5/"), 35);
  EXPECT_EQ(count("table6/"), 16);
  EXPECT_EQ(values.at("figure6/xen_5ms/128").value, 1.85);
  EXPECT_EQ(values.at("figure6/xen_5ms/128").source, "Barham et al., SOSP 2003, Figure 6");
  EXPECT_EQ(values.at("table4/Xen/16p_64K").value, 39.4);
  EXPECT_EQ(values.at("responsiveness/busy/mean_ms").value, 147);
}

TEST(PublishedValuesFile, with_another_form_is_bad_input) {
  const TemporaryDirectory directory;
  write_file(directory.path() / "p.json", R"({"t/a": 3})");
  EXPECT_THROW((void)read_published(directory.path() / "p.json"), InputError);
  EXPECT_THROW((void)read_published(directory.path() / "absent.json"), InputError);
}

class CompareDirectoriesTest : public testing::Test {
 protected:
  std::filesystem::path record(const std::string& name, const std::vector<double>& replications) {
    Provenance provenance{.version = "1", .configuration = Json(1), .seed = 1, .runs = {}};
    std::vector<RunResult> results;
    for (const double value : replications) {
      provenance.runs.push_back({{{"n", "8"}}, static_cast<std::int64_t>(results.size())});
      results.push_back({.metrics = {{"throughput", "1/s", value}, {"constant", "s", 3}}, .series = {}});
    }
    Recorder(directory.path() / name, provenance, false).finish(results);
    return directory.path() / name;
  }
  const TemporaryDirectory directory;
  bool equal = false;
};

TEST_F(CompareDirectoriesTest, the_same_values_are_equal) {
  const auto a = record("a", {1, 2}), b = record("b", {1, 2});
  EXPECT_EQ(compare_results(a, b, equal), "2 metrics the same, 0 different, 0 in one directory only\n");
  EXPECT_TRUE(equal);
}

TEST_F(CompareDirectoriesTest, shows_means_difference_and_overlap_of_what_differs) {
  const auto a = record("a", {1, 2, 3}), b = record("b", {2, 2, 5});
  EXPECT_THAT(compare_results(a, b, equal),
              HasSubstr("throughput [n=8]: 2 -> 3 1/s, +1 (+50 %), intervals overlap\n"
                        "1 metrics the same, 1 different"));
  EXPECT_FALSE(equal);
  EXPECT_THAT(compare_results(a, record("c", {102, 103, 104}), equal), HasSubstr("intervals do not overlap"));
}

TEST_F(CompareDirectoriesTest, sees_what_differs_in_series_and_cells) {
  const auto a = record("a", {1}), b = record("b", {1});
  for (const auto& place : {a, b}) {
    std::filesystem::create_directories(place / "series");
    write_file(place / "series" / "load.csv", "run,time_s,value\n0,1,5\n0,2,6\n");
    write_file(place / "cells.csv", "id,value\nx,1\n");
  }
  EXPECT_THAT(compare_results(a, b, equal), HasSubstr("2 tables of series and cells the same, 0 different"));
  EXPECT_TRUE(equal);
  write_file(b / "series" / "load.csv", "run,time_s,value\n0,1,5\n0,2,7\n");
  EXPECT_THAT(compare_results(a, b, equal),
              HasSubstr("series/load.csv: 1 of 3 lines differ, first line 3: 0,2,6 -> 0,2,7"));
  EXPECT_FALSE(equal);
  write_file(b / "series" / "load.csv", *read_file(a / "series" / "load.csv"));
  write_file(b / "cells.csv", "id,value\nx,1\ny,2\n");
  EXPECT_THAT(compare_results(a, b, equal),
              HasSubstr("cells.csv: 1 of 3 lines differ, first line 3: nothing"));
  EXPECT_FALSE(equal);
  std::filesystem::remove(b / "cells.csv");
  EXPECT_THAT(compare_results(a, b, equal), HasSubstr("cells.csv: only in " + a.string()));
  EXPECT_FALSE(equal);
}

TEST_F(CompareDirectoriesTest, goes_into_directories_of_experiments) {
  record("a/one", {1});
  record("b/one", {1});
  record("a/two", {1});
  const auto a = directory.path() / "a", b = directory.path() / "b";
  EXPECT_THAT(compare_results(a, b, equal), HasSubstr("two: only in " + a.string()));
  EXPECT_FALSE(equal);
  record("b/two", {1});
  EXPECT_THAT(compare_results(a, b, equal), HasSubstr("two:\n2 metrics the same"));
  EXPECT_TRUE(equal);
  record("b/two", {2});
  (void)compare_results(a, b, equal);
  EXPECT_FALSE(equal);
}

TEST_F(CompareDirectoriesTest, names_what_only_one_side_has) {
  const auto a = record("a", {1}), b = record("b", {1});
  std::string text = *read_file(b / "metrics.csv");
  text.replace(text.find("constant"), 8, "extra");
  write_file(b / "metrics.csv", text);
  EXPECT_THAT(compare_results(a, b, equal), HasSubstr("constant [n=8]: only in " + a.string()));
  EXPECT_THAT(compare_results(a, b, equal), HasSubstr("extra [n=8]: only in " + b.string()));
  EXPECT_FALSE(equal);
}

TEST_F(CompareDirectoriesTest, refuses_a_directory_that_is_not_complete) {
  const auto a = record("a", {1});
  EXPECT_THROW((void)compare_results(a, directory.path(), equal), InputError);
}

TEST_F(CompareDirectoriesTest, refuses_what_is_no_directory_or_damaged) {
  const auto a = record("a", {1}), b = record("b", {1});
  EXPECT_THAT([&] { (void)compare_results(a, b / "metrics.csv", equal); },
              testing::ThrowsMessage<InputError>(HasSubstr("found a file; expected a results directory")));
  write_file(b / "run.json", "{");
  EXPECT_THAT([&] { (void)compare_results(a, b, equal); },
              testing::ThrowsMessage<InputError>(HasSubstr("run.json: found no JSON object")));
}

}  // namespace
}  // namespace xensim
