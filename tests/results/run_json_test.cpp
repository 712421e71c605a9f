#include "results/run_json.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <bit>
#include <cmath>
#include <limits>

namespace xensim {
namespace {

RunResult with_metric(std::string name, double value) {
  RunResult result;
  result.metrics.push_back({std::move(name), "s", value});
  return result;
}

TEST(RunJson, reads_back_every_finite_number_to_the_last_bit) {
  EXPECT_TRUE(rc::check([](std::uint64_t bits, std::uint64_t events, std::int64_t at) {
    const auto value = std::bit_cast<double>(bits);
    RC_PRE(std::isfinite(value));
    RunResult result = with_metric("host0/x", value);
    result.events = events;
    result.simulated_s = value;
    result.series.push_back({"load", "s/s", {{Time{at}, value}}});
    const auto read = from_json(to_json(result));
    RC_ASSERT(read.has_value());
    RC_ASSERT(std::bit_cast<std::uint64_t>(read->metrics.at(0).value) == bits);
    RC_ASSERT(std::bit_cast<std::uint64_t>(read->simulated_s) == bits);
    RC_ASSERT(read->events == events);
    RC_ASSERT(read->series.at(0).name == "load");
    RC_ASSERT(read->series.at(0).samples.at(0).at == Time{at});
    RC_ASSERT(std::bit_cast<std::uint64_t>(read->series.at(0).samples.at(0).value) == bits);
  }));
}

TEST(RunJson, keeps_numbers_that_json_lacks) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(from_json(to_json(with_metric("x", infinity)))->metrics.at(0).value, infinity);
  EXPECT_EQ(from_json(to_json(with_metric("x", -infinity)))->metrics.at(0).value, -infinity);
  EXPECT_TRUE(std::isnan(from_json(to_json(with_metric("x", std::nan(""))))->metrics.at(0).value));
}

TEST(RunJson, keeps_names_with_quotes_and_line_breaks) {
  EXPECT_EQ(from_json(to_json(with_metric("a \"b\"\n\\c", 1)))->metrics.at(0).name, "a \"b\"\n\\c");
}

TEST(RunJson, refuses_a_file_that_is_cut_off) {
  const std::string text = to_json(with_metric("x", 1));
  EXPECT_FALSE(from_json(text.substr(0, text.size() / 2)).has_value());
  EXPECT_FALSE(from_json("").has_value());
  EXPECT_FALSE(from_json("{}").has_value());
  EXPECT_FALSE(from_json("[1, 2]").has_value());
}

}  // namespace
}  // namespace xensim
