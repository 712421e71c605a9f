#include "results/metrics_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <bit>
#include <cmath>

#include "core/error.hpp"
#include "results/atomic_file.hpp"
#include "tests/results/temporary_directory.hpp"

namespace xensim {
namespace {

using testing::HasSubstr;

const std::vector<RunLabel> labels{{{{"platform", "xen, 5 ms"}, {"domains[0].count", "2"}}, 0},
                                   {{{"platform", "linux"}, {"domains[0].count", "2"}}, 1}};

RunResult result_of(double value) {
  RunResult result;
  result.metrics.push_back({"throughput", "1/s", value});
  return result;
}

TEST(MetricsTable, is_tidy_one_row_per_run_and_metric) {
  const std::vector<RunResult> results{result_of(0.1), result_of(2)};
  EXPECT_EQ(metrics_csv(labels, results),
            "run,platform,domains[0].count,replication,metric,unit,value\n"
            "0,\"xen, 5 ms\",2,0,throughput,1/s,0.1\n"
            "1,linux,2,1,throughput,1/s,2\n");
}

TEST(MetricsTable, reads_back_what_it_wrote) {
  const TemporaryDirectory directory;
  EXPECT_TRUE(rc::check([&](std::uint64_t bits, const std::string& name) {
    const auto value = std::bit_cast<double>(bits);
    RC_PRE(!std::isnan(value));
    RC_PRE(name.find('\0') == std::string::npos);
    std::vector<RunResult> results{result_of(value), result_of(1)};
    results[0].metrics[0].name = name;
    write_file(directory.path() / "metrics.csv", metrics_csv(labels, results));
    const MetricsTable table = read_metrics(directory.path() / "metrics.csv");
    RC_ASSERT(table.results.size() == 2U);
    RC_ASSERT(table.results[0].metrics.at(0).name == name);
    RC_ASSERT(std::bit_cast<std::uint64_t>(table.results[0].metrics.at(0).value) == bits);
    RC_ASSERT(table.labels[0].point == labels[0].point);
    RC_ASSERT(table.labels[1].replication == 1);
  }));
}

TEST(MetricsTable, says_which_line_is_damaged) {
  const TemporaryDirectory directory;
  const auto file = directory.path() / "metrics.csv";
  for (const char* row : {"0,0,throughput\n", "0,0,throughput,1/s,fast\n", "-1,0,throughput,1/s,1\n",
                          "99999999999,0,throughput,1/s,1\n"}) {
    write_file(file, std::string("run,replication,metric,unit,value\n") + row);
    EXPECT_THAT([&] { (void)read_metrics(file); },
                testing::ThrowsMessage<InputError>(HasSubstr("metrics.csv:2")))
        << row;
  }
}

TEST(MetricsTable, refuses_a_file_with_other_columns) {
  const TemporaryDirectory directory;
  write_file(directory.path() / "metrics.csv", "a,b\n1,2\n");
  EXPECT_THROW((void)read_metrics(directory.path() / "metrics.csv"), InputError);
  EXPECT_THROW((void)read_metrics(directory.path() / "absent.csv"), InputError);
}

TEST(MetricsTable, series_carry_exact_times) {
  RunResult result;
  result.series.push_back({"queue", "requests", {{Time{1'500'000'000'001}, 3}, {2s, 0.25}}});
  EXPECT_EQ(series_csv("queue", std::vector{RunLabel{{{"n", "1"}}, 0}}, std::vector{result}),
            "run,n,replication,time_s,unit,value\n"
            "0,1,0,1.500000000001,requests,3\n"
            "0,1,0,2.000000000000,requests,0.25\n");
}

TEST(MetricsTable, series_names_become_file_names_that_cannot_leave_the_directory) {
  EXPECT_EQ(series_file_name("host0/cpu1/queue"), "host0.cpu1.queue.csv");
  EXPECT_EQ(series_file_name("../x y"), "%2E%2E.x%20y.csv");
}

}  // namespace
}  // namespace xensim
